import { Queue } from 'bullmq';
import {
  findRedis,
  HOW_TO_GET_REDIS,
  uniqueQueueName,
} from '../../test/support/redis.js';
import { Child } from './child.js';
import type { Plan } from './plan.js';
import type { QueueSettings } from './processes/queue.js';
import type { Row } from './report.js';
import { compare } from './rounds.js';

/** Accepting callbacks through BullMQ, in the Redis that the tests would find. */
export async function benchQueue(plan: Plan): Promise<Row[]> {
  const redis = await findRedis();
  if (!redis) {
    process.stderr.write(`BullMQ is left out: ${HOW_TO_GET_REDIS}.\n`);
    return [];
  }
  try {
    return await benchQueueIn(redis.url, plan);
  } finally {
    await redis.close();
  }
}

async function benchQueueIn(
  redisUrl: string,
  { rounds, size }: Plan,
): Promise<Row[]> {
  const queues = { floor: uniqueQueueName(), ours: uniqueQueueName() };
  const start = (side: QueueSettings['side']) =>
    Child.start('queue', { side, redisUrl, queueName: queues[side] });
  const [floor, ours] = await Promise.all([start('floor'), start('ours')]);
  const rows: Row[] = [];
  for (const { arrivals, inFlight, aim, again } of [
    { arrivals: 'news', inFlight: 50, aim: 0.7, again: false },
    { arrivals: 'duplicates', inFlight: 50, aim: 0.9, again: true },
    { arrivals: 'news', inFlight: 1, again: false },
  ]) {
    const count = (inFlight === 1 ? 400 : 2000) * size;
    const task = { count, inFlight, again };
    rows.push({
      what: `BullMQ delivery, ${inFlight} in flight, ${arrivals}`,
      unit: 'accepted/s',
      aim,
      ...(await compare(
        { floor: () => floor.turn(task), ours: () => ours.turn(task) },
        { rounds, warmUp: 2 },
      )),
    });
  }
  await Promise.all([floor.stop(), ours.stop()]);
  for (const name of Object.values(queues)) await remove(name, redisUrl);
  return rows;
}

async function remove(name: string, url: string): Promise<void> {
  const queue = new Queue(name, { connection: { url } });
  await queue.obliterate({ force: true });
  await queue.close();
}
