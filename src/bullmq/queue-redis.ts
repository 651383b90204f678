import type { Queue, RedisClient } from 'bullmq';
import { inTime } from '../utils/in-time.js';

// What BullMQ does not offer for a queue's connection to Redis. BullMQ 5 and 6 keep
// the connection in two different places.

/** @throws {Error} if the connection was closed. */
export async function redisOf(queue: Queue): Promise<RedisClient> {
  const holder: object = 'getBackend' in queue ? queue.getBackend() : queue;
  const client: unknown = await Reflect.get(holder, 'client');
  if (!isRedisClient(client)) {
    throw new TypeError(`The queue ${queue.name} is not on Redis.`);
  }
  return client;
}

/** A script of ours that runs inside Redis, and what it returns. */
export class RedisScript<Reply> {
  private readonly preparedClients = new WeakSet<RedisClient>();

  constructor(
    /** Unique among the scripts, BullMQ's included. */
    private readonly name: string,
    private readonly definition: { numberOfKeys: number; lua: string },
  ) {}

  /**
   * @param args the keys, then the other arguments.
   * @throws what the Redis client throws.
   */
  async run(queue: Queue, args: (string | number)[]): Promise<Reply> {
    const client = await redisOf(queue);
    if (!this.preparedClients.has(client)) {
      client.defineCommand(this.name, this.definition);
      this.preparedClients.add(client);
    }
    const reply: Reply = await client.runCommand(this.name, args);
    return reply;
  }
}

/**
 * Writes a test key to the Redis of a queue: a Redis that answers but accepts no
 * writes, or is full, is not enough.
 *
 * @throws what the Redis client throws.
 */
export async function writeProbe(queue: Queue): Promise<void> {
  const client = await redisOf(queue);
  const key = queue.toKey('write-probe');
  await client.set(key, '1');
  await client.del(key);
}

/** Whether the Redis of a queue accepts a write within a second. */
export async function takesWrites(queue: Queue): Promise<boolean> {
  try {
    await inTime(writeProbe(queue), 1000, 'Redis did not answer.');
    return true;
  } catch {
    return false;
  }
}

/**
 * How the Redis of a queue may lose data. A managed Redis may refuse to tell its
 * settings; then nothing is reported about them.
 *
 * @returns one or two sentences for each, which anybody may see.
 * @throws what the Redis client throws if Redis cannot be asked at all.
 */
export async function storageWarnings(queue: Queue): Promise<string[]> {
  const client = await redisOf(queue);
  const info = await client.info();
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  const hasNoLog = /^aof_enabled:0/m.test(info);
  const warnings: string[] = [];
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(
      `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), which loses payments. Set "maxmemory-policy noeviction".`,
    );
  }
  if (hasNoLog && (await takesNoSnapshots(client))) {
    warnings.push(
      'Redis keeps nothing on disk, so a restart of Redis loses payments. Set "appendonly yes".',
    );
  }
  return warnings;
}

/** Ends a queue's connection to a Redis that does not answer. */
export async function abandon(queue: Queue): Promise<void> {
  const connection: unknown =
    'getBackend' in queue
      ? queue.getBackend()
      : Reflect.get(queue, 'connection');
  if (isClosable(connection)) await connection.close(true);
}

/** Asks what INFO does not tell. @returns `false` if Redis does not say. */
async function takesNoSnapshots(client: object): Promise<boolean> {
  // Not every client that BullMQ accepts has this command.
  if (!('config' in client) || typeof client.config !== 'function') {
    return false;
  }
  try {
    const reply: unknown = await client.config('GET', 'save');
    return Array.isArray(reply) && reply[1] === '';
  } catch {
    return false;
  }
}

function isRedisClient(client: unknown): client is RedisClient {
  return typeof client === 'object' && client !== null && 'set' in client;
}

interface Closable {
  close(force: boolean): Promise<void>;
}

function isClosable(connection: unknown): connection is Closable {
  return (
    typeof connection === 'object' &&
    connection !== null &&
    'close' in connection
  );
}
