import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import {
  ExpressAdapter,
  type NestExpressApplication,
} from '@nestjs/platform-express';
import { describe, expect, it } from 'vitest';
import { encodeAsPhp } from '../../src/protocol/pairs.js';
import {
  PLUTU_EVENTS,
  PaymentApprovedEvent,
  signCallback,
} from '../../src/index.js';
import { record, recordErrors, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { vectors } from '../support/vectors.js';

const CALLBACK = '/plutu/mpgs/callback';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

async function call(url: string, query: string): Promise<Answer> {
  const response = await fetch(`${url}${CALLBACK}?${query}`, {
    redirect: 'manual',
  });
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: isJson ? await response.json() : await response.text(),
  };
}

/** What Plutu does not send, and signs all the same. */
function queryWithFlags(flags: Record<string, string>): string {
  const pairs = Object.entries({
    gateway: 'mpgs',
    ...flags,
    amount: '5.00',
    currency: 'USD',
    invoice_no: 'inv-1',
    transaction_id: 't-1',
  });
  const hashed = signCallback(pairs, vectors.secretKey);
  return encodeAsPhp([...pairs, ['hashed', hashed]]);
}

function payments(events: ReturnType<typeof record>): string[] {
  return events
    .map(([name]) => name)
    .filter((name) => name.startsWith('plutu.payment.'));
}

describe('a genuine callback', () => {
  it.each(vectors.accepted)(
    'is answered and published: $name',
    async ({ query, outcome, signedString }) => {
      const { url, emitter } = await startApp();
      const events = record(emitter);
      const wire = Object.fromEntries(new URLSearchParams(signedString));

      const answer = await call(url, query);

      const payment = {
        id: expect.any(String),
        account: 'default',
        gateway: 'mpgs',
        outcome,
        invoiceNo: wire['invoice_no'],
        orderNo: wire['invoice_no'],
        transactionId: wire['transaction_id'],
        amount: wire['amount'],
        amountMinor: Math.round(Number(wire['amount']) * 100),
        currency: 'USD',
        source: 'callback',
      };
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).toEqual(payment);
      expect(events).toEqual([[`plutu.payment.${outcome}`, payment]]);
    },
  );

  it('may have a question mark in its query, and a long transaction number', async () => {
    const { url } = await startApp();
    const query = callbackQuery({ transactionId: 'x'.repeat(128) });
    expect((await call(url, `next=/a?b&${query}`)).status).toBe(200);
  });

  it('is an instance of its event class', async () => {
    const { url, emitter } = await startApp();
    const events = record(emitter);
    await call(url, callbackQuery());
    expect(events[0]?.[1]).toBeInstanceOf(PaymentApprovedEvent);
  });
});

describe('a callback that Plutu did not sign', () => {
  it.each(vectors.refused)(
    'is answered 403 and reported: $name',
    async ({ query }) => {
      const { url, emitter } = await startApp();
      const events = record(emitter);

      const answer = await call(url, query);

      expect(answer).toMatchObject({
        status: 403,
        headers: { 'cache-control': 'no-store' },
        body: {
          statusCode: 403,
          code: 'PLUTU_CALLBACK_REFUSED',
          message: 'This is not a callback that Plutu signed.',
        },
      });
      expect(events).toEqual([
        [
          'plutu.callback.rejected',
          {
            reason: expect.stringMatching(/^(unsigned|signature-mismatch)$/),
            account: 'default',
            gateway: 'mpgs',
            fields: {},
            signed: {},
            path: CALLBACK,
          },
        ],
      ]);
    },
  );

  it('is refused also where the report of it fails', async () => {
    const { url, emitter } = await startApp();
    emitter.on(PLUTU_EVENTS.callbackRejected, () => {
      throw new Error('the alerting is down');
    });
    expect((await call(url, 'hashed=0')).status).toBe(403);
  });
});

