import 'reflect-metadata';
import {
  Logger,
  type INestApplication,
  type ModuleMetadata,
  type NestApplicationOptions,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { onTestFinished, vi } from 'vitest';
import {
  PLUTU_EVENTS,
  MpgsService,
  PlutuModule,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { vectors } from './vectors.js';

/** The account that the callback vectors were signed for. */
export const ACCOUNT = {
  apiKey: 'test-api-key-6d1f',
  accessToken: 'test-access-token-93ab',
  secretKey: vectors.secretKey,
  returnUrl: 'https://shop.example/plutu/mpgs/callback',
} satisfies PlutuModuleOptions;

export interface TestApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly mpgs: MpgsService;
  readonly emitter: EventEmitter2;
}

/**
 * A merchant's application on a free port, closed when the test is over.
 *
 * @param plutu options on top of {@link ACCOUNT}.
 */
export async function startApp(
  plutu: Partial<PlutuModuleOptions> = {},
  {
    configure,
    isDeaf = false,
    adapter = defaultAdapter(),
    ...metadata
  }: ModuleMetadata & {
    /** Default: that of {@link defaultAdapter}. */
    adapter?: AbstractHttpAdapter;
    configure?: (app: INestApplication) => void;
    /** Leave the test's own handlers alone: without any, a payment is not taken. */
    isDeaf?: boolean;
  } = {},
  options: NestApplicationOptions = {},
): Promise<TestApp> {
  const testingModule = await Test.createTestingModule({
    ...metadata,
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({ ...ACCOUNT, ...plutu }),
      ...(metadata.imports ?? []),
    ],
  }).compile();
  const app = testingModule.createNestApplication(adapter, {
    logger: false,
    ...options,
  });
  configure?.(app);
  const emitter = app.get(EventEmitter2);
  if (!isDeaf) emitter.on(PLUTU_EVENTS.paymentApproved, () => {});
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return {
    app,
    url: await app.getUrl(),
    // An account with a name, or without MPGS, has none.
    get mpgs() {
      return app.get(MpgsService);
    },
    emitter,
  };
}

/** Records what the application logs as errors, as one text. */
export function recordErrors(): () => string {
  const spy = vi.spyOn(Logger.prototype, 'error');
  onTestFinished(() => spy.mockRestore());
  return () => spy.mock.calls.flat().map(String).join('\n');
}

/** Records what an emitter publishes, in order. */
export function record(
  emitter: EventEmitter2,
): [name: string, event: unknown][] {
  const events: [string, unknown][] = [];
  emitter.onAny((name, event: unknown) => events.push([String(name), event]));
  return events;
}

/** Express, or what HTTP_PLATFORM names: every end-to-end test runs on both. */
export function defaultAdapter(): AbstractHttpAdapter {
  return process.env['HTTP_PLATFORM'] === 'fastify'
    ? new FastifyAdapter()
    : new ExpressAdapter();
}
