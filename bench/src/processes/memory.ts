/** Accepts callbacks in the process, and tells what that leaves in memory. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  FastifyAdapter,
  type NestFastifyApplication,
} from '@nestjs/platform-fastify';
import {
  inProcessDelivery,
  OnPaymentApproved,
  PlutuModule,
} from 'nestjs-plutu';
import { ACCOUNT, CALLBACK_PATH, callbackOf } from '../callbacks.js';
import { runMany, serve } from './serve.js';

export interface MemorySettings {
  /** How many callbacks to remember. */
  readonly max: number;
}

const { max } = JSON.parse(process.argv[2] ?? '') as MemorySettings;

@Injectable()
class OrdersService {
  @OnPaymentApproved()
  async paid(): Promise<void> {}
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    PlutuModule.forRoot({ ...ACCOUNT, delivery: inProcessDelivery({ max }) }),
  ],
  providers: [OrdersService],
})
class ShopModule {}

const app = await NestFactory.create<NestFastifyApplication>(
  ShopModule,
  new FastifyAdapter(),
  { logger: false },
);
await app.init();

serve(undefined, async ({ count }: { count: number }) => {
  await runMany(count, 1, async (index) => {
    const { query } = callbackOf(`t-${index}`);
    const url = `${CALLBACK_PATH}?${query}`;
    const { statusCode } = await app.inject({ method: 'GET', url });
    if (statusCode !== 200) throw new Error(`Answered with ${statusCode}.`);
  });
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
});
