import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  MpgsService,
  OnPaymentApproved,
  PlutuModule,
  type PaymentApprovedEvent,
} from 'nestjs-plutu';
import { bullMqDelivery } from 'nestjs-plutu/bullmq';
import { PlutuSandbox } from 'nestjs-plutu/sandbox';

let heard = (_invoiceNo: string): void => {};

@Injectable()
class PaymentsService {
  @OnPaymentApproved()
  async paid(event: PaymentApprovedEvent): Promise<void> {
    heard(event.invoiceNo);
  }
}

/** Pays, and prints what came out of the queue. */
async function main(): Promise<void> {
  const sandbox = await PlutuSandbox.start();

  @Module({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({
        ...sandbox.credentials,
        baseUrl: sandbox.baseUrl,
        delivery: bullMqDelivery({
          connection: { url: process.env['REDIS_URL'] ?? '' },
          queueName: randomUUID(),
          rememberFor: 1000,
        }),
      }),
    ],
    providers: [PaymentsService],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const published = new Promise<string>((resolve) => (heard = resolve));
  await app.get(MpgsService).createCheckout({
    amount: 5,
    invoiceNo: 'inv-1',
    returnUrl: `${await app.getUrl()}/plutu/mpgs/callback`,
  });
  await sandbox.pay('inv-1');
  process.stdout.write(`${await published} came out of the queue.\n`);
  await app.close();
  await sandbox.close();
}

void main();
