import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import {
  endAtOnce,
  makeServerFolder,
  removeServerFolder,
  startServerProcess,
} from './server-processes.js';
import { freePort } from './servers.js';
import { onPath } from './tools.js';

export const HOW_TO_GET_REDIS =
  'set REDIS_URL, start Redis on 127.0.0.1:6379, or put redis-server on the PATH (Debian: apt-get install redis-server)';

/** For the tests that end a Redis and start it again. */
export const HOW_TO_START_REDIS =
  'put redis-server on the PATH (Debian: apt-get install redis-server)';

const REDIS_SERVER = onPath('redis-server');

/** Whether {@link OwnRedis} can be started here. */
export const canStartRedis = REDIS_SERVER;

/** A Redis that answers: the one named, the local one, or one started here. */
export interface FoundRedis {
  readonly url: string;
  close(): Promise<void>;
}

export async function findRedis(): Promise<FoundRedis | undefined> {
  for (const url of [process.env['REDIS_URL'], 'redis://127.0.0.1:6379']) {
    if (url && (await answers(url))) return { url, close: async () => {} };
  }
  return REDIS_SERVER ? OwnRedis.start() : undefined;
}

/** A name that no other test has. */
export function uniqueQueueName(): string {
  return `plutu-test-${randomUUID()}`;
}

/**
 * A name that no other test has. What is under it in that Redis is removed when
 * the test is over, also if it failed: call it before anything uses the queue.
 *
 * @param name default: a new one.
 */
export function ownQueueName(
  redis: { url: string } | undefined,
  name = uniqueQueueName(),
): string {
  onTestFinished(() => removeQueue(redis?.url ?? '', name));
  return name;
}

/** Every key of a queue, whatever its prefix. */
async function keysOfQueue(redis: Redis, name: string) {
  const keys: string[] = [];
  const pages = redis.scanStream({ match: `*:${name}*`, count: 1000 });
  for await (const page of pages) keys.push(...(page as string[]));
  return keys;
}

async function removeQueue(url: string, name: string): Promise<void> {
  const redis = new Redis(url);
  try {
    for (;;) {
      const keys = await keysOfQueue(redis, name);
      if (keys.length === 0) return;
      await redis.unlink(...keys);
    }
  } finally {
    redis.disconnect();
  }
}

/** Settings of a Redis, by name, such as `{ appendonly: 'yes' }`. */
export type RedisSettings = Readonly<Record<string, string>>;

/** Those that the README asks for. */
const DURABLE: RedisSettings = {
  save: '',
  appendonly: 'yes',
  'maxmemory-policy': 'noeviction',
};

/** A Redis of the test's own, set up as the README asks for, to be stopped. */
export class OwnRedis implements FoundRedis {
  readonly url: string;
  private server: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: RedisSettings,
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param settings beside, or instead of, those that the README asks for. */
  static async start(settings: RedisSettings = {}): Promise<OwnRedis> {
    const folder = await makeServerFolder('redis');
    const redis = new OwnRedis(await freePort(), folder, {
      ...DURABLE,
      ...settings,
    });
    try {
      await redis.start();
    } catch (error) {
      await redis.close();
      throw error;
    }
    return redis;
  }

  /** Starts it, also again, with what it had kept. */
  async start(): Promise<void> {
    this.server = startServerProcess(
      REDIS_SERVER ?? '',
      Object.entries({
        port: String(this.port),
        bind: '127.0.0.1',
        dir: this.folder,
        ...this.settings,
      }).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]),
    );
    for (let tries = 0; !(await answers(this.url)); tries++) {
      if (tries === 100) throw new Error('redis-server does not answer.');
      await sleep(50);
    }
  }

  /** Ends it at once, with no chance to tidy up. */
  async kill(): Promise<void> {
    if (this.server) await endAtOnce(this.server);
    this.server = undefined;
  }

  async close(): Promise<void> {
    await this.kill();
    await removeServerFolder(this.folder);
  }
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 500,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
