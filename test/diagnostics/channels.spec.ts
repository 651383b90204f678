import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Injectable } from '@nestjs/common';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  adfali,
  ADFALI,
  OnPaymentApproved,
  PLUTU_CHANNELS,
  PLUTU_EVENTS,
  sadad,
  SADAD,
  tlync,
  type InvoiceSource,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { traced } from '../../src/diagnostics/traced.js';
import { publishBooked } from '../../src/diagnostics/channels.js';
import { sqlJournal } from '../../src/sql/index.js';
import { ACCOUNT, recordErrors, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { listen, listenToAll } from '../support/channels.js';
import {
  createDatabase,
  executorOf,
  findPostgres,
  HOW_TO_GET_POSTGRES,
} from '../support/databases.js';
import { otpShop, PAID, refusal } from '../support/otp-contract.js';
import { call, ownQueue } from '../support/queue.js';
import { findRedis, HOW_TO_GET_REDIS } from '../support/redis.js';
import { answeringServer, httpServer } from '../support/servers.js';
import { isMissing } from '../support/tools.js';

const redis = await findRedis();
const postgres = await findPostgres();
afterAll(async () => {
  await redis?.close();
  await postgres?.close();
});

const PAYMENT = {
  paymentId: expect.stringMatching(/^[\w-]+$/),
  account: 'default',
  tenant: undefined,
  gateway: 'mpgs',
  invoiceNo: 'inv-1',
  orderNo: 'inv-1',
  transactionId: 't-1',
  outcome: 'approved',
  amount: '5.00',
  currency: 'USD',
};

/** Two consumers, one of which fails a given number of times. */
@Injectable()
class Orders {
  failures = 0;

  @OnPaymentApproved({ consumer: 'booking' })
  async book() {
    if (this.failures-- > 0) throw new Error('the database is down');
  }

  @OnPaymentApproved({ consumer: 'stock' })
  reserve() {}
}

/** What is due is another amount. */
@Injectable()
class Invoices implements InvoiceSource {
  findInvoice() {
    return { amount: '7.50', currency: 'USD' };
  }
}

type Through = Pick<PlutuModuleOptions, 'delivery' | 'journal'>;

async function startShop(through: Through, failures: number) {
  const shop = await startApp(through, { isDeaf: true, providers: [Orders] });
  shop.app.get(Orders).failures = failures;
  return shop;
}

describe('a request to Plutu is traced', () => {
  it('with its answer, and without the checkout that it opened', async () => {
    const redirect_url = 'https://plutu.example/checkout/1';
    const plutu = await answeringServer(200, { result: { redirect_url } });
    const { mpgs } = await startApp({ baseUrl: plutu.url });
    const requests = listen('request');

    await mpgs.createCheckout({ invoiceNo: 'inv-1', amount: '5.00' });

    expect(requests).toEqual([
      {
        account: 'default',
        tenant: undefined,
        gateway: 'mpgs',
        action: 'confirm',
        path: 'v1/transaction/mpgs/confirm',
        invoiceNo: 'inv-1',
        httpStatus: 200,
      },
    ]);
    expect(inspect(requests)).not.toContain(redirect_url);
  });

  it('with the code of its refusal, and once however often the connection is tried', async () => {
    const plutu = await answeringServer(400, {
      error: { status: 400, code: 'UNAUTHORIZED', message: 'No' },
    });
    const refused = await startApp({ baseUrl: plutu.url });
    const away = await startApp({ baseUrl: 'http://127.0.0.1:9', retries: 1 });
    const requests = listen('request');

    for (const { mpgs } of [refused, away]) {
      const opening = mpgs.createCheckout({ invoiceNo: 'inv-1', amount: '5' });
      await expect(opening).rejects.toThrow('Plutu');
    }

    expect(requests).toMatchObject([
      {
        httpStatus: 400,
        errorCode: 'UNAUTHORIZED',
        error: { name: 'PlutuRefusedError' },
      },
      { errorCode: 'PLUTU_CONNECTION_FAILED' },
    ]);
    expect(requests).toHaveLength(2);
  });
});

describe('a callback is traced until it is answered', () => {
  it('as what it was: new, a duplicate, refused, unreadable', async () => {
    const app = await startApp();
    const callbacks = listen('callback');
    const unreadable = callbackQuery({ amount: '1,250.00' });

    for (const query of [
      callbackQuery(),
      callbackQuery(),
      'hashed=0',
      unreadable,
    ]) {
      await call(app, query);
    }

    await expect.poll(() => callbacks).toHaveLength(4);
    const about = { kind: 'callback', account: 'default', gateway: 'mpgs' };
    const paid = { ...about, tenant: undefined, payment: PAYMENT };
    expect(callbacks).toEqual(
      [
        { ...paid, arrival: 'new', httpStatus: 200 },
        { ...paid, arrival: 'duplicate', httpStatus: 200 },
        {
          ...about,
          arrival: 'refused',
          reason: 'signature-mismatch',
          httpStatus: 403,
        },
        {
          ...about,
          arrival: 'unreadable',
          reason: 'invalid-fields',
          httpStatus: 400,
        },
      ].map((one) => expect.objectContaining(one)),
    );
  });

  it('with pages, a forged one can be told from a genuine one, although both are redirected', async () => {
    const { url } = await startApp({ redirect: '/orders/done' });
    const callbacks = listen('callback');

    for (const query of [callbackQuery(), callbackQuery({}, 'another-key')]) {
      await fetch(`${url}/plutu/mpgs/callback?${query}`, {
        redirect: 'manual',
      });
    }

    await expect
      .poll(() => callbacks)
      .toMatchObject([
        { arrival: 'new', httpStatus: 303 },
        { arrival: 'refused', reason: 'signature-mismatch', httpStatus: 303 },
      ]);
  });

  it('as not accepted, with the error that its consumer threw', async () => {
    recordErrors();
    const app = await startShop({}, 1);
    const callbacks = listen('callback');

    await call(app, callbackQuery());

    await expect
      .poll(() => callbacks)
      .toMatchObject([
        {
          arrival: 'not-accepted',
          payment: PAYMENT,
          httpStatus: 503,
          error: { message: 'booking: the database is down' },
        },
      ]);
  });

  it('without a status, if the sender does not wait for it', async () => {
    let finish = () => {};
    const handled = new Promise<void>((resolve) => (finish = resolve));
    const { url, emitter } = await startApp();
    emitter.on(PLUTU_EVENTS.paymentApproved, () => handled);
    const callbacks = listen('callback');

    const signal = AbortSignal.timeout(200);
    await expect(
      fetch(`${url}/plutu/mpgs/callback?${callbackQuery()}`, { signal }),
    ).rejects.toThrow('timeout');
    await sleep(100); // until the server has noticed
    finish();

    await expect.poll(() => callbacks).toMatchObject([{ arrival: 'new' }]);
    expect(callbacks[0]).not.toHaveProperty('httpStatus');
  });

  it('and so is a customer who is back, which brings no payment', async () => {
    const { url } = await startApp({
      returnUrl: undefined,
      gateways: [tlync()],
    });
    const callbacks = listen('callback');

    await fetch(`${url}/plutu/tlync/return?approved=1&hashed=0`);

    await expect
      .poll(() => callbacks)
      .toMatchObject([
        {
          kind: 'return',
          gateway: 'tlync',
          arrival: 'refused',
          httpStatus: 403,
        },
      ]);
  });

  it('is within the trace while its consumers run', async () => {
    const store = new AsyncLocalStorage<unknown>();
    const { start } = tracingChannel(PLUTU_CHANNELS.callback);
    start.bindStore(store);
    onTestFinished(() => void start.unbindStore(store));
    const app = await startApp();
    let within: unknown;
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      within = store.getStore();
    });

    await call(app, callbackQuery());

    expect(within).toMatchObject({ kind: 'callback', gateway: 'mpgs' });
  });
});