describe('the raw query is what counts, whatever the query parser', () => {
  const genuine = callbackQuery();
  const fakes = [
    `amount=9999&${genuine}`,
    `${genuine}&amount[]=9999`,
    `${genuine}&amount[$ne]=1`,
    `${genuine}&%61mount=9999`,
    `${genuine}&invoice_no=inv-2`,
    `${genuine.replace('amount=5.00', 'amount=9999')}&amount=5.00`,
    `${genuine}&invoice[no=inv-2`,
    genuine.replace('inv-1', 'inv%00-1'),
  ];

  it.each(['simple', 'extended'] as const)('%s', async (parser) => {
    const { url, emitter } = await startApp(
      {},
      {
        adapter: new ExpressAdapter(),
        configure: (app: INestApplication) =>
          (app as NestExpressApplication).set('query parser', parser),
      },
    );
    const events = record(emitter);
    for (const fake of fakes) {
      expect((await call(url, fake)).status, fake).toBe(403);
    }
    expect(payments(events)).toEqual([]);
    expect((await call(url, `order[id]=7&${genuine}&order[id]=8`)).status).toBe(
      200,
    );
    expect(payments(events)).toHaveLength(1);
  });

  it('an absolute request target is read as well', async () => {
    const { url, app } = await startApp();
    const { port } = new URL(url);
    const status = await new Promise((resolve) => {
      request(
        { port, path: `http://shop.example${CALLBACK}?${genuine}` },
        (response) => resolve(response.resume().statusCode),
      ).end();
    });
    expect(status).toBe(200);
    expect(app).toBeDefined();
  });
});

describe('a callback that Plutu signed and that makes no sense', () => {
  it.each([
    [queryWithFlags({ approved: '1', canceled: '1' }), ['outcome']],
    [queryWithFlags({ approved: 'yes' }), ['outcome']],
    [queryWithFlags({ approved: 'constructor' }), ['outcome']],
    [queryWithFlags({ approved: '1', canceled: '__proto__' }), ['outcome']],
    [queryWithFlags({ approved: '1', canceled: '2' }), ['outcome']],
    [callbackQuery({ amount: '5,00' }), ['amount']],
    [callbackQuery({ amount: '0' }), ['amount']],
    [callbackQuery({ amount: '5.001' }), ['amount']],
    [callbackQuery({ amount: '' }), ['amount']],
    [callbackQuery({ invoiceNo: 'a b' }), ['invoiceNo']],
    [callbackQuery({ invoiceNo: '' }), ['invoiceNo']],
    [callbackQuery({ transactionId: '' }), ['transactionId']],
    [callbackQuery({ transactionId: 'x'.repeat(129) }), ['transactionId']],
    [callbackQuery({ transactionId: 'x\ny' }), ['transactionId']],
    [callbackQuery({ amount: '1,250.00' }), ['amount']],
  ])(
    'is answered 400 and reported whole: %s, for its %j',
    async (query, fields) => {
      const logged = recordErrors();
      const { url, emitter } = await startApp();
      const events = record(emitter);
      const { hashed, ...signed } = Object.fromEntries(
        new URLSearchParams(query),
      );

      const { status, headers, body } = await call(url, query);

      expect(status).toBe(400);
      expect(headers['cache-control']).toBe('no-store');
      expect(body).toMatchObject({ code: 'PLUTU_CALLBACK_INVALID' });
      expect(Object.keys((body as { fields: object }).fields)).toEqual(fields);
      expect(events).toEqual([
        [
          'plutu.callback.rejected',
          expect.objectContaining({ reason: 'invalid-fields', signed }),
        ],
      ]);
      expect(logged()).toContain(JSON.stringify(signed));
      expect(JSON.stringify(events) + logged()).not.toContain(hashed);
    },
  );
});

describe('the same callback again', () => {
  it('gets the same answer and publishes nothing', async () => {
    const { url, emitter } = await startApp();
    const events = record(emitter);
    const query = callbackQuery();

    const answers = [];
    for (let arrival = 0; arrival < 4; arrival++) {
      answers.push(await call(url, query));
    }

    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(
      1,
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      new Set([200]),
    );
    expect(payments(events)).toEqual(['plutu.payment.approved']);
  });

  it('counts as one while a handler still works on the first', async () => {
    const { url, emitter } = await startApp();
    let credits = 0;
    let finished = false;
    emitter.on(PLUTU_EVENTS.paymentApproved, async () => {
      credits++;
      await sleep(100);
      finished = true;
    });

    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { status } = await call(url, callbackQuery());
        return { status, finished };
      }),
    );

    expect(credits).toBe(1);
    for (const answer of answers) {
      expect(answer).toEqual({ status: 200, finished: true });
    }
  });

  it('is no duplicate if any signed fact differs', async () => {
    const { url, emitter } = await startApp();
    const events = record(emitter);

    for (const values of [
      { transactionId: '42' },
      { transactionId: '42', invoiceNo: 'inv-2', amount: '7.00' },
      { transactionId: '42', invoiceNo: 'inv-2', amount: '9.00' },
      {
        transactionId: '42',
        invoiceNo: 'inv-2',
        amount: '9.00',
        currency: 'LYD',
      },
      // The same amount in another spelling is the same payment.
      { transactionId: '42', amount: '5' },
    ]) {
      await call(url, callbackQuery(values));
    }

    expect(payments(events)).toEqual([
      'plutu.payment.approved',
      'plutu.payment.approved',
      'plutu.payment.approved',
      'plutu.payment.mismatch',
    ]);
  });

  it('is told apart by transaction and outcome', async () => {
    const { url, emitter } = await startApp();
    const events = record(emitter);
    const incomplete = { outcome: 'incomplete' } as const;

    await call(url, callbackQuery(incomplete));
    await call(url, callbackQuery(incomplete));
    await call(url, callbackQuery());
    await call(url, callbackQuery({ transactionId: 't-2' }));
    await call(url, callbackQuery({ outcome: 'canceled' }));
    await call(url, callbackQuery(incomplete));

    expect(payments(events)).toEqual([
      'plutu.payment.incomplete',
      'plutu.payment.approved',
      'plutu.payment.approved',
      'plutu.payment.canceled',
    ]);
  });
});

