import 'reflect-metadata';
import { getQueueToken } from '@nestjs/bullmq';
import { Injectable, type INestApplication } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { bullMqDelivery } from '../../src/bullmq/index.js';
import {
  MpgsService,
  OnPaymentApproved,
  PlutuModule,
  type PaymentApprovedEvent,
} from '../../src/index.js';
import {
  PlutuTestSandbox,
  recordPlutuEvents,
  type PlutuEventRecorder,
} from '../../src/testing/index.js';
import { findRedis, HOW_TO_GET_REDIS, ownQueueName } from '../support/redis.js';
import { isMissing } from '../support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

@Injectable()
class OrdersService {
  readonly paid: string[] = [];

  @OnPaymentApproved()
  onPaid({ invoiceNo }: PaymentApprovedEvent): void {
    this.paid.push(invoiceNo);
  }
}

interface Shop {
  readonly sandbox: PlutuTestSandbox;
  readonly app: INestApplication;
  readonly events: PlutuEventRecorder;
  readonly orders: OrdersService;
  /** Opens a checkout for an invoice and pays it. */
  pay(invoiceNo: string): Promise<void>;
}

/** An application under test, as the README starts it. */
async function startShop(queueName: string, worker = true): Promise<Shop> {
  const sandbox = await PlutuTestSandbox.start();
  onTestFinished(() => sandbox.close());
  const delivery = bullMqDelivery({
    queueName,
    worker,
    connection: { url: redis?.url ?? '' },
  });
  const module = await Test.createTestingModule({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({ ...sandbox.options, delivery }),
    ],
    providers: [OrdersService],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  const events = recordPlutuEvents(app);
  await sandbox.serve(app);
  return {
    sandbox,
    app,
    events,
    orders: app.get(OrdersService),
    pay: async (invoiceNo) => {
      await app.get(MpgsService).createCheckout({ amount: 5, invoiceNo });
      await sandbox.pay(invoiceNo);
    },
  };
}

/** As the README ends a test run. */
async function dropQueue(app: INestApplication, name: string): Promise<void> {
  await app.get<Queue>(getQueueToken(name)).obliterate({ force: true });
  await app.close();
}

describe.skipIf(
  isMissing(redis, {
    suite: 'the testing kit with a queue',
    howToGetIt: HOW_TO_GET_REDIS,
  }),
)('a test of an application with a queue', () => {
  it('hears of a payment that its own worker took out of the queue', async () => {
    const queueName = ownQueueName(redis);
    const shop = await startShop(queueName);
    onTestFinished(() => dropQueue(shop.app, queueName));

    await shop.pay('inv-1');

    await shop.events.next('approved', { invoiceNo: 'inv-1' });
    expect(shop.orders.paid).toEqual(['inv-1']);
  });

  it('is told that a running shop on its queue may have taken the payment', async () => {
    const queueName = ownQueueName(redis);
    const running = await startShop(queueName);
    // Which of two workers is faster is chance, so the test's has none.
    const tested = await startShop(queueName, false);
    onTestFinished(() => dropQueue(tested.app, queueName));

    await tested.pay('inv-1');
    await running.events.next('approved', { invoiceNo: 'inv-1' });

    await expect(
      tested.events.next('approved', { invoiceNo: 'inv-1', timeout: 50 }),
    ).rejects.toThrow(
      /callback to \S+: 202 \(accepted, but not published by this application\. .*another process on the same queue may have taken the payment.*a queue name of its own/,
    );
    expect(running.orders.paid).toEqual(['inv-1']);
  });

  it('hears only of its own payments with a queue name of its own, and leaves nothing in Redis', async () => {
    const names = [ownQueueName(redis), ownQueueName(redis)];
    const shops = await Promise.all(names.map((name) => startShop(name)));

    await Promise.all(shops.map((shop, i) => shop.pay(`inv-${i}`)));
    await Promise.all(
      shops.map(({ events }, i) =>
        events.next('approved', { invoiceNo: `inv-${i}` }),
      ),
    );

    expect(shops.map(({ orders }) => orders.paid)).toEqual([
      ['inv-0'],
      ['inv-1'],
    ]);
    await Promise.all(
      shops.map(({ app }, i) => dropQueue(app, names[i] ?? '')),
    );
    const client = new Redis(redis?.url ?? '');
    onTestFinished(() => client.disconnect());
    for (const name of names) {
      expect(await client.keys(`bull:${name}:*`)).toEqual([]);
    }
  });
});
