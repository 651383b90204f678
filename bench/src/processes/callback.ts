/** Answers callbacks that are injected, each after the other. */
import 'reflect-metadata';
import type { Server } from 'node:http';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LOG_LEVELS } from '../log-levels.js';
import type { Turn } from '../rounds.js';
import { createHttpAdapter, type HttpServer } from './http-adapter.js';
import { inject } from './inject.js';
import { serve } from './serve.js';

export interface CallbackSettings {
  readonly contestant: Contestant;
  readonly server: HttpServer;
}

export type Contestant = keyof typeof APPLICATIONS;

export interface CallbackTask {
  readonly count: number;
}

interface Application {
  readonly AppModule: Type;
  /** Hears of each payment, if the application tells anybody. */
  readonly OrdersService?: Type<{ handled: number }>;
}

const APPLICATIONS = {
  bare: (): Promise<Application> => import('./bare-app.module.js'),
  byHand: (): Promise<Application> => import('./by-hand-app.module.js'),
  ours: (): Promise<Application> => import('./plutu-app.module.js'),
  watched: (): Promise<Application> => import('./watched-app.module.js'),
  stripe: (): Promise<Application> => import('./stripe-app.module.js'),
};

const { contestant, server } = JSON.parse(
  process.argv[2] ?? '',
) as CallbackSettings;
const isStripe = contestant === 'stripe';
const { requestOf } = isStripe
  ? await import('./stripe-requests.js')
  : await import('./plutu-requests.js');
const { AppModule, OrdersService } = await APPLICATIONS[contestant]();
const app = await NestFactory.create(
  AppModule,
  await createHttpAdapter(server),
  { logger: false, rawBody: isStripe },
);
await app.listen(0, '127.0.0.1');
const httpServer = app.getHttpServer() as Server;
const orders = OrdersService && app.get(OrdersService);
let transactions = 0;

await checkRefusal();
app.useLogger([...LOG_LEVELS]);
serve(undefined, ({ count }: CallbackTask) => answer(count));

/** One turn. Everything is signed before the clock starts. */
async function answer(count: number): Promise<Turn> {
  const requests = Array.from({ length: count }, () =>
    requestOf(`t-${transactions++}`),
  );
  const statuses: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (const request of requests) {
    statuses.push(await inject(httpServer, request));
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);

  const wrong = statuses.find((status) => status >= 300);
  if (wrong !== undefined || (orders && orders.handled !== transactions)) {
    throw new Error(
      `"${contestant}" answered with ${wrong ?? 'success'}, and handled ${orders?.handled} of ${transactions} payments.`,
    );
  }
  return { operations: count, seconds, cpuSeconds: (user + system) / 1e6 };
}

/** Whoever tells of payments has to refuse one that another key signed. */
async function checkRefusal(): Promise<void> {
  if (!orders) return;
  const forged = requestOf('t-forged', 'a-key-of-nobody');
  const status = await inject(httpServer, forged);
  if (status < 400 || orders.handled > 0) {
    throw new Error(`"${contestant}" took a forged payment: ${status}.`);
  }
}
