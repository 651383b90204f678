import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Entry, InstanceSettings } from '../instance/src/main.js';
import type { Payment } from './books.js';
import { freePort } from './servers.js';
import { vectors } from './vectors.js';

const MAIN = fileURLToPath(
  new URL('../instance/dist/main.js', import.meta.url),
);

type Settings = Pick<
  InstanceSettings,
  'redisUrl' | 'queueName' | 'acceptTimeout' | 'lockDuration'
>;

/** One instance of a shop, in a process of its own, on a port that stays its. */
export class Instance {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly settings: InstanceSettings,
    private readonly handle: (payment: Payment) => Promise<void>,
  ) {}

  /** @param handle what its event handler does, here in this process. */
  static async start(
    settings: Settings,
    handle: (payment: Payment) => Promise<void>,
  ): Promise<Instance> {
    const instance = new Instance(
      { ...settings, secretKey: vectors.secretKey, port: await freePort() },
      handle,
    );
    await instance.start();
    onTestFinished(() => instance.kill());
    return instance;
  }

  async start(): Promise<void> {
    const child = fork(MAIN, [JSON.stringify(this.settings)]);
    this.child = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error('An instance has ended before it listened.');
    });
    await Promise.race([once(child, 'message'), ended]);
    child.on('message', (entry: Entry) => void this.enter(child, entry));
  }

  /** Ends it at once, with no chance to finish anything. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** @returns the HTTP status, or `undefined` if there was no answer. */
  async call(query: string): Promise<number | undefined> {
    const url = `http://127.0.0.1:${this.settings.port}/plutu/mpgs/callback?${query}`;
    try {
      const response = await fetch(url);
      await response.text();
      return response.status;
    } catch {
      return undefined;
    }
  }

  private async enter(child: ChildProcess, entry: Entry): Promise<void> {
    let error: string | undefined;
    try {
      await this.handle(entry);
    } catch (failure) {
      error = String(failure);
    }
    // It may have been killed in between, and its answer with it.
    if (child.connected) child.send({ id: entry.id, error }, () => {});
  }
}

/** Runs a task for every item, so many at a time, in a random order. */
export async function forEachAtRandom<T>(
  items: readonly T[],
  atATime: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const shuffled = items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place);
  const runner = async (): Promise<void> => {
    for (let next = shuffled.pop(); next; next = shuffled.pop()) {
      await task(next.item);
    }
  };
  await Promise.all(Array.from({ length: atATime }, runner));
}
