import type { Queue } from 'bullmq';
import { inTime } from '../callbacks/in-time.js';

// What a queue of BullMQ does not offer of its connection to Redis, in the two
// places where BullMQ 5 and 6 keep it.

/**
 * Writes to the Redis of a queue, beside the queue: a Redis that only answers is
 * not enough, nor one that is full.
 *
 * @throws what the Redis client throws.
 */
export async function writeProbe(queue: Queue): Promise<void> {
  const holder: object = 'getBackend' in queue ? queue.getBackend() : queue;
  const client: unknown = await Reflect.get(holder, 'client');
  if (!isRedisClient(client)) {
    throw new TypeError(`The queue ${queue.name} is not on Redis.`);
  }
  const key = queue.toKey('write-probe');
  await client.set(key, '1');
  await client.del(key);
}

/** Whether the Redis of a queue takes a write within a second. */
export async function takesWrites(queue: Queue): Promise<boolean> {
  try {
    await inTime(writeProbe(queue), 1000, 'Redis did not answer.');
    return true;
  } catch {
    return false;
  }
}

/** Ends a queue's connection to a Redis that does not answer. */
export async function abandon(queue: Queue): Promise<void> {
  const connection: unknown =
    'getBackend' in queue
      ? queue.getBackend()
      : Reflect.get(queue, 'connection');
  if (isClosable(connection)) await connection.close(true);
}

interface RedisClient {
  set(key: string, value: string): Promise<unknown>;
  del(key: string): Promise<unknown>;
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
