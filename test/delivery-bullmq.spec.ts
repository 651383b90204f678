import { getQueueToken } from '@nestjs/bullmq';
import { TerminusModule, HealthCheckService } from '@nestjs/terminus';
import { Queue } from 'bullmq';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  bullMqDelivery,
  BullMqCallbackDelivery,
  type BullMqDeliveryOptions,
} from '../src/bullmq/index.js';
import {
  MPGS_EVENTS,
  MpgsHealthIndicator,
  type MpgsDeliveryFailedEvent,
  type MpgsPaymentApprovedEvent,
} from '../src/index.js';
import { startApp, type TestApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';
import { describeDeliveryContract } from './support/delivery-contract.js';
import {
  canStartRedis,
  findRedis,
  HOW_TO_GET_REDIS,
  OwnRedis,
  uniqueQueueName,
} from './support/redis.js';
import { isMissing } from './support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

/** A queue that no other test has, emptied when the test is over. */
function ownQueue(options: Partial<BullMqDeliveryOptions> = {}) {
  const { queueName = uniqueQueueName() } = options;
  const connection = { url: redis?.url ?? '' };
  onTestFinished(async () => {
    const queue = new Queue(queueName, { connection });
    await queue.obliterate({ force: true });
    await queue.close();
  });
  return bullMqDelivery({ connection, backoff: 20, ...options, queueName });
}

async function call(app: TestApp, query: string): Promise<number> {
  const response = await fetch(`${app.url}/plutu/mpgs/callback?${query}`);
  return response.status;
}

describe.skipIf(
  isMissing(redis, {
    suite: 'the delivery through BullMQ',
    howToGetIt: HOW_TO_GET_REDIS,
  }),
)('the delivery through BullMQ', () => {
  describeDeliveryContract('it', () => ownQueue());

  it('answers before the handlers are done', async () => {
    let finish = () => {};
    const handled = new Promise<void>((resolve) => (finish = resolve));
    const app = await startApp({ delivery: ownQueue() });
    const heard: string[] = [];
    app.emitter.on(
      MPGS_EVENTS.paymentApproved,
      async ({ invoiceNo }: MpgsPaymentApprovedEvent) => {
        await handled;
        heard.push(invoiceNo);
      },
    );

    expect(await call(app, callbackQuery())).toBe(200);
    expect(heard).toEqual([]);

    finish();
    await expect.poll(() => heard).toEqual(['inv-1']);
  });

  it('one of two instances publishes a callback that came to both', async () => {
    const delivery = ownQueue();
    const apps = [await startApp({ delivery }), await startApp({ delivery })];
    const heard: string[] = [];
    for (const { emitter } of apps) {
      emitter.on(
        MPGS_EVENTS.paymentApproved,
        ({ transactionId }: MpgsPaymentApprovedEvent) =>
          heard.push(transactionId),
      );
    }

    const ids = Array.from({ length: 50 }, (_, i) => `t-${i}`);
    const statuses = await Promise.all(
      ids.flatMap((id) =>
        apps.map((app) => call(app, callbackQuery({ transaction_id: id }))),
      ),
    );

    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect.poll(() => heard.toSorted()).toEqual(ids.toSorted());
  });

  it('leaves what could never be published in the failed set, says so, and runs it again', async () => {
    const app = await startApp({ delivery: ownQueue({ attempts: 3 }) });
    let isMended = false;
    let calls = 0;
    const heard: string[] = [];
    const alerts: MpgsDeliveryFailedEvent[] = [];
    app.emitter.on(
      MPGS_EVENTS.paymentApproved,
      ({ invoiceNo }: MpgsPaymentApprovedEvent) => {
        calls++;
        if (!isMended) throw new Error('no such column');
        heard.push(invoiceNo);
      },
    );
    app.emitter.on(MPGS_EVENTS.deliveryFailed, (event) => alerts.push(event));
    const delivery = app.app.get(BullMqCallbackDelivery);

    expect(await call(app, callbackQuery())).toBe(200);

    await expect
      .poll(() => alerts)
      .toMatchObject([
        {
          attempts: 3,
          reason: 'no such column',
          callback: { invoiceNo: 'inv-1', transactionId: 't-1' },
        },
      ]);
    expect(calls).toBe(3);

    expect(await delivery.retryFailed()).toBe(1);
    await expect.poll(() => alerts).toHaveLength(2);
    expect(calls).toBe(6);

    isMended = true;
    expect(await delivery.retryFailed()).toBe(1);
    await expect.poll(() => heard).toEqual(['inv-1']);
    expect(await delivery.retryFailed()).toBe(0);
  });

  it('runs a callback that was given up on again when the customer reloads', async () => {
    const app = await startApp({ delivery: ownQueue({ attempts: 1 }) });
    let isMended = false;
    const heard: string[] = [];
    const alerts: unknown[] = [];
    app.emitter.on(
      MPGS_EVENTS.paymentApproved,
      ({ invoiceNo }: MpgsPaymentApprovedEvent) => {
        if (!isMended) throw new Error('the database is down');
        heard.push(invoiceNo);
      },
    );
    app.emitter.on(MPGS_EVENTS.deliveryFailed, (event) => alerts.push(event));

    await call(app, callbackQuery());
    await expect.poll(() => alerts).toHaveLength(1);
    isMended = true;

    expect(await call(app, callbackQuery())).toBe(200);
    await expect.poll(() => heard).toEqual(['inv-1']);
  });

  it('does not count a payment as published where nobody listens', async () => {
    const queue = { queueName: uniqueQueueName(), attempts: 2 };
    const deaf = await startApp(
      { delivery: ownQueue(queue) },
      { isDeaf: true },
    );
    const alerts: MpgsDeliveryFailedEvent[] = [];
    deaf.emitter.on(MPGS_EVENTS.deliveryFailed, (event) => alerts.push(event));

    await call(deaf, callbackQuery());
    await call(deaf, callbackQuery({ approved: '0', canceled: '1' }));

    await expect.poll(() => alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      callback: { outcome: 'approved' },
      reason: expect.stringContaining('Nothing in this application listens'),
    });
  });

  it('leaves publishing to others where it has no worker', async () => {
    const options = { queueName: uniqueQueueName() };
    const web = await startApp({
      delivery: ownQueue({ ...options, worker: false }),
    });
    const heard: string[] = [];
    const hear = (where: string) => () => heard.push(where);
    web.emitter.on(MPGS_EVENTS.paymentApproved, hear('web'));

    expect(await call(web, callbackQuery())).toBe(200);

    const worker = await startApp({ delivery: ownQueue(options) });
    worker.emitter.on(MPGS_EVENTS.paymentApproved, hear('worker'));
    await expect.poll(() => heard, { timeout: 5000 }).toEqual(['worker']);
  });

  it('forgets a finished transaction after the time it was told to', async () => {
    const app = await startApp({ delivery: ownQueue({ rememberFor: 1000 }) });
    const heard: string[] = [];
    app.emitter.on(
      MPGS_EVENTS.paymentApproved,
      ({ transactionId }: MpgsPaymentApprovedEvent) =>
        heard.push(transactionId),
    );
    const again = callbackQuery({ transaction_id: 'again' });

    await call(app, again);
    await call(app, again);
    let other = 0;
    await expect
      .poll(
        async () => {
          await call(app, callbackQuery({ transaction_id: `o-${other++}` }));
          await call(app, again);
          return heard.filter((id) => id === 'again').length;
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe(2);
  });

  it('can be looked at and mended with what BullMQ offers, under its queue', async () => {
    const queueName = uniqueQueueName();
    const { app } = await startApp({ delivery: ownQueue({ queueName }) });

    const queue = app.get<Queue>(getQueueToken(queueName), { strict: false });

    expect(await queue.getJobCounts()).toMatchObject({ failed: 0 });
  });
});

describe.skipIf(
  isMissing(canStartRedis, {
    suite: 'the delivery through BullMQ while Redis is away',
    howToGetIt:
      'put redis-server on the PATH (Debian: apt-get install redis-server)',
  }),
)('while Redis is away', () => {
  it('callbacks get 503 in bounded time, the health check is down, and both recover', async () => {
    const own = await OwnRedis.start();
    onTestFinished(() => own.close());
    const app = await startApp(
      {
        delivery: bullMqDelivery({
          connection: { url: own.url },
          queueName: uniqueQueueName(),
          acceptTimeout: 300,
        }),
      },
      { imports: [TerminusModule.forRoot({ logger: false })] },
    );
    const heard: string[] = [];
    app.emitter.on(
      MPGS_EVENTS.paymentApproved,
      ({ invoiceNo }: MpgsPaymentApprovedEvent) => heard.push(invoiceNo),
    );
    const check = () =>
      app.app
        .get(HealthCheckService, { strict: false })
        .check([() => app.app.get(MpgsHealthIndicator).isHealthy('plutu')]);
    expect(await check()).toMatchObject({ info: { plutu: { status: 'up' } } });

    await own.kill();

    const start = performance.now();
    expect(await call(app, callbackQuery())).toBe(503);
    expect(performance.now() - start).toBeLessThan(3000);
    await expect(check()).rejects.toMatchObject({
      response: { error: { plutu: { status: 'down' } } },
    });
    expect(heard).toEqual([]);

    await own.start();
    await expect
      .poll(() => call(app, callbackQuery()), { timeout: 10_000 })
      .toBe(200);
    await expect.poll(() => heard, { timeout: 5000 }).toEqual(['inv-1']);
    await expect(check()).resolves.toMatchObject({ status: 'ok' });
  }, 30_000);

  it('arrivals beyond a bound are turned away at once', async () => {
    const own = await OwnRedis.start();
    onTestFinished(() => own.close());
    const app = await startApp({
      delivery: bullMqDelivery({
        connection: { url: own.url },
        queueName: uniqueQueueName(),
        acceptTimeout: 5000,
      }),
    });
    const delivery = app.app.get(BullMqCallbackDelivery);
    await own.kill();

    const arrivals = Array.from({ length: 1001 }, (_, i) =>
      delivery.accept(
        {
          account: 'default',
          gateway: 'mpgs',
          outcome: 'approved',
          invoiceNo: 'inv-1',
          transactionId: `t-${i}`,
          amount: '5.00',
          amountCents: 500,
          currency: 'USD',
        },
        async () => {
          throw new Error('not asked while Redis is away');
        },
      ),
    );
    const outcomes = Promise.allSettled(arrivals.slice(0, 1000));
    await expect(arrivals[1000]).rejects.toThrow('1000 callbacks are waiting');

    await own.start();
    await outcomes;
  }, 30_000);
});