describe('a confirm is traced', () => {
  it('with its error, and with its payment once the customer is charged', async () => {
    const { service, order } = await otpShop(
      { gateway: ADFALI, feature: adfali },
      { confirms: [refusal('INVALID_OTP'), PAID] },
    );
    const { token } = await service.sendOtp(order);
    const confirms = listen('confirm');

    await service.confirm({ token, code: '1111' }).catch(() => {});
    await service.confirm({ token, code: '4242' });
    await service.confirm({ token, code: '4242' });

    const about = { gateway: 'edfali', invoiceNo: 'inv-1', orderNo: 'inv-1' };
    const payment = { outcome: 'approved', transactionId: '100923' };
    expect(confirms).toMatchObject([
      { ...about, errorCode: expect.stringMatching(/\w/) },
      { ...about, arrival: 'new', payment },
      { ...about, arrival: 'duplicate', payment },
    ]);
    expect(confirms[0]).not.toHaveProperty('arrival');
  });
});

describe.each<{
  name: string;
  through: () => Promise<Through>;
  isSkipped: boolean;
}>([
  { name: 'in the process', through: async () => ({}), isSkipped: false },
  {
    name: 'through BullMQ',
    through: async () => ({ delivery: ownQueue(redis) }),
    isSkipped: isMissing(redis, {
      suite: 'the channels, through BullMQ',
      howToGetIt: HOW_TO_GET_REDIS,
    }),
  },
  {
    name: 'through a journal',
    through: async () => {
      const database = await createDatabase(postgres);
      const useFactory = () => executorOf(database);
      return { journal: sqlJournal({ backoff: 20, useFactory }) };
    },
    isSkipped: isMissing(postgres, {
      suite: 'the channels, through a journal',
      howToGetIt: HOW_TO_GET_POSTGRES,
    }),
  },
])('a payment that is delivered $name', ({ through, isSkipped }) => {
  it.skipIf(isSkipped)(
    'is judged once and booked once, however often it arrives or is tried',
    async () => {
      recordErrors();
      const app = await startShop(await through(), 2);
      const all = listenToAll();

      for (let i = 0; i < 3; i++) await call(app, callbackQuery());
      await expect
        .poll(() => call(app, callbackQuery()), { timeout: 5_000 })
        .toBe(200);

      expect(all.paymentJudged).toEqual([
        { ...PAYMENT, reason: undefined, isLate: false },
      ]);
      expect(all.paymentBooked).toEqual([PAYMENT]);
      expect(all.callback.length).toBeGreaterThanOrEqual(3);
      expect(all.caseOpened).toEqual([]);
      const runs = all.consumer.filter(
        ({ consumer }) => consumer === 'booking',
      );
      expect(runs).toHaveLength(3);
      expect(runs[0]).toMatchObject({
        event: PLUTU_EVENTS.paymentApproved,
        payment: PAYMENT,
        attempt: 1,
        error: { message: 'the database is down' },
      });
      expect(runs[2]).toMatchObject({ attempt: expect.any(Number) });
      expect(runs[2]).not.toHaveProperty('error');
      expect(
        all.consumer.filter(({ consumer }) => consumer === 'stock'),
      ).toHaveLength(1);
    },
  );

  it.skipIf(isSkipped)(
    'is a case, once, if it is not what was due',
    async () => {
      recordErrors();
      const app = await startApp(
        { ...(await through()), invoices: Invoices },
        { providers: [Invoices] },
      );
      const all = listenToAll();

      for (let i = 0; i < 2; i++) await call(app, callbackQuery());
      await expect
        .poll(() => call(app, callbackQuery()), { timeout: 5_000 })
        .toBe(409);

      const mismatch = { ...PAYMENT, outcome: 'mismatch' };
      expect(all.paymentJudged).toEqual([
        { ...mismatch, reason: 'amount', isLate: false },
      ]);
      expect(all.paymentBooked).toEqual([mismatch]);
      expect(all.caseOpened).toEqual([
        {
          kind: 'mismatch',
          account: 'default',
          tenant: undefined,
          gateway: 'mpgs',
          invoiceNo: 'inv-1',
          paymentId: PAYMENT.paymentId,
          reason: 'amount',
        },
      ]);
    },
  );
});

