import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { TerminusModule, HealthCheckService } from '@nestjs/terminus';
import { Backoffs, DelayedError, type Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  bullMqDelivery,
  BullMqPaymentDelivery,
} from '../../src/bullmq/index.js';
import {
  inProcessDelivery,
  newRecord,
  PaymentApprovedEvent,
  PLUTU_EVENTS,
  PlutuHealthIndicator,
  type DeliveryFailedEvent,
} from '../../src/index.js';
import { recordErrors, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import {
  APPROVED,
  approved,
  describeDeliveryContract,
  RecordingProcessor,
  startDelivery,
} from '../support/delivery-contract.js';
import {
  canStartRedis,
  findRedis,
  HOW_TO_GET_REDIS,
  HOW_TO_START_REDIS,
  OwnRedis,
  ownQueueName,
  uniqueQueueName,
} from '../support/redis.js';
import { call, isAccepted, lookInto, ownQueue } from '../support/queue.js';
import { freePort } from '../support/servers.js';
import { RecordingTelemetry } from '../support/telemetry.js';
import { isMissing } from '../support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

describe.skipIf(
  isMissing(redis, {
    suite: 'the delivery through BullMQ',
    howToGetIt: HOW_TO_GET_REDIS,
  }),
)('the delivery through BullMQ', () => {
  describeDeliveryContract('it', () => ownQueue(redis), { isDurable: true });

  it('answers before the handlers are done', async () => {
    let finish = () => {};
    const handled = new Promise<void>((resolve) => (finish = resolve));
    const app = await startApp({ delivery: ownQueue(redis) });
    const heard: string[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      async ({ invoiceNo }: PaymentApprovedEvent) => {
        await handled;
        heard.push(invoiceNo);
      },
    );

    expect(await call(app, callbackQuery())).toBe(202);
    expect(heard).toEqual([]);

    finish();
    await expect.poll(() => heard).toEqual(['inv-1']);
    await expect.poll(() => call(app, callbackQuery())).toBe(200);
  });

  it('one of two instances publishes a payment that came to both', async () => {
    const delivery = ownQueue(redis);
    const apps = [await startApp({ delivery }), await startApp({ delivery })];
    const heard: string[] = [];
    for (const { emitter } of apps) {
      emitter.on(
        PLUTU_EVENTS.paymentApproved,
        ({ transactionId }: PaymentApprovedEvent) => heard.push(transactionId),
      );
    }

    const ids = Array.from({ length: 50 }, (_, i) => `t-${i}`);
    const statuses = await Promise.all(
      ids.flatMap((id) =>
        apps.map((app) => call(app, callbackQuery({ transactionId: id }))),
      ),
    );

    expect(statuses.every(isAccepted)).toBe(true);
    await expect.poll(() => heard.toSorted()).toEqual(ids.toSorted());
  });

  it('leaves what could never be published in the failed set, says so, and runs it again', async () => {
    const app = await startApp({ delivery: ownQueue(redis, { attempts: 3 }) });
    let isFixed = false;
    let calls = 0;
    const heard: string[] = [];
    const alerts: DeliveryFailedEvent[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ invoiceNo }: PaymentApprovedEvent) => {
        calls++;
        if (!isFixed) throw new Error('no such column');
        heard.push(invoiceNo);
      },
    );
    app.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) => alerts.push(event));
    const delivery = app.app.get(BullMqPaymentDelivery);

    expect(await call(app, callbackQuery())).toSatisfy(isAccepted);

    await expect
      .poll(() => alerts)
      .toMatchObject([
        {
          attempts: 3,
          reason: 'listeners: no such column',
          payment: { invoiceNo: 'inv-1', transactionId: 't-1' },
        },
      ]);
    expect(calls).toBe(3);

    expect(await delivery.retryFailed()).toBe(1);
    await expect.poll(() => alerts).toHaveLength(2);
    expect(calls).toBe(6);

    isFixed = true;
    expect(await delivery.retryFailed()).toBe(1);
    await expect.poll(() => heard).toEqual(['inv-1']);
    expect(await delivery.retryFailed()).toBe(0);
  });

  it('runs a payment that was given up on again when the customer reloads', async () => {
    const app = await startApp({ delivery: ownQueue(redis, { attempts: 1 }) });
    let isFixed = false;
    const heard: string[] = [];
    const alerts: unknown[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ invoiceNo }: PaymentApprovedEvent) => {
        if (!isFixed) throw new Error('the database is down');
        heard.push(invoiceNo);
      },
    );
    app.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) => alerts.push(event));

    await call(app, callbackQuery());
    await expect.poll(() => alerts).toHaveLength(1);
    isFixed = true;

    expect(await call(app, callbackQuery())).toSatisfy(isAccepted);
    await expect.poll(() => heard).toEqual(['inv-1']);
  });

  it('does not count a payment as published if nobody listens', async () => {
    const queue = { queueName: ownQueueName(redis), attempts: 2 };
    const deaf = await startApp(
      { delivery: ownQueue(redis, queue) },
      { isDeaf: true },
    );
    const alerts: DeliveryFailedEvent[] = [];
    deaf.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) => alerts.push(event));

    await call(deaf, callbackQuery());
    await call(deaf, callbackQuery({ outcome: 'canceled' }));

    await expect.poll(() => alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      payment: { outcome: 'approved' },
      reason: expect.stringContaining('Nothing in this application consumes'),
    });
  });

  it('counts a canceled payment as booked that nothing listens to', async () => {
    const app = await startApp({ delivery: ownQueue(redis) });
    const query = callbackQuery({ outcome: 'canceled' });

    await expect.poll(() => call(app, query)).toBe(200);
  });

  it('leaves publishing to others if it has no worker', async () => {
    // Once is enough: a worker that starts waits for its handlers.
    const options = { queueName: ownQueueName(redis), attempts: 1 };
    const web = await startApp({
      delivery: ownQueue(redis, { ...options, worker: false }),
    });
    const heard: string[] = [];
    const hear = (where: string) => () => heard.push(where);
    web.emitter.on(PLUTU_EVENTS.paymentApproved, hear('web'));

    expect(await call(web, callbackQuery())).toSatisfy(isAccepted);

    const worker = await startApp({ delivery: ownQueue(redis, options) });
    worker.emitter.on(PLUTU_EVENTS.paymentApproved, hear('worker'));
    await expect.poll(() => heard).toEqual(['worker']);
  });

  it('forgets a finished transaction after the time it was told to', async () => {
    const app = await startApp({
      delivery: ownQueue(redis, { rememberFor: 1000 }),
    });
    const heard: string[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ transactionId }: PaymentApprovedEvent) => heard.push(transactionId),
    );
    const again = callbackQuery({ transactionId: 'again' });

    await call(app, again);
    await call(app, again);
    let other = 0;
    await expect
      .poll(
        async () => {
          await call(app, callbackQuery({ transactionId: `o-${other++}` }));
          await call(app, again);
          return heard.filter((id) => id === 'again').length;
        },
        { interval: 200 },
      )
      .toBe(2);
  });

  it('tries a reloaded payment as often as a new one', async () => {
    const app = await startApp({ delivery: ownQueue(redis, { attempts: 2 }) });
    let calls = 0;
    const alerts: unknown[] = [];
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      calls++;
      throw new Error('the database is down');
    });
    app.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) => alerts.push(event));

    await call(app, callbackQuery());
    await expect.poll(() => alerts).toHaveLength(1);
    await call(app, callbackQuery());
    await expect.poll(() => alerts).toHaveLength(2);

    expect(calls).toBe(4);
  });

  it('runs hundreds of failed payments again, also when asked twice', async () => {
    const app = await startApp({ delivery: ownQueue(redis, { attempts: 1 }) });
    let isFixed = false;
    const heard = new Set<string>();
    let failed = 0;
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ transactionId }: PaymentApprovedEvent) => {
        if (!isFixed) throw new Error('the database is down');
        heard.add(transactionId);
      },
    );
    app.emitter.on(PLUTU_EVENTS.deliveryFailed, () => failed++);
    const ids = Array.from({ length: 230 }, (_, i) => `t-${i}`);
    for (const id of ids) {
      await call(app, callbackQuery({ transactionId: id }));
    }
    await expect.poll(() => failed).toBe(ids.length);
    isFixed = true;

    const delivery = app.app.get(BullMqPaymentDelivery);
    await Promise.all([delivery.retryFailed(), delivery.retryFailed()]);

    await expect.poll(() => heard.size).toBe(ids.length);
  });

  it('tells one of two instances that a payment is new, and the other that it is not', async () => {
    const queueName = ownQueueName(redis);
    const deliveries = await Promise.all(
      [1, 2].map(() =>
        startDelivery(
          ownQueue(redis, { queueName, worker: false }),
          new RecordingProcessor(),
        ),
      ),
    );

    for (let i = 0; i < 50; i++) {
      const payment = approved({ transactionId: `t-${i}` });
      const receipts = await Promise.all(
        deliveries.map(({ delivery }) => delivery.accept(payment)),
      );
      expect(receipts.filter(({ duplicate }) => duplicate)).toHaveLength(1);
    }
  });

  it('publishes so many at a time, and no more', async () => {
    const publishing = { now: 0, most: 0 };
    const processor = new RecordingProcessor({
      books: async () => {
        publishing.most = Math.max(publishing.most, ++publishing.now);
        await sleep(50);
        publishing.now--;
      },
    });
    const { delivery } = await startDelivery(
      ownQueue(redis, { concurrency: 3 }),
      processor,
    );

    await Promise.all(
      Array.from({ length: 12 }, (_, i) => {
        return delivery.accept(approved({ transactionId: `t-${i}` }));
      }),
    );

    await expect.poll(() => processor.published).toHaveLength(12);
    expect(publishing.most).toBe(3);
  });

  it('takes no more out of the queue once the application ends', async () => {
    const queueName = ownQueueName(redis);
    const app = await startApp({
      delivery: ownQueue(redis, { queueName, concurrency: 1 }),
    });
    const heard: string[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      async ({ transactionId }: PaymentApprovedEvent) => {
        heard.push(transactionId);
        await sleep(300);
      },
    );
    for (const id of ['t-1', 't-2']) {
      await call(app, callbackQuery({ transactionId: id }));
    }
    await expect.poll(() => heard).toEqual(['t-1']);
    await app.app.close();

    expect(heard).toEqual(['t-1']);
    expect(await lookInto(redis, queueName).getJobCounts()).toMatchObject({
      waiting: 1,
      completed: 1,
      failed: 0,
      delayed: 0,
    });
  });

  it('gives a handler up that does not end, and goes on with the others', async () => {
    const app = await startApp({
      delivery: ownQueue(redis, {
        attempts: 1,
        concurrency: 2,
        handlerTimeout: 200,
      }),
    });
    const heard: string[] = [];
    const alerts: DeliveryFailedEvent[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ transactionId }: PaymentApprovedEvent) => {
        heard.push(transactionId);
        if (transactionId.startsWith('hang')) return new Promise(() => {});
        return undefined;
      },
    );
    app.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) => alerts.push(event));

    for (const id of ['hang-1', 'hang-2', 't-1']) {
      await call(app, callbackQuery({ transactionId: id }));
    }

    await expect.poll(() => heard).toEqual(['hang-1', 'hang-2', 't-1']);
    await expect.poll(() => alerts).toHaveLength(2);
    expect(alerts[0]?.reason).toContain('did not finish in 200 ms');
  });

  it('leaves a payment to other instances if it ends beside a handler that does not end', async () => {
    const options = { queueName: ownQueueName(redis), lockDuration: 1000 };
    const hanging = new RecordingProcessor({
      books: () => new Promise(() => {}),
    });
    const first = await startDelivery(ownQueue(redis, options), hanging);
    await first.delivery.accept(APPROVED);
    await expect.poll(() => hanging.calls).toHaveLength(1);

    await first.close();

    const processor = new RecordingProcessor();
    await startDelivery(ownQueue(redis, options), processor);
    await expect.poll(() => processor.published).toEqual([APPROVED]);
  }, 20_000);

  it.each([[undefined], [null], ['boom'], [new DelayedError('later')]])(
    'counts whatever a handler throws as a failure: %s',
    async (thrown) => {
      const app = await startApp({
        delivery: ownQueue(redis, { attempts: 2 }),
      });
      let calls = 0;
      const alerts: DeliveryFailedEvent[] = [];
      app.emitter.on(PLUTU_EVENTS.paymentApproved, async () => {
        calls++;
        throw thrown;
      });
      app.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) =>
        alerts.push(event),
      );

      await call(app, callbackQuery());

      await expect.poll(() => alerts).toHaveLength(1);
      expect(calls).toBe(2);
      expect(alerts[0]?.reason).toBeTypeOf('string');
    },
  );

  it.each<[string, unknown]>([
    [
      'an AggregateError',
      new AggregateError([new Error('one'), new Error('two')], 'one; two'),
    ],
    ['a very long message', new Error('x'.repeat(5_000_000))],
    ['a very long text', 'x'.repeat(5_000_000)],
  ])(
    'publishes again what failed with %s, and keeps little of it in Redis',
    async (_, thrown) => {
      const queueName = ownQueueName(redis);
      const app = await startApp({
        delivery: ownQueue(redis, { queueName, attempts: 2 }),
      });
      let failures = 0;
      const alerts: DeliveryFailedEvent[] = [];
      const heard: unknown[] = [];
      app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
        if (++failures <= 2) throw thrown;
        heard.push(1);
      });
      app.emitter.on(PLUTU_EVENTS.deliveryFailed, (event) =>
        alerts.push(event),
      );

      await call(app, callbackQuery());
      await expect.poll(() => alerts).toHaveLength(1);

      const [job] = await lookInto(redis, queueName).getFailed();
      expect(job?.stacktrace).toHaveLength(2);
      expect(JSON.stringify(job).length).toBeLessThan(20_000);
      expect(alerts[0]?.reason).toMatch(/^listeners: (one; two|x{900,1000})$/);

      await call(app, callbackQuery());
      await expect.poll(() => heard).toHaveLength(1);
    },
  );

  it('hands consumers of another instance the event as it was signed, of the same class', async () => {
    const queueName = ownQueueName(redis);
    const web = await startApp({
      delivery: ownQueue(redis, { queueName, worker: false }),
    });
    const heard: PaymentApprovedEvent[] = [];
    const worker = await startApp({
      delivery: ownQueue(redis, { queueName }),
    });
    worker.emitter.on(PLUTU_EVENTS.paymentApproved, (event) =>
      heard.push(event),
    );

    await call(web, callbackQuery({ amount: '1234567.8' }));

    await expect.poll(() => heard).toHaveLength(1);
    const signed = approved({ amount: '1234567.8' });
    expect(heard).toStrictEqual([signed]);
    expect(heard[0]).toBeInstanceOf(PaymentApprovedEvent);
    expect(heard[0]).toMatchObject({
      amount: '1234567.8',
      amountMinor: 123456780,
    });
    const [job] = await lookInto(redis, queueName).getCompleted();
    expect(job).toMatchObject({
      id: signed.id,
      data: { record: { version: 1, payment: { id: signed.id } } },
    });
  });

  it('does not publish a record of a version that it does not know', async () => {
    const queueName = ownQueueName(redis);
    const app = await startApp({ delivery: ownQueue(redis, { queueName }) });
    const heard: unknown[] = [];
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => heard.push(1));
    const logged = recordErrors();

    const job = await lookInto(redis, queueName).add(
      'approved',
      {
        record: { ...newRecord(APPROVED), version: 2, booked: true },
        arrival: 'another',
      },
      { jobId: APPROVED.id, attempts: 1 },
    );

    await expect.poll(() => job.isFailed()).toBe(true);
    await expect
      .poll(logged)
      .toMatch(
        /job .* of .*, attempt 1: .* record of version 2, .* reads version 1/,
      );
    expect(await call(app, callbackQuery())).toBe(202);
    expect(heard).toEqual([]);
  });

  it('finishes a payment also if a listener to any event does not end', async () => {
    const queueName = ownQueueName(redis);
    const app = await startApp({
      delivery: ownQueue(redis, { queueName, handlerTimeout: 200 }),
    });
    app.emitter.onAny(() => new Promise(() => {}));

    await call(app, callbackQuery());

    const queue = lookInto(redis, queueName);
    await expect.poll(() => queue.getCompletedCount()).toBe(1);
  });

  it('outlives a job that is not its own', async () => {
    const queueName = ownQueueName(redis);
    const app = await startApp({ delivery: ownQueue(redis, { queueName }) });
    const queue = app.app.get<Queue>(getQueueToken(queueName), {
      strict: false,
    });
    const job = await queue.add('x', { hello: 1 }, { attempts: 1 });

    await expect.poll(() => job.isFailed()).toBe(true);
    expect(await call(app, callbackQuery())).toSatisfy(isAccepted);
  });

  it("goes through the application's own BullModule if it is given no connection", async () => {
    const { url } = redis ?? { url: '' };
    const queueName = ownQueueName(redis);
    const shared = await startApp(
      { delivery: bullMqDelivery({ queueName }) },
      { imports: [BullModule.forRoot({ connection: { url } })] },
    );
    const heard: unknown[] = [];
    shared.emitter.on(PLUTU_EVENTS.paymentApproved, () => heard.push(1));

    expect(await call(shared, callbackQuery())).toSatisfy(isAccepted);
    await expect.poll(() => heard).toHaveLength(1);
  });

  it('works on its own Redis, whatever the application registers under its name', async () => {
    const queueName = ownQueueName(redis);
    const another = new URL(redis?.url ?? '');
    another.pathname = '/1';
    const url = String(another);
    ownQueueName({ url }, queueName);
    const app = await startApp(
      { delivery: ownQueue(redis, { queueName }) },
      {
        imports: [
          BullModule.forRoot({ connection: { url } }),
          BullModule.registerQueue({ name: queueName }),
        ],
      },
    );
    const heard: unknown[] = [];
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => heard.push(1));

    expect(await call(app, callbackQuery())).toSatisfy(isAccepted);
    await expect.poll(() => heard).toHaveLength(1);
  });

  it("publishes under the prefix of the application's own BullModule", async () => {
    const queueName = ownQueueName(redis);
    const app = await startApp(
      { delivery: ownQueue(redis, { queueName }) },
      {
        imports: [
          BullModule.forRoot({
            connection: { url: redis?.url ?? '' },
            prefix: 'shop',
          }),
        ],
      },
    );
    const heard: unknown[] = [];
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => heard.push(1));

    expect(await call(app, callbackQuery())).toSatisfy(isAccepted);
    await expect.poll(() => heard).toHaveLength(1);
  });

  it("traces publishing with the telemetry of the application's own BullModule", async () => {
    const queueName = ownQueueName(redis);
    const telemetry = new RecordingTelemetry();
    const app = await startApp(
      { delivery: ownQueue(redis, { queueName }) },
      {
        imports: [
          BullModule.forRoot({
            connection: { url: redis?.url ?? '' },
            telemetry,
          }),
        ],
      },
    );

    await call(app, callbackQuery());

    await expect.poll(() => telemetry.spans).toContain(`process ${queueName}`);
  });

  it('keeps what it gave up on for longer than it remembers what was published', async () => {
    const processor = new RecordingProcessor({
      books: () => {
        throw new Error('the database is down');
      },
    });
    const queueName = ownQueueName(redis);
    const { delivery } = await startDelivery(
      ownQueue(redis, { queueName, attempts: 1, rememberFor: 1000 }),
      processor,
    );
    await delivery.accept(APPROVED);
    await expect.poll(() => processor.failures).toHaveLength(1);
    // BullMQ removes what is too old when the next one ends.
    await sleep(1500);
    await delivery.accept(approved({ transactionId: 't-2' }));
    await expect.poll(() => processor.failures).toHaveLength(2);

    expect(await lookInto(redis, queueName).getFailedCount()).toBe(2);
  });

  it('by default tries for two to five hours, and each payment at moments of its own', async () => {
    const queueName = ownQueueName(redis);
    const { delivery } = await startDelivery(
      bullMqDelivery({
        connection: { url: redis?.url ?? '' },
        queueName,
        worker: false,
      }),
      new RecordingProcessor(),
    );
    await delivery.accept(APPROVED);

    const [job] = await lookInto(redis, queueName).getWaiting();
    if (!job) throw new Error('There is no job.');
    const { attempts = 0, backoff } = job.opts;
    if (typeof backoff !== 'object') throw new TypeError('No backoff.');
    const hours = Array.from({ length: 20 }, () => {
      let pauses = 0;
      for (let made = 1; made < attempts; made++) {
        const error = new Error('the database is down');
        pauses += Number(Backoffs.calculate(backoff, made, error, job));
      }
      return pauses / 3_600_000;
    });

    expect(attempts).toBe(15);
    expect(Math.min(...hours)).toBeGreaterThan(2);
    expect(Math.max(...hours)).toBeLessThan(5);
    expect(new Set(hours).size).toBeGreaterThan(1);
  });

  it('can be looked at and repaired with what BullMQ offers, under its queue', async () => {
    const queueName = ownQueueName(redis);
    const app = await startApp({
      delivery: ownQueue(redis, { queueName, attempts: 1 }),
    });
    let isFixed = false;
    const heard: string[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ invoiceNo }: PaymentApprovedEvent) => {
        if (!isFixed) throw new Error('the database is down');
        heard.push(invoiceNo);
      },
    );
    const queue = app.app.get<Queue>(getQueueToken(queueName), {
      strict: false,
    });
    await call(app, callbackQuery());
    await expect.poll(() => queue.getJobCounts()).toMatchObject({ failed: 1 });
    isFixed = true;

    const [job] = await queue.getFailed();
    await job?.retry();

    await expect.poll(() => heard).toEqual(['inv-1']);
  });
});

