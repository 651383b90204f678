import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Entry, InstanceSettings } from '../instance/src/main.js';
import type { Payment } from './books.js';
import { endAtOnce } from './server-processes.js';
import { freePort } from './servers.js';
import { vectors } from './vectors.js';

/** One instance of a shop, in a process of its own, on a port that stays its. */
export class ForkedInstance {
  private child: ChildProcess | undefined;
  private isUp = false;

  /** @param main its file in `test/instance/dist/`. */
  constructor(
    private readonly main: string,
    private readonly settings: { readonly port: number },
  ) {
    onTestFinished(() => this.kill());
  }

  get isListening(): boolean {
    return this.isUp;
  }

  /** Starts it, also again, and resolves when it listens. */
  async start(): Promise<void> {
    const path = new URL(`../instance/dist/${this.main}`, import.meta.url);
    const child = fork(fileURLToPath(path), [JSON.stringify(this.settings)]);
    this.child = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error('An instance has ended before it listened.');
    });
    await Promise.race([once(child, 'message'), ended]);
    this.isUp = true;
    child.on('message', (message) => void this.hear(child, message));
  }

  /** Ends it at once, with no chance to finish anything. */
  async kill(): Promise<void> {
    this.isUp = false;
    if (this.child) await endAtOnce(this.child);
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

  /** What it says after the first word, that it listens. */
  protected async hear(
    _child: ChildProcess,
    _message: unknown,
  ): Promise<void> {}
}

type Settings = Pick<
  InstanceSettings,
  'redisUrl' | 'queueName' | 'acceptTimeout' | 'lockDuration'
>;

/** One whose event handler runs here, in this process. */
export class Instance extends ForkedInstance {
  private constructor(
    settings: InstanceSettings,
    private readonly handle: (payment: Payment) => Promise<void>,
  ) {
    super('main.js', settings);
  }

  /** @param handle what its event handler does. */
  static async start(
    settings: Settings,
    handle: (payment: Payment) => Promise<void>,
  ): Promise<Instance> {
    const instance = new Instance(
      { ...settings, secretKey: vectors.secretKey, port: await freePort() },
      handle,
    );
    await instance.start();
    return instance;
  }

  protected override async hear(
    child: ChildProcess,
    entry: Entry,
  ): Promise<void> {
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
