/** Accepts callbacks: with a bare queue (the floor), or through the delivery. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Queue } from 'bullmq';
import {
  newRecord,
  PaymentApprovedEvent,
  PlutuModule,
  type SignedPayment,
} from 'nestjs-plutu';
import { BullMqPaymentDelivery, bullMqDelivery } from 'nestjs-plutu/bullmq';
import { ACCOUNT } from '../callbacks.js';
import { runMany, serve } from './serve.js';

export interface QueueSettings {
  readonly side: 'floor' | 'ours';
  readonly redisUrl: string;
  readonly queueName: string;
}

export interface QueueTask {
  readonly count: number;
  readonly inFlight: number;
  /** Whether all of them have arrived before. */
  readonly again?: boolean;
}

const { side, redisUrl, queueName } = JSON.parse(
  process.argv[2] ?? '',
) as QueueSettings;
const connection = { url: redisUrl };
const accept = side === 'ours' ? await throughDelivery() : throughQueue();
let transactions = 0;

serve(undefined, ({ count, inFlight, again }: QueueTask) => {
  const from = again ? 0 : transactions;
  transactions = Math.max(transactions, from + count);
  return runMany(count, inFlight, (index) => accept(paymentOf(from + index)));
});

async function throughDelivery() {
  @Module({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({
        ...ACCOUNT,
        delivery: bullMqDelivery({ connection, queueName, worker: false }),
      }),
    ],
  })
  class ShopModule {}

  const app = await NestFactory.createApplicationContext(ShopModule, {
    logger: false,
  });
  const delivery = app.get(BullMqPaymentDelivery);
  return (payment: SignedPayment) => delivery.accept(payment);
}

function throughQueue() {
  const queue = new Queue(queueName, {
    connection,
    defaultJobOptions: {
      attempts: 15,
      backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
      removeOnComplete: { age: 30 * 24 * 60 * 60 },
      removeOnFail: false,
    },
  });
  return (payment: SignedPayment) =>
    queue.add(
      payment.outcome,
      { record: newRecord(payment) },
      { jobId: payment.id },
    );
}

function paymentOf(transaction: number): SignedPayment {
  return new PaymentApprovedEvent({
    gateway: 'mpgs',
    invoiceNo: `INV-2026-${transaction}`,
    transactionId: `t-${transaction}`,
    amount: '25.50',
    currency: 'USD',
  });
}