describe('a handler that fails', () => {
  it('makes the answer a 503, and the next arrival is published again', async () => {
    const { url, emitter } = await startApp();
    let attempts = 0;
    emitter.on(PLUTU_EVENTS.paymentApproved, async () => {
      if (++attempts < 3) throw new Error('the database is down');
    });

    const answers = [];
    for (let arrival = 0; arrival < 4; arrival++) {
      answers.push(await call(url, callbackQuery()));
    }

    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200, 200]);
    expect(answers[0]!.body).toMatchObject({
      code: 'PLUTU_CALLBACK_NOT_ACCEPTED',
    });
    expect(answers[0]!.headers['cache-control']).toBe('no-store');
    expect(JSON.stringify(answers[0]!.body)).not.toContain('database');
    expect(attempts).toBe(3);
  });

  it('fails all that arrived meanwhile, and is then tried once more', async () => {
    const { url, emitter } = await startApp();
    let attempts = 0;
    emitter.on(PLUTU_EVENTS.paymentApproved, async () => {
      attempts++;
      await sleep(100);
      throw new Error('the database is down');
    });
    const calls = () =>
      Promise.all([1, 2, 3].map(() => call(url, callbackQuery())));

    for (const { status } of await calls()) expect(status).toBe(503);
    expect(attempts).toBe(1);
    for (const { status } of await calls()) expect(status).toBe(503);
    expect(attempts).toBe(2);
  });
});

it('a payment that is being published is finished before the application stops', async () => {
  const { url, app, emitter } = await startApp();
  let recorded = false;
  emitter.on(PLUTU_EVENTS.paymentApproved, async () => {
    await sleep(200);
    recorded = true;
  });
  const started = new Promise((resolve) =>
    emitter.prependListener(PLUTU_EVENTS.paymentApproved, resolve),
  );
  // The client goes away, so that the HTTP server has nothing to wait for.
  const client = request(`${url}${CALLBACK}?${callbackQuery()}`).on(
    'error',
    () => {},
  );
  client.end();
  await started;
  client.destroy();

  await app.close();

  expect(recorded).toBe(true);
});

describe("with pages of the shop's", () => {
  const redirect = {
    approved: 'https://shop.example/paid?lang=ar',
    canceled: '/canceled#top',
    incomplete: '/try-again',
    refused: '/oops',
  };

  it.each([
    [
      callbackQuery(),
      'https://shop.example/paid?lang=ar&outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
    ],
    [
      callbackQuery({ outcome: 'canceled' }),
      '/canceled?outcome=canceled&invoiceNo=inv-1&orderNo=inv-1#top',
    ],
    [
      callbackQuery({ outcome: 'incomplete' }),
      '/try-again?outcome=incomplete&invoiceNo=inv-1&orderNo=inv-1',
    ],
    [callbackQuery({ amount: 'free' }), '/oops?outcome=refused'],
    ['invoice_no=forged&hashed=0', '/oops?outcome=refused'],
  ])('%s leads to %s', async (query, location) => {
    const { url } = await startApp({ redirect });
    for (let arrival = 0; arrival < 2; arrival++) {
      const answer = await call(url, query);
      expect(answer).toMatchObject({
        status: 303,
        headers: { location, 'cache-control': 'no-store' },
      });
    }
  });

  it('a callback that was not delivered stays where it is', async () => {
    const { url, emitter } = await startApp({ redirect });
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      throw new Error('the database is down');
    });
    expect((await call(url, callbackQuery())).status).toBe(503);
  });
});
