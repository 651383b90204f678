import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module, Scope } from '@nestjs/common';
import {
  EventEmitter2,
  EventEmitterModule,
  OnEvent,
} from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  PLUTU_EVENTS,
  OnCallbackRejected,
  OnCheckoutCreated,
  OnPaymentApproved,
  OnPaymentCanceled,
  OnPaymentIncomplete,
  PlutuModule,
  type CallbackRejectedEvent,
  type CheckoutCreatedEvent,
  type PaymentApprovedEvent,
  type PaymentEvent,
} from '../../src/index.js';
import { ACCOUNT, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { answeringServer } from '../support/servers.js';

const approved = callbackQuery();
const canceled = callbackQuery({ outcome: 'canceled' });
const incomplete = callbackQuery({ outcome: 'incomplete' });

async function call(url: string, query: string): Promise<number> {
  const response = await fetch(`${url}/plutu/mpgs/callback?${query}`);
  return response.status;
}

describe('an application hears of a payment once', () => {
  it('by emitter.on and by @OnEvent, on the one emitter it has', async () => {
    const heard: string[] = [];

    @Injectable()
    class Orders {
      @OnEvent(PLUTU_EVENTS.paymentApproved)
      paid(event: PaymentApprovedEvent): void {
        heard.push(`@OnEvent ${event.invoiceNo}`);
      }
    }

    const { url, app, emitter } = await startApp({}, { providers: [Orders] });
    emitter.on(PLUTU_EVENTS.paymentApproved, (event: PaymentEvent) =>
      heard.push(`on ${event.invoiceNo}`),
    );

    await call(url, approved);
    await call(url, approved);

    expect(heard.toSorted()).toEqual(['@OnEvent inv-1', 'on inv-1']);
    expect(app.get(EventEmitter2, { strict: false, each: true })).toHaveLength(
      1,
    );
  });

  it('also where its emitter is not global, or comes after the module', async () => {
    const heard: unknown[] = [];

    @Injectable()
    class Orders {
      @OnPaymentApproved()
      paid(event: PaymentApprovedEvent): void {
        heard.push(event.invoiceNo);
      }
    }

    @Module({
      imports: [EventEmitterModule.forRoot({ global: false })],
      providers: [Orders],
    })
    class OrdersModule {}

    const testingModule = await Test.createTestingModule({
      imports: [PlutuModule.forRoot(ACCOUNT), OrdersModule],
    }).compile();
    const app = testingModule.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');

    expect(await call(await app.getUrl(), approved)).toBe(200);
    expect(heard).toEqual(['inv-1']);
  });

  it('by a wildcard, all kinds of them', async () => {
    const heard: unknown[] = [];
    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot({ wildcard: true }),
        PlutuModule.forRoot(ACCOUNT),
      ],
    }).compile();
    const app = testingModule.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const emitter = app.get(EventEmitter2);
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {});
    emitter.on('plutu.*.*', (event: object) =>
      heard.push(event.constructor.name),
    );

    const url = await app.getUrl();
    for (const query of [approved, canceled, incomplete, 'hashed=0']) {
      await call(url, query);
    }

    expect(heard).toEqual([
      'PaymentApprovedEvent',
      'PaymentCanceledEvent',
      'PaymentIncompleteEvent',
      'CallbackRejectedEvent',
    ]);
  });
});

