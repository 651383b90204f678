import { getQueueToken } from '@nestjs/bullmq';
import { Worker, type Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  BullMqCallbackDelivery,
  type BullMqDeliveryOptions,
} from '../src/bullmq/index.js';
import { redisOf } from '../src/bullmq/queue-redis.js';
import { deliveryKey } from '../src/callbacks/callback-delivery.js';
import type { CallbackDelivery, VerifiedCallback } from '../src/index.js';
import { startApp } from './support/app.js';
import {
  APPROVED,
  RecordingPublisher,
  startDelivery,
} from './support/delivery-contract.js';
import { lookInto, ownQueue } from './support/queue.js';
import { findRedis, HOW_TO_GET_REDIS, ownQueueName } from './support/redis.js';
import { isMissing } from './support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

const KEY = deliveryKey(APPROVED);

/** A connection beside those of the delivery. */
function admin(): Redis {
  const client = new Redis(redis?.url ?? '');
  onTestFinished(() => client.disconnect());
  return client;
}

async function start(
  options: Partial<BullMqDeliveryOptions>,
  publisher = new RecordingPublisher(),
) {
  const { delivery, close } = await startDelivery(
    ownQueue(redis, options),
    publisher,
  );
  if (!(delivery instanceof BullMqCallbackDelivery)) throw new TypeError();
  return { delivery, publisher, close };
}

function accept(delivery: CallbackDelivery, callback = APPROVED) {
  return delivery.accept(callback, async () => callback);
}

function transactions(count: number): VerifiedCallback[] {
  return Array.from({ length: count }, (_, i) => ({
    ...APPROVED,
    transactionId: `t-${i}`,
  }));
}

/**
 * A worker takes the next callback and crashes; another one sees that, and puts
 * the callback back.
 */
async function crashOnNext(queueName: string): Promise<void> {
  const worker = new Worker(queueName, null, {
    connection: { url: redis?.url ?? '' },
    lockDuration: 50,
    stalledInterval: 50,
    maxStalledCount: 100,
  });
  try {
    const job = await worker.getNextJob('a worker that crashes');
    if (!job) throw new Error('There is no callback to crash on.');
    await worker.startStalledCheckTimer();
    await expect.poll(() => job.getState()).toBe('waiting');
  } finally {
    await worker.close(true);
  }
}

describe.skipIf(
  isMissing(redis, {
    suite: 'what BullMQ leaves alone',
    howToGetIt: HOW_TO_GET_REDIS,
  }),
)('the delivery through BullMQ', () => {
  it('puts a callback back that Redis lost from the waiting list, once for all arrivals', async () => {
    const queueName = ownQueueName(redis);
    const instances = await Promise.all(
      [1, 2, 3].map(() => start({ queueName, worker: false })),
    );
    const callbacks = transactions(40);
    for (const callback of callbacks) {
      await accept(instances[0]!.delivery, callback);
    }
    await admin().del(`bull:${queueName}:wait`);

    const receipts = await Promise.all(
      callbacks.flatMap((callback) =>
        instances.map(({ delivery }) => accept(delivery, callback)),
      ),
    );

    expect(new Set(receipts.map(({ duplicate }) => duplicate))).toEqual(
      new Set([true]),
    );
    expect(await lookInto(redis, queueName).getJobCounts()).toMatchObject({
      waiting: callbacks.length,
      failed: 0,
    });
    const { publisher } = await start({ queueName });
    await expect.poll(() => publisher.published).toHaveLength(callbacks.length);
    expect(publisher.published).toEqual(expect.arrayContaining(callbacks));
  });

  it('lets a worker finish whose callback Redis lost from the active list', async () => {
    const queueName = ownQueueName(redis);
    let finish = () => {};
    const handled = new Promise<void>((resolve) => (finish = resolve));
    const { delivery, publisher } = await start(
      { queueName },
      new RecordingPublisher(() => handled),
    );
    await accept(delivery);
    await expect.poll(() => publisher.calls).toHaveLength(1);
    await admin().del(`bull:${queueName}:active`);

    await accept(delivery);
    await accept(delivery);
    finish();

    const queue = lookInto(redis, queueName);
    await expect.poll(() => queue.getCompletedCount()).toBe(1);
    expect(publisher.calls).toHaveLength(1);
  });

  it('does not publish again what Redis lost from the list of the published', async () => {
    const queueName = ownQueueName(redis);
    const { delivery, publisher } = await start({ queueName });
    const queue = lookInto(redis, queueName);
    await accept(delivery);
    await expect.poll(() => queue.getCompletedCount()).toBe(1);
    await admin().del(`bull:${queueName}:completed`);

    expect(await accept(delivery)).toMatchObject({ duplicate: true });
    expect(await delivery.retryFailed()).toBe(0);

    expect(await queue.getJobCounts()).toMatchObject({
      completed: 1,
      waiting: 0,
    });
    expect(publisher.calls).toHaveLength(1);
  });

  it('runs again, when asked to, what Redis lost from every list', async () => {
    // Names that a pattern would read otherwise.
    const queueName = `${ownQueueName(redis)}[1]`;
    const { delivery } = await start({ queueName, worker: false });
    const callbacks = transactions(3);
    for (const callback of callbacks) await accept(delivery, callback);
    await admin().del(`bull:${queueName}:wait`);

    expect(await delivery.retryFailed()).toBe(3);
    expect(await delivery.retryFailed()).toBe(0);

    const { publisher } = await start({ queueName });
    await expect.poll(() => publisher.published).toHaveLength(3);
  });

  it('turns a callback away that Redis has lost before it was seen there', async () => {
    const queueName = ownQueueName(redis);
    const { app } = await startApp({
      delivery: ownQueue(redis, { queueName, worker: false }),
    });
    const queue = app.get<Queue>(getQueueToken(queueName), { strict: false });
    const client = await redisOf(queue);
    queue.on('waiting', ({ id }) => void client.del(queue.toKey(id ?? '')));

    await expect(accept(app.get(BullMqCallbackDelivery))).rejects.toThrow(
      'did not keep',
    );
  });

  it('publishes a callback, soon, whose instances crashed several times', async () => {
    const queueName = ownQueueName(redis);
    const { delivery } = await start({ queueName, worker: false });
    await accept(delivery);
    for (let i = 0; i < 3; i++) await crashOnNext(queueName);
    const worker = new Worker(queueName, null, {
      connection: { url: redis?.url ?? '' },
      lockDuration: 50,
    });
    await worker.getNextJob('crashes, and nobody sees it');
    await worker.close(true);

    const { publisher } = await start({ queueName, lockDuration: 500 });

    await expect
      .poll(() => publisher.published, { timeout: 5000 })
      .toEqual([APPROVED]);
  });

  it.each<[string, (delivery: BullMqCallbackDelivery) => Promise<unknown>]>([
    ['retryFailed()', (delivery) => delivery.retryFailed()],
    ['an arrival', (delivery) => accept(delivery)],
  ])(
    'forgets earlier crashes of a callback that is run again by %s',
    async (_by, runAgain) => {
      const queueName = ownQueueName(redis);
      const web = await start({ queueName, worker: false });
      await accept(web.delivery);
      await admin().hset(`bull:${queueName}:${KEY}`, 'stc', 100);
      await crashOnNext(queueName);
      const first = await start({ queueName });
      await expect.poll(() => first.publisher.failures).toHaveLength(1);
      await first.close();

      await runAgain(web.delivery);
      await crashOnNext(queueName);

      const second = await start({ queueName });
      await expect.poll(() => second.publisher.published).toEqual([APPROVED]);
    },
  );
});