describe.skipIf(
  isMissing(canStartRedis, {
    suite: 'the delivery through BullMQ while Redis is away',
    howToGetIt: HOW_TO_START_REDIS,
  }),
)('if Redis fails,', () => {
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
      PLUTU_EVENTS.paymentApproved,
      ({ invoiceNo }: PaymentApprovedEvent) => heard.push(invoiceNo),
    );
    const check = () =>
      app.app
        .get(HealthCheckService, { strict: false })
        .check([() => app.app.get(PlutuHealthIndicator).isHealthy('plutu')]);
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
    await expect.poll(() => call(app, callbackQuery())).toBe(200);
    await expect.poll(() => heard).toEqual(['inv-1']);
    await expect(check()).resolves.toMatchObject({ status: 'ok' });
  }, 30_000);

  it('the health check is down while Redis is full or read-only', async () => {
    const own = await OwnRedis.start();
    onTestFinished(() => own.close());
    const { delivery } = await startDelivery(
      bullMqDelivery({
        connection: { url: own.url },
        queueName: uniqueQueueName(),
        worker: false,
      }),
      new RecordingProcessor(),
    );
    const admin = new Redis(own.url);
    onTestFinished(() => admin.disconnect());
    await expect(delivery.ready?.()).resolves.toBeUndefined();

    await admin.config('SET', 'maxmemory', '1');
    await expect(delivery.ready?.()).rejects.toThrow('OOM');
    await admin.config('SET', 'maxmemory', '0');
    await admin.replicaof('127.0.0.1', await freePort());
    await expect(delivery.ready?.()).rejects.toThrow('READONLY');
    await admin.replicaof('NO', 'ONE');
    await expect(delivery.ready?.()).resolves.toBeUndefined();
  });

  it.each(['since the start', 'since later'])(
    'the application still closes: %s',
    async (since) => {
      const own = await OwnRedis.start();
      onTestFinished(() => own.close());
      if (since === 'since the start') await own.kill();
      const { close } = await startDelivery(
        bullMqDelivery({
          connection: { url: own.url },
          queueName: uniqueQueueName(),
        }),
        new RecordingProcessor(),
      );
      await sleep(500);
      await own.kill();

      const start = performance.now();
      await close();
      expect(performance.now() - start).toBeLessThan(5000);
    },
    20_000,
  );

  it('health checks do not pile up in memory', async () => {
    const own = await OwnRedis.start();
    onTestFinished(() => own.close());
    const { delivery } = await startDelivery(
      bullMqDelivery({
        connection: { url: own.url },
        queueName: uniqueQueueName(),
        worker: false,
        acceptTimeout: 300,
      }),
      new RecordingProcessor(),
    );
    const check = async () => delivery.ready?.();
    await check();
    await own.kill();

    const checks = Array.from({ length: 50 }, check);
    const outcomes = await Promise.allSettled(checks);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);

    await own.start();
    const admin = new Redis(own.url);
    onTestFinished(() => admin.disconnect());
    const writes = async () =>
      Number(
        /cmdstat_set:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1],
      );
    await expect.poll(writes).toBeGreaterThan(0);
    expect(await writes()).toBeLessThan(5);
  }, 20_000);

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
    const delivery = app.app.get(BullMqPaymentDelivery);
    await own.kill();

    const arrivals = Array.from({ length: 1001 }, (_, i) =>
      delivery.accept(approved({ transactionId: `t-${i}` })),
    );
    const outcomes = Promise.allSettled(arrivals.slice(0, 1000));
    await expect(arrivals[1000]).rejects.toThrow('1000 payments are waiting');

    await own.start();
    await outcomes;
  }, 30_000);
});

