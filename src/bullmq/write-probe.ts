import type { Queue } from 'bullmq';

/**
 * Writes to the Redis of a queue, beside the queue: a Redis that only answers is
 * not enough, nor one that is full.
 *
 * @throws what the Redis client throws.
 */
export async function writeProbe(queue: Queue): Promise<void> {
  // The client is at the backend since BullMQ 6, and at the queue before.
  const holder: object = 'getBackend' in queue ? queue.getBackend() : queue;
  const client: unknown = await Reflect.get(holder, 'client');
  if (!isRedisClient(client)) {
    throw new TypeError(`The queue ${queue.name} is not on Redis.`);
  }
  const key = queue.toKey('write-probe');
  await client.set(key, '1');
  await client.del(key);
}

interface RedisClient {
  set(key: string, value: string): Promise<unknown>;
  del(key: string): Promise<unknown>;
}

function isRedisClient(client: unknown): client is RedisClient {
  return typeof client === 'object' && client !== null && 'set' in client;
}
