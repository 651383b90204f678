import { setTimeout as sleep } from 'node:timers/promises';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Worker, type Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  BullMqPaymentDelivery,
  type BullMqDeliveryOptions,
} from '../../src/bullmq/index.js';
import { redisOf } from '../../src/bullmq/queue-redis.js';
import type { PaymentDelivery, SignedPayment } from '../../src/index.js';
import { startApp } from '../support/app.js';
import {
  APPROVED,
  approved,
  RecordingProcessor,
  startDelivery,
} from '../support/delivery-contract.js';
import { lookInto, ownQueue } from '../support/queue.js';
import { findRedis, HOW_TO_GET_REDIS, ownQueueName } from '../support/redis.js';
import { RecordingTelemetry } from '../support/telemetry.js';
import { isMissing } from '../support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

/** A connection beside those of the delivery. */
function admin(): Redis {
  const client = new Redis(redis?.url ?? '');
  onTestFinished(() => client.disconnect());
  return client;
}

async function start(
  options: Partial<BullMqDeliveryOptions>,
  processor = new RecordingProcessor(),
) {
  const { delivery, close } = await startDelivery(
    ownQueue(redis, options),
    processor,
  );
  if (!(delivery instanceof BullMqPaymentDelivery)) throw new TypeError();
  return { delivery, processor, close };
}

function accept(delivery: PaymentDelivery, payment = APPROVED) {
  return delivery.accept(payment);
}

function transactions(count: number): SignedPayment[] {
  return Array.from({ length: count }, (_, i) =>
    approved({ transactionId: `t-${i}` }),
  );
}

/** Makes jobs old enough for an arrival to search the lists of the queue for them. */
async function letAMinutePass(
  queueName: string,
  ...payments: SignedPayment[]
): Promise<void> {
  const client = admin();
  for (const { id } of payments) {
    const job = `bull:${queueName}:${id}`;
    await client.hdel(job, 'plutuSearchedAt');
    await client.hset(job, 'timestamp', Date.now() - 61_000);
  }
}

