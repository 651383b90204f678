/** Accepts callbacks in the process, and tells what that leaves in memory. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  inProcessDelivery,
  MpgsCallbacks,
  OnMpgsPaymentApproved,
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
  @OnMpgsPaymentApproved()
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

const app = await NestFactory.createApplicationContext(ShopModule, {
  logger: false,
});
const callbacks = app.get(MpgsCallbacks);

serve(undefined, async ({ count }: { count: number }) => {
  await runMany(count, 1, async (index) => {
    const { query } = callbackOf(`t-${index}`);
    const callback = await callbacks.verify(`${CALLBACK_PATH}?${query}`);
    await callbacks.deliver(callback);
  });
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
});
