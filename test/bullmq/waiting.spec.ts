import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  newRecord,
  PAYMENT_PROCESSOR,
  PLUTU_EVENTS,
  type PaymentDelivery,
  type PaymentProcessor,
} from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { call, lookInto, ownQueue } from '../support/queue.js';
import { firstOf } from '../support/race.js';
import { findRedis, HOW_TO_GET_REDIS, ownQueueName } from '../support/redis.js';
import { isMissing } from '../support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

const PAGE = 'https://shop.example/orders/done';

/** A customer's browser comes back; resolves to what it gets, and how soon. */
async function comeBack({ url }: TestApp, transactionId = 't-1') {
  const began = performance.now();
  const response = await fetch(
    `${url}/plutu/mpgs/callback?${callbackQuery({ transactionId })}`,
    { headers: { accept: 'text/html' }, redirect: 'manual' },
  );
  const { status, headers } = response;
  const body = await response.text();
  const ms = performance.now() - began;
  return { status, location: headers.get('location'), body, ms };
}

describe.skipIf(
  isMissing(redis, {
    suite: 'customers who wait while a payment goes through BullMQ',
    howToGetIt: HOW_TO_GET_REDIS,
  }),
)('the browser of a customer who has paid', () => {
  /** One instance that only takes callbacks, and one that publishes them. */
  async function startPair(handle: () => Promise<void>, browserWait?: number) {
    const queueName = ownQueueName(redis);
    const web = await startApp({
      redirect: PAGE,
      browserWait,
      delivery: ownQueue(redis, { queueName, worker: false }),
    });
    const worker = await startApp({ delivery: ownQueue(redis, { queueName }) });
    worker.emitter.on(PLUTU_EVENTS.paymentApproved, handle);
    return { web, worker, queue: lookInto(redis, queueName) };
  }

  it('waits until another instance has booked the payment, and is led on then', async () => {
    let booked = false;
    const { web } = await startPair(async () => {
      await sleep(600);
      booked = true;
    });

    const { status, location, ms } = await comeBack(web);

    expect(booked).toBe(true);
    expect(status).toBe(303);
    expect(location).toContain(`${PAGE}?`);
    expect(location).toContain('outcome=approved');
    expect(ms).toBeLessThan(3000);
  });

  it('is shown the page that asks again if that takes too long', async () => {
    let finish = () => {};
    const handled = new Promise<void>((resolve) => (finish = resolve));
    const { web } = await startPair(() => handled, 400);

    const first = await comeBack(web);
    expect(first).toMatchObject({ status: 202, location: null });
    expect(first.body).toContain('<html');
    expect(first.ms).toBeGreaterThan(350);
    expect(first.ms).toBeLessThan(3000);

    // A program does not wait at all.
    expect(await call(web, callbackQuery())).toBe(202);

    finish();
    await expect.poll(async () => (await comeBack(web)).status).toBe(303);
  });

  it('does not wait if a hundred others do already', async () => {
    const { web, worker, queue } = await startPair(async () => {}, 5_000);
    await worker.app.close();

    const waiting = Array.from({ length: 100 }, (_, i) =>
      comeBack(web, `t-${i}`),
    );
    await expect.poll(() => queue.getWaitingCount()).toBe(100);
    const oneTooMany = comeBack(web, 'another');

    expect(await firstOf({ waiting, oneTooMany: [oneTooMany] })).toBe(
      'oneTooMany',
    );
    expect((await oneTooMany).status).toBe(202);
    for (const { status, ms } of await Promise.all(waiting)) {
      expect(status).toBe(202);
      expect(ms).toBeGreaterThan(4_500);
    }
    // They have made room.
    expect((await comeBack(web, 'another')).ms).toBeGreaterThan(4_500);
  }, 30_000);
});

describe('the browser of a customer who has paid, with a delivery that cannot be asked', () => {
  it('is led on as soon as the same instance has booked the payment', async () => {
    const app = await startApp({
      redirect: PAGE,
      delivery: {
        // Accepts first, and publishes in its own time.
        useFactory: (processor: PaymentProcessor): PaymentDelivery => ({
          accept: async (payment) => {
            setTimeout(() => {
              void processor.process(newRecord(payment), async () => {}, 1000);
            }, 300);
            return { duplicate: false, booked: undefined };
          },
        }),
        inject: [PAYMENT_PROCESSOR],
      },
    });

    const { status, location, ms } = await comeBack(app);

    expect(status).toBe(303);
    expect(location).toContain('outcome=approved');
    expect(ms).toBeLessThan(2500);
  });

  it('waits no longer for the booking and the acceptance together than for one', async () => {
    const app = await startApp({
      redirect: PAGE,
      browserWait: 3_000,
      delivery: {
        useFactory: (): PaymentDelivery => ({
          accept: async () => {
            await sleep(2_500);
            return { duplicate: false, booked: undefined };
          },
        }),
      },
    });

    const { status, ms } = await comeBack(app);

    expect(status).toBe(202);
    expect(ms).toBeLessThan(5_000);
  });
});