describe('where a handler fails', () => {
  it('the others are waited for, so that the next arrival calls none of them twice at once', async () => {
    const { url, emitter } = await startApp();
    let crediting = 0;
    let mostAtOnce = 0;
    let mails = 0;
    emitter.on(PLUTU_EVENTS.paymentApproved, async () => {
      mostAtOnce = Math.max(mostAtOnce, ++crediting);
      await sleep(100);
      crediting--;
    });
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      if (++mails === 1) throw new Error('the mail server is down');
    });

    expect(await call(url, approved)).toBe(503);
    expect(crediting).toBe(0);
    expect(await call(url, approved)).toBe(200);
    expect(mostAtOnce).toBe(1);
  });

  it('by a throw, no promise of another is left alone to end the process', async () => {
    const { url, emitter } = await startApp();
    for (const name of [
      PLUTU_EVENTS.paymentApproved,
      PLUTU_EVENTS.callbackRejected,
    ]) {
      emitter.on(name, async () => {
        throw new Error('the first');
      });
      emitter.on(name, () => {
        throw new Error('the second');
      });
    }
    // Vitest fails the run for a rejection that nobody handles.
    expect(await call(url, approved)).toBe(503);
    expect(await call(url, 'hashed=0')).toBe(403);
  });

  it('all their messages are in the log', async () => {
    const lines: unknown[] = [];
    const logger = {
      log() {},
      warn() {},
      error: (...all: unknown[]) => lines.push(all),
    };
    const { url, emitter } = await startApp({}, {}, { logger });
    for (const message of ['no such table', 'no such queue']) {
      emitter.on(PLUTU_EVENTS.paymentApproved, () => {
        throw new Error(message);
      });
    }

    await call(url, approved);

    expect(String(lines)).toContain('no such table');
    expect(String(lines)).toContain('no such queue');
  });
});

describe('an approved payment that nobody listens to', () => {
  it('is not taken, and counts as new once somebody does', async () => {
    const { url, emitter } = await startApp({}, { isDeaf: true });

    expect(await call(url, approved)).toBe(503);
    expect(await call(url, canceled)).toBe(200);

    const heard: unknown[] = [];
    emitter.once(PLUTU_EVENTS.paymentApproved, (event) => heard.push(event));
    expect(await call(url, approved)).toBe(200);
    expect(heard).toHaveLength(1);
  });
});

it('a handler of an open checkout that does not end keeps nobody waiting', async () => {
  const plutu = await answeringServer(200, {
    result: { redirect_url: 'https://x.example/c' },
  });
  const { mpgs, emitter } = await startApp({ baseUrl: plutu.url });
  emitter.on(PLUTU_EVENTS.checkoutCreated, () => new Promise(() => {}));

  await expect(
    mpgs.createCheckout({ amount: 5, invoiceNo: 'inv-1' }),
  ).resolves.toBeDefined();
});

describe('the typed decorators', () => {
  it('hand each event to its handler', async () => {
    const heard: Record<string, unknown> = {};

    @Injectable()
    class Handlers {
      @OnCheckoutCreated()
      created({ redirectUrl }: CheckoutCreatedEvent): void {
        heard['created'] = redirectUrl;
      }

      @OnPaymentApproved()
      approved({ outcome, amountMinor }: PaymentApprovedEvent): void {
        heard[outcome] = amountMinor;
      }

      @OnPaymentCanceled()
      @OnPaymentIncomplete()
      unpaid({ outcome, transactionId }: PaymentEvent): void {
        heard[outcome] = transactionId;
      }

      @OnCallbackRejected()
      rejected({ reason }: CallbackRejectedEvent): void {
        heard['rejected'] = reason;
      }
    }

    const plutu = await answeringServer(200, {
      result: { redirect_url: 'https://x.example/c' },
    });
    const { url, mpgs } = await startApp(
      { baseUrl: plutu.url },
      { providers: [Handlers] },
    );
    await mpgs.createCheckout({ amount: 5, invoiceNo: 'inv-1' });
    for (const query of [approved, canceled, incomplete, 'hashed=0']) {
      await call(url, query);
    }

    expect(heard).toEqual({
      created: 'https://x.example/c',
      approved: 500,
      canceled: 't-1',
      incomplete: 't-1',
      rejected: 'signature-mismatch',
    });
  });

  it.each([
    ['a handler', Scope.DEFAULT],
    ['a request-scoped handler', Scope.REQUEST],
  ])('do not swallow the error of %s', async (_name, scope) => {
    let attempts = 0;

    @Injectable({ scope })
    class Orders {
      @OnPaymentApproved()
      async paid(): Promise<void> {
        if (++attempts === 1) throw new Error('the database is down');
      }
    }

    const { url } = await startApp({}, { providers: [Orders] });
    expect(await call(url, approved)).toBe(503);
    expect(await call(url, approved)).toBe(200);
    expect(attempts).toBe(2);
  });
});
