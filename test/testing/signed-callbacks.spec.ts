import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { parseJsonPairs } from '../../src/protocol/json-pairs.js';
import { verifyCallback } from '../../src/protocol/signature.js';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import {
  CALLBACK_FORGERIES,
  forgedCallback,
  forgedReturn,
  signedCallback,
  signedReturn,
  type CallbackForgery,
  type CallbackValues,
} from '../../src/testing/index.js';
import { confirm, RULES, validFields } from '../support/sandbox.js';

const KEY = 'the-account-s-key';
const URL_OF_APP = 'https://shop.example/paid';
const TARGET = { url: URL_OF_APP, secretKey: KEY };

const GATEWAYS = ['mpgs', 'localbankcards', 'tlync'] as const;

async function verify(
  request: Request,
  kind: keyof typeof RULES = 'mpgs',
): Promise<ReturnType<typeof verifyCallback>> {
  const message =
    request.method === 'POST'
      ? parseJsonPairs(await request.clone().text())
      : new URL(request.url).search.slice(1);
  return verifyCallback(message, [KEY], RULES[kind]);
}

/** The parameters that the signature covers, by their wire names. */
async function fieldsOf(request: Request, kind?: keyof typeof RULES) {
  const verification = await verify(request, kind);
  if (!verification.verified) throw new Error(verification.reason);
  return Object.fromEntries(verification.fields);
}

/** What a message says, signed or not. */
async function saidBy(request: Request): Promise<Record<string, string>> {
  return request.method === 'POST'
    ? ((await request.clone().json()) as Record<string, string>)
    : Object.fromEntries(new URL(request.url).searchParams);
}

describe('signedCallback', () => {
  it('needs nothing but an endpoint and a key, and is a GET of MPGS', async () => {
    const callback = signedCallback({}, TARGET);
    expect(callback.method).toBe('GET');
    expect(await fieldsOf(callback)).toEqual({
      gateway: 'mpgs',
      approved: '1',
      canceled: '0',
      amount: '5.00',
      currency: 'USD',
      invoice_no: 'inv-1',
      transaction_id: 't-inv-1',
    });
  });

  it('is a GET without a currency for local bank cards', async () => {
    const callback = signedCallback({ gateway: 'localbankcards' }, TARGET);
    expect(callback.method).toBe('GET');
    expect(await fieldsOf(callback, 'localbankcards')).toEqual({
      gateway: 'localbankcards',
      approved: '1',
      canceled: '0',
      invoice_no: 'inv-1',
      amount: '5.00',
      transaction_id: 't-inv-1',
    });
  });

  it('is a POST of JSON for T-Lync', async () => {
    const callback = signedCallback(
      { gateway: 'tlync', method: 'mobicash' },
      TARGET,
    );
    expect(callback.method).toBe('POST');
    expect(callback.url).toBe(URL_OF_APP);
    expect(callback.headers.get('content-type')).toBe('application/json');
    expect(await fieldsOf(callback, 'tlync')).toEqual({
      gateway: 'tlync',
      approved: '1',
      amount: '5.00',
      invoice_no: 'inv-1',
      payment_method: 'mobicash',
      transaction_id: 't-inv-1',
    });
  });

  it('says what it is told, with the amount as text or as a number', async () => {
    const values = {
      invoiceNo: '2026-0042',
      transactionId: "t ~*!'()",
      currency: 'EUR',
    };
    for (const amount of ['25.5', 25.5]) {
      const callback = signedCallback({ ...values, amount }, TARGET);
      expect(await fieldsOf(callback)).toMatchObject({
        amount: '25.5',
        currency: 'EUR',
        invoice_no: '2026-0042',
        transaction_id: "t ~*!'()",
      });
      // As PHP spells it, which no URL class of JavaScript does.
      expect(callback.url).toContain('transaction_id=t+%7E%2A%21%27%28%29&');
    }
  });

  it.each([
    ['approved', { approved: '1', canceled: '0' }],
    ['canceled', { approved: '0', canceled: '1' }],
    ['incomplete', { approved: '0', canceled: '0' }],
  ] as const)(
    'sets both flags as production does: %s',
    async (outcome, flags) => {
      for (const gateway of ['mpgs', 'localbankcards'] as const) {
        const callback = signedCallback({ gateway, outcome }, TARGET);
        const { approved, canceled } = await fieldsOf(callback, gateway);
        expect({ approved, canceled }).toEqual(flags);
      }
      const callback = signedCallback({ gateway: 'tlync', outcome }, TARGET);
      expect(await fieldsOf(callback, 'tlync')).toMatchObject({
        approved: flags.approved,
      });
    },
  );

  it('gives callbacks of one invoice one transaction, and each invoice its own', async () => {
    const transactionOf = async (values: CallbackValues) =>
      (await fieldsOf(signedCallback(values, TARGET)))['transaction_id'];
    const first = await transactionOf({
      invoiceNo: 'a',
      outcome: 'incomplete',
    });
    expect(await transactionOf({ invoiceNo: 'a' })).toBe(first);
    expect(await transactionOf({ invoiceNo: 'b' })).not.toBe(first);
  });

  it.each([
    ['https://shop.example/paid', 'https://shop.example/paid?gateway=mpgs&'],
    [
      'https://shop.example/paid?order=77&note=%D8%B4',
      'https://shop.example/paid?order=77&note=%D8%B4&gateway=mpgs&',
    ],
  ])('stands behind the own query of %s', async (url, start) => {
    const callback = signedCallback({}, { url, secretKey: KEY });
    expect(callback.url.startsWith(start)).toBe(true);
    expect((await verify(callback)).verified).toBe(true);
  });

  // Otherwise a test that passes with the one would fail with the other.
  describe.each(GATEWAYS)('through %s', (gateway) => {
    it.each([
      ['pay', 'approved'],
      ['cancel', 'canceled'],
      ['decline', 'incomplete'],
    ] as const)(
      'is the very message that the sandbox sends: %s',
      async (way, outcome) => {
        const sandbox = await PlutuSandbox.start({ secretKey: KEY });
        onTestFinished(() => sandbox.close());
        const url = 'http://127.0.0.1:9/paid?order=77';
        await confirm(
          sandbox,
          {
            ...validFields(gateway),
            amount: '25.50',
            invoice_no: 'inv-9',
            return_url: url,
            ...(gateway === 'tlync' && { callback_url: url }),
          },
          gateway,
        );
        const { browserUrl, delivery } = await sandbox[way]('inv-9');
        const [transaction] = sandbox.transactions;
        const values = {
          gateway,
          outcome,
          invoiceNo: 'inv-9',
          amount: '25.50',
          transactionId: transaction?.transactionId,
        };

        const callback = signedCallback(values, { url, secretKey: KEY });

        expect({
          method: callback.method,
          url: callback.url,
          body: callback.body === null ? undefined : await callback.text(),
        }).toEqual({
          method: delivery.method,
          url: delivery.url,
          body: delivery.body,
        });
        const back = signedReturn(values, { url, secretKey: KEY });
        expect(back.url).toBe(browserUrl);
      },
    );
  });

  it('refuses an empty key, with which anybody could sign', () => {
    expect(() =>
      signedCallback({}, { url: URL_OF_APP, secretKey: '' }),
    ).toThrow(TypeError);
  });
});