/**
 * A worker takes the next payment and crashes; another one sees that, and puts
 * the payment back.
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
    if (!job) throw new Error('There is no payment to crash on.');
    // An earlier worker may have checked, and no other does so for a while.
    await admin().del(`bull:${queueName}:stalled-check`);
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
  it('puts a payment back that Redis lost from the waiting list, once for all arrivals', async () => {
    const queueName = ownQueueName(redis);
    const instances = await Promise.all(
      [1, 2, 3].map(() => start({ queueName, worker: false })),
    );
    const payments = transactions(40);
    for (const payment of payments) {
      await accept(instances[0]!.delivery, payment);
    }
    await admin().del(`bull:${queueName}:wait`);
    await letAMinutePass(queueName, ...payments);

    const receipts = await Promise.all(
      payments.flatMap((payment) =>
        instances.map(({ delivery }) => accept(delivery, payment)),
      ),
    );

    expect(new Set(receipts.map(({ duplicate }) => duplicate))).toEqual(
      new Set([true]),
    );
    expect(await lookInto(redis, queueName).getJobCounts()).toMatchObject({
      waiting: payments.length,
      failed: 0,
    });
    const { processor } = await start({ queueName });
    await expect.poll(() => processor.published).toHaveLength(payments.length);
    expect(processor.published).toEqual(expect.arrayContaining(payments));
  });

  it('searches the lists of the queue for a payment once a minute, however often it arrives', async () => {
    const queueName = ownQueueName(redis);
    const { delivery } = await start({ queueName, worker: false });
    const queue = lookInto(redis, queueName);
    const loseWaiting = () => admin().del(`bull:${queueName}:wait`);
    await accept(delivery);

    await loseWaiting();
    await accept(delivery);
    expect(await queue.getWaitingCount()).toBe(0);
    await letAMinutePass(queueName, APPROVED);
    await accept(delivery);
    expect(await queue.getWaitingCount()).toBe(1);

    await loseWaiting();
    await accept(delivery);
    expect(await queue.getWaitingCount()).toBe(0);
    expect(await delivery.retryFailed()).toBe(1);
  });

  it('runs a payment again that Redis lost from the list of the failed', async () => {
    const queueName = ownQueueName(redis);
    let isFixed = false;
    const { delivery, processor } = await start(
      { queueName, attempts: 1 },
      new RecordingProcessor({
        books: () => {
          if (!isFixed) throw new Error('the database is down');
        },
      }),
    );
    await accept(delivery);
    await expect.poll(() => processor.failures).toHaveLength(1);
    isFixed = true;
    await admin().del(`bull:${queueName}:failed`);
    await letAMinutePass(queueName, APPROVED);

    await accept(delivery);

    await expect.poll(() => processor.published).toEqual([APPROVED]);
  });

  it('lets a worker finish whose payment Redis lost from the active list', async () => {
    const queueName = ownQueueName(redis);
    let finish = () => {};
    const handled = new Promise<void>((resolve) => (finish = resolve));
    const { delivery, processor } = await start(
      { queueName },
      new RecordingProcessor({ books: () => handled }),
    );
    await accept(delivery);
    await expect.poll(() => processor.attempts).toHaveLength(1);
    await admin().del(`bull:${queueName}:active`);
    await letAMinutePass(queueName, APPROVED);

    await accept(delivery);
    await accept(delivery);
    finish();

    const queue = lookInto(redis, queueName);
    await expect.poll(() => queue.getCompletedCount()).toBe(1);
    expect(processor.attempts).toHaveLength(1);
  });

  it('does not publish again what Redis lost from the list of the published', async () => {
    const queueName = ownQueueName(redis);
    const { delivery, processor } = await start({ queueName });
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
    expect(processor.attempts).toHaveLength(1);
  });

  it('runs again, when asked to, what Redis lost from every list', async () => {
    // Names that a pattern would read otherwise.
    const queueName = `${ownQueueName(redis)}[1]`;
    const { delivery } = await start({ queueName, worker: false });
    const payments = transactions(3);
    for (const payment of payments) await accept(delivery, payment);
    await admin().del(`bull:${queueName}:wait`);

    expect(await delivery.retryFailed()).toBe(3);
    expect(await delivery.retryFailed()).toBe(0);

    const { processor } = await start({ queueName });
    await expect.poll(() => processor.published).toHaveLength(3);
  });

  it('turns a payment away that Redis has lost before it was seen there', async () => {
    const queueName = ownQueueName(redis);
    const { app } = await startApp({
      delivery: ownQueue(redis, { queueName, worker: false }),
    });
    const queue = app.get<Queue>(getQueueToken(queueName), { strict: false });
    const client = await redisOf(queue);

    const accepted = accept(app.get(BullMqPaymentDelivery));
    // Between the two commands of the delivery, which go out in one turn.
    process.nextTick(() => void client.del(queue.toKey(APPROVED.id)));

    await expect(accepted).rejects.toThrow('did not keep');
  });

  it('tells new payments from duplicates even if Redis is slow to add them', async () => {
    const slow = new RecordingTelemetry();
    slow.contextManager.with = ((_context, run) =>
      sleep(50).then(run)) as typeof slow.contextManager.with;
    const { app } = await startApp(
      { delivery: ownQueue(redis, { worker: false }) },
      {
        imports: [
          BullModule.forRoot({
            connection: { url: redis?.url ?? '' },
            telemetry: slow,
          }),
        ],
      },
    );
    const delivery = app.get(BullMqPaymentDelivery);

    const once = await Promise.all(
      transactions(3).map((payment) => accept(delivery, payment)),
    );
    const twice = await Promise.all(
      transactions(4).map((payment) => accept(delivery, payment)),
    );

    expect(once.map(({ duplicate }) => duplicate)).toEqual([
      false,
      false,
      false,
    ]);
    expect(twice.map(({ duplicate }) => duplicate)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('publishes a payment, soon, whose instances crashed several times', async () => {
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

    const { processor } = await start({ queueName, lockDuration: 500 });

    await expect
      .poll(() => processor.published, { timeout: 5000 })
      .toEqual([APPROVED]);
  });

  it.each<[string, (delivery: BullMqPaymentDelivery) => Promise<unknown>]>([
    ['retryFailed()', (delivery) => delivery.retryFailed()],
    ['an arrival', (delivery) => accept(delivery)],
  ])(
    'forgets earlier crashes of a payment that is run again by %s',
    async (_by, runAgain) => {
      const queueName = ownQueueName(redis);
      const web = await start({ queueName, worker: false });
      await accept(web.delivery);
      await admin().hset(`bull:${queueName}:${APPROVED.id}`, 'stc', 100);
      await crashOnNext(queueName);
      const first = await start({ queueName });
      await expect.poll(() => first.processor.failures).toHaveLength(1);
      await first.close();

      await runAgain(web.delivery);
      await crashOnNext(queueName);

      const second = await start({ queueName });
      await expect.poll(() => second.processor.published).toEqual([APPROVED]);
    },
  );
});
