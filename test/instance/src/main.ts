/**
 * One of several instances of a shop, in a process of its own. Its books are
 * kept by the process that started it, to which it talks over IPC.
 */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  OnPaymentApproved,
  PlutuModule,
  type PaymentApprovedEvent,
} from 'nestjs-plutu';
import { bullMqDelivery } from 'nestjs-plutu/bullmq';

/** What the instance is started with, as JSON. */
export interface InstanceSettings {
  readonly secretKey: string;
  readonly redisUrl: string;
  readonly queueName: string;
  readonly port: number;
  /** In milliseconds. */
  readonly acceptTimeout: number;
  /** In milliseconds. */
  readonly lockDuration: number;
}

/** From the instance: a payment to enter in the books. */
export interface Entry {
  readonly id: number;
  readonly paymentId: string;
  readonly transactionId: string;
  readonly invoiceNo: string;
  readonly amountMinor: number;
}

/** To the instance: how that went. */
export interface EntryDone {
  readonly id: number;
  readonly error?: string;
}

const settings = JSON.parse(process.argv[2] ?? '') as InstanceSettings;

@Injectable()
class PaymentsService {
  private readonly waiting = new Map<number, (done: EntryDone) => void>();
  private entries = 0;

  constructor() {
    process.on('message', (done: EntryDone) => {
      this.waiting.get(done.id)?.(done);
      this.waiting.delete(done.id);
    });
  }

  @OnPaymentApproved()
  async paid(event: PaymentApprovedEvent): Promise<void> {
    const { id: paymentId, transactionId, invoiceNo, amountMinor } = event;
    const id = ++this.entries;
    const { error } = await new Promise<EntryDone>((resolve) => {
      this.waiting.set(id, resolve);
      process.send?.({ id, paymentId, transactionId, invoiceNo, amountMinor });
    });
    if (error) throw new Error(error);
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    PlutuModule.forRoot({
      apiKey: 'test-api-key',
      accessToken: 'test-access-token',
      secretKey: settings.secretKey,
      delivery: bullMqDelivery({
        connection: { url: settings.redisUrl },
        queueName: settings.queueName,
        acceptTimeout: settings.acceptTimeout,
        lockDuration: settings.lockDuration,
      }),
    }),
  ],
  providers: [PaymentsService],
})
class InstanceModule {}

const app = await NestFactory.create(InstanceModule, { logger: ['fatal'] });
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');
process.send?.('listening');