describe('a case is opened', () => {
  it('by a message that Plutu signed and nobody can read', async () => {
    recordErrors();
    const app = await startApp();
    const cases = listen('caseOpened');

    await call(app, callbackQuery({ amount: '1,250.00' }));

    expect(cases).toMatchObject([
      { kind: 'unreadable', invoiceNo: 'inv-1', reason: 'invalid-fields' },
    ]);
  });

  it('by a charge with an unknown outcome', async () => {
    recordErrors();
    const { service, order } = await otpShop(
      { gateway: ADFALI, feature: adfali },
      { confirms: ['hang-up'] },
    );
    const { token } = await service.sendOtp(order);
    const cases = listen('caseOpened');

    await service.confirm({ token, code: '4242' }).catch(() => {});

    expect(cases).toMatchObject([
      { kind: 'unknown', gateway: 'edfali', invoiceNo: 'inv-1' },
    ]);
  });

  it.skipIf(redis === undefined)(
    'by a payment whose consumers were called often enough',
    async () => {
      recordErrors();
      const app = await startShop(
        { delivery: ownQueue(redis, { attempts: 2 }) },
        9,
      );
      const { caseOpened, paymentBooked, consumer } = listenToAll();

      await call(app, callbackQuery());

      await expect
        .poll(() => caseOpened, { timeout: 5_000 })
        .toMatchObject([
          { kind: 'failed', gateway: 'mpgs', invoiceNo: 'inv-1' },
        ]);
      expect(paymentBooked).toEqual([]);
      expect(
        consumer
          .filter((run) => run.consumer === 'booking')
          .map(({ attempt }) => attempt),
      ).toEqual([1, 2]);
    },
  );
});