describe('options of a delivery that cannot work', () => {
  const connection = { url: 'redis://127.0.0.1:6379' };
  const queueName = 'payments';

  it.each<[string, object]>([
    ['delivery.queueName', { connection }],
    ['delivery.queueName', { connection, queueName: 'a:b' }],
    ['delivery.connection', { queueName, connection: { url: undefined } }],
    ['delivery.connection', { queueName, connection: { url: '' } }],
    ['delivery.rememberFor', { connection, queueName, rememberFor: 0 }],
    ['delivery.rememberFor', { connection, queueName, rememberFor: Infinity }],
    ['delivery.attempts', { connection, queueName, attempts: Number.NaN }],
    ['delivery.acceptTimeout', { connection, queueName, acceptTimeout: 1e12 }],
    ['delivery.concurrency', { connection, queueName, concurrency: 0.5 }],
  ])('%s: %j', (option, options) => {
    expect(() => bullMqDelivery(options as never)).toThrow(
      expect.objectContaining({ code: 'PLUTU_CONFIGURATION', option }),
    );
  });

  it.each<[string, object]>([
    ['delivery.max', { max: 0 }],
    ['delivery.rememberFor', { rememberFor: 1.5 }],
    ['delivery.handlerTimeout', { handlerTimeout: Infinity }],
  ])('%s: %j', (option, options) => {
    expect(() => inProcessDelivery(options)).toThrow(
      expect.objectContaining({ code: 'PLUTU_CONFIGURATION', option }),
    );
  });

  it.each(['redis://:s3cret-pass@127.0.0.1:6379', ''])(
    'delivery.connection as text is refused, and not repeated: %j',
    (url) => {
      const refused = caught(() =>
        bullMqDelivery({ queueName, connection: url as never }),
      );
      expect(refused).toMatchObject({
        code: 'PLUTU_CONFIGURATION',
        option: 'delivery.connection',
        message: expect.stringContaining('{ url }'),
      });
      expect(inspect(refused)).not.toContain('s3cret-pass');
    },
  );

  it.each([true, false])(
    'a queue is refused if nothing says where its Redis is, with worker: %s',
    async (worker) => {
      await expect(
        startApp({ delivery: bullMqDelivery({ queueName, worker }) }),
      ).rejects.toMatchObject({
        code: 'PLUTU_CONFIGURATION',
        option: 'delivery.connection',
      });
    },
  );
});

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