describe('signedReturn', () => {
  it.each(['mpgs', 'localbankcards'] as const)(
    "is a browser with the callback's own query: %s",
    (gateway) => {
      const back = signedReturn({ gateway }, TARGET);
      expect(back.url).toBe(signedCallback({ gateway }, TARGET).url);
      expect(back.headers.get('accept')).toBe('text/html');
    },
  );

  it('says no more through T-Lync than approved and the invoice number', async () => {
    const values = { gateway: 'tlync', outcome: 'incomplete' } as const;
    const back = signedReturn(values, TARGET);
    expect(back.method).toBe('GET');
    expect(await fieldsOf(back, 'return of tlync')).toEqual({
      approved: '0',
      invoice_no: 'inv-1',
    });
  });
});

describe.each(GATEWAYS)('forgedCallback through %s', (gateway) => {
  const otherGateway = {
    mpgs: 'missing-parameter',
    localbankcards: 'unaccepted-value',
    tlync: 'missing-parameter',
  }[gateway];

  it.each<[CallbackForgery, string]>([
    ['tampered', 'signature-mismatch'],
    ['other-gateway', otherGateway],
    ['other-channel', 'missing-parameter'],
    ['other-key', 'signature-mismatch'],
    ['unsigned', 'unsigned'],
  ])('%s is refused: %s', async (forgery, reason) => {
    const callback = forgedCallback(forgery, { gateway }, TARGET);
    expect(await verify(callback, gateway)).toEqual({
      verified: false,
      reason,
    });
  });

  it.each(CALLBACK_FORGERIES)(
    '%s comes as the genuine one does, and says the same of the invoice',
    async (forgery) => {
      const values: CallbackValues = { gateway, amount: '0.01' };
      const forged = forgedCallback(forgery, values, TARGET);
      const genuine = signedCallback(values, TARGET);
      expect(forged.method).toBe(genuine.method);
      const names =
        forgery === 'other-channel'
          ? ['approved', 'invoice_no']
          : ['approved', 'invoice_no', 'amount', 'transaction_id'];
      const [said, expected] = [await saidBy(forged), await saidBy(genuine)];
      expect(names.map((name) => said[name])).toEqual(
        names.map((name) => expected[name]),
      );
    },
  );
});

describe('a forgery', () => {
  it("is genuine elsewhere, if Plutu signed it: another gateway's callback, and the return of T-Lync", async () => {
    const other = forgedCallback('other-gateway', {}, TARGET);
    expect((await verify(other, 'localbankcards')).verified).toBe(true);
    const back = forgedCallback('other-channel', {}, TARGET);
    expect((await verify(back, 'return of tlync')).verified).toBe(true);
  });

  it.each<[CallbackForgery, string]>([
    ['tampered', 'signature-mismatch'],
    ['other-key', 'signature-mismatch'],
    ['unsigned', 'unsigned'],
  ])('of a return is refused: %s', async (forgery, reason) => {
    const back = forgedReturn(forgery, { gateway: 'tlync' }, TARGET);
    expect(back.method).toBe('GET');
    expect(await verify(back, 'return of tlync')).toMatchObject({ reason });
  });

  it.each<[CallbackForgery, keyof typeof RULES]>([
    ['other-channel', 'tlync'],
    ['other-gateway', 'localbankcards'],
  ])(
    'of a return is a callback that is genuine elsewhere: %s',
    async (forgery, kind) => {
      const back = forgedReturn(forgery, { gateway: 'tlync' }, TARGET);
      expect(back.method).toBe('GET');
      expect(await fieldsOf(back, kind)).toMatchObject({
        gateway: kind,
        invoice_no: 'inv-1',
      });
    },
  );
});

it('values that no callback has do not compile', () => {
  // @ts-expect-error a wire name
  const wire: CallbackValues = { invoice_no: 'inv-1' };
  // @ts-expect-error no outcome of Plutu's
  const mismatch: CallbackValues = { outcome: 'mismatch' };
  // @ts-expect-error no gateway of Plutu's
  const gateway: CallbackValues = { gateway: 'visa' };
  expect([wire, mismatch, gateway]).toHaveLength(3);
  expectTypeOf(signedCallback).returns.toEqualTypeOf<Request>();
});