describe('nothing is made', () => {
  const never = () => {
    throw new Error('It was made.');
  };

  it('of a trace, if nobody listens', async () => {
    const silent = tracingChannel<unknown, object>('nestjs:plutu:test');
    await expect(
      traced(silent, never, async (context) => context),
    ).resolves.toBeUndefined();

    const hear = () => {};
    silent.asyncEnd.subscribe(hear);
    onTestFinished(() => {
      silent.asyncEnd.unsubscribe(hear);
    });
    expect(() => traced(silent, never, async () => {})).toThrow('It was made.');
  });

  it('of a fact, if nobody listens', () => {
    expect(() => publishBooked(never)).not.toThrow();
    listen('paymentBooked');
    expect(() => publishBooked(never)).toThrow('It was made.');
  });

  it('by the module itself: nobody listens until somebody subscribes', async () => {
    await call(await startApp(), callbackQuery());
    for (const name of Object.values(PLUTU_CHANNELS)) {
      expect(channel(name).hasSubscribers).toBe(false);
      expect(tracingChannel(name).hasSubscribers).toBe(false);
    }
  });
});

it('no key, signature, code, token, number or checkout URL is published', async () => {
  recordErrors();
  const published: unknown[] = [];
  const hear = (message: unknown) => void published.push(message);
  for (const name of Object.values(PLUTU_CHANNELS)) {
    const { start, end, asyncStart, asyncEnd, error } = tracingChannel(name);
    const parts = [channel(name), start, end, asyncStart, asyncEnd, error];
    for (const part of parts) {
      part.subscribe(hear);
      onTestFinished(() => {
        part.unsubscribe(hear);
      });
    }
  }
  const under = {
    gateway: SADAD,
    feature: sadad,
    request: { birthYear: '1987' },
  };
  const echoing = (message: string) =>
    [400, { error: { code: 'X', message } }] as const;
  const refused = await otpShop(under, {
    verify: echoing('No 0912345678, 218912345678, born 1987'),
  });
  await refused.service.sendOtp(refused.order).catch(() => {});
  const { service, order } = await otpShop(under, {
    confirms: [echoing('code 987654'), PAID],
  });
  const { token } = await service.sendOtp(order);
  for (let i = 0; i < 2; i++) {
    await service.confirm({ token, code: '987654' }).catch(() => {});
  }
  const redirect_url = 'https://plutu.example/checkout/c-123';
  const plutu = await httpServer((response) =>
    response.end(JSON.stringify({ result: { redirect_url } })),
  );
  const shop = await startApp({ baseUrl: plutu.url });
  await shop.mpgs.createCheckout({ invoiceNo: 'inv-2', amount: '5.00' });
  const query = callbackQuery();
  await call(shop, query);
  await call(shop, `${query}&hashed=0`);
  await call(shop, callbackQuery({ amount: '1,250.00' }));

  const shown = inspect(published, { depth: 20, showHidden: true });
  expect(shown).toContain('100923');
  expect(shown).toContain('invalid-fields');
  const secrets = [
    ACCOUNT.apiKey,
    ACCOUNT.accessToken,
    ACCOUNT.secretKey,
    '912345678',
    '1987',
    '987654',
    token,
    redirect_url,
  ];
  expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
  expect(shown).not.toMatch(/[0-9A-F]{64}/i);
});
