import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { MPGS_CALLBACK_RULES, verifyCallback } from '../src/index.js';
import { PlutuSandbox } from '../src/sandbox/index.js';
import {
  forgeMpgsCallback,
  MPGS_FORGERIES,
  signMpgsCallback,
  type MpgsCallbackValues,
  type MpgsForgery,
} from '../src/testing/index.js';

const KEY = 'the-account-s-key';

function verify(query: string) {
  return verifyCallback(query, [KEY], MPGS_CALLBACK_RULES);
}

/** The parameters that are covered by the signature, by their wire names. */
function fieldsOf(query: string) {
  const verification = verify(query);
  if (!verification.verified) throw new Error(verification.reason);
  return Object.fromEntries(verification.fields);
}

describe('signMpgsCallback', () => {
  it('needs to be told nothing but the key', () => {
    expect(fieldsOf(signMpgsCallback({}, KEY))).toEqual({
      gateway: 'mpgs',
      approved: '1',
      canceled: '0',
      amount: '5.00',
      currency: 'USD',
      invoice_no: 'inv-1',
      transaction_id: 't-inv-1',
    });
  });

  it('says what it is told, with the amount as text or as a number', () => {
    const values = {
      invoiceNo: '2026-0042',
      transactionId: "t ~*!'()",
      currency: 'EUR',
    };
    for (const amount of ['25.5', 25.5]) {
      const query = signMpgsCallback({ ...values, amount }, KEY);
      expect(fieldsOf(query)).toMatchObject({
        amount: '25.5',
        currency: 'EUR',
        invoice_no: '2026-0042',
        transaction_id: "t ~*!'()",
      });
      // As PHP spells it, which no URL class of JavaScript does.
      expect(query).toContain('transaction_id=t+%7E%2A%21%27%28%29&');
    }
  });

  it.each([
    ['approved', { approved: '1', canceled: '0' }],
    ['canceled', { approved: '0', canceled: '1' }],
    ['incomplete', { approved: '0', canceled: '0' }],
  ] as const)('sets both flags as production does: %s', (outcome, flags) => {
    const { approved, canceled } = fieldsOf(signMpgsCallback({ outcome }, KEY));
    expect({ approved, canceled }).toEqual(flags);
  });

  it('gives callbacks of one invoice one transaction, and each invoice its own', () => {
    const transactionOf = (values: MpgsCallbackValues) =>
      fieldsOf(signMpgsCallback(values, KEY))['transaction_id'];
    const first = transactionOf({ invoiceNo: 'a', outcome: 'incomplete' });
    expect(transactionOf({ invoiceNo: 'a' })).toBe(first);
    expect(transactionOf({ invoiceNo: 'b' })).not.toBe(first);
  });

  it.each([
    ['https://shop.example/paid', 'https://shop.example/paid?gateway=mpgs&'],
    [
      'https://shop.example/paid?order=77&note=%D8%B4',
      'https://shop.example/paid?order=77&note=%D8%B4&gateway=mpgs&',
    ],
  ])('makes a URL of %s', (returnUrl, start) => {
    const url = signMpgsCallback({ returnUrl }, KEY);
    expect(url.startsWith(start)).toBe(true);
    expect(verify(new URL(url).search.slice(1)).verified).toBe(true);
  });

  // Otherwise a test that passes with the one would fail with the other.
  it.each([
    ['pay', 'approved'],
    ['cancel', 'canceled'],
    ['decline', 'incomplete'],
  ] as const)(
    'makes the very URL that the sandbox calls: %s',
    async (way, outcome) => {
      const sandbox = await PlutuSandbox.start();
      onTestFinished(() => sandbox.close());
      const { apiKey, accessToken, secretKey } = sandbox.credentials;
      const returnUrl = 'http://127.0.0.1:9/paid?order=77';
      await fetch(`${sandbox.baseUrl}/v1/transaction/mpgs/confirm`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${accessToken}`,
          'X-API-KEY': apiKey,
        },
        body: new URLSearchParams({
          amount: '25.50',
          invoice_no: 'inv-9',
          return_url: returnUrl,
        }),
      });
      const { callbackUrl } = await sandbox[way]('inv-9');
      const [transaction] = sandbox.transactions;

      expect(
        signMpgsCallback(
          {
            outcome,
            invoiceNo: 'inv-9',
            amount: '25.50',
            transactionId: transaction?.transactionId,
            returnUrl,
          },
          secretKey,
        ),
      ).toBe(callbackUrl);
    },
  );

  it('refuses an empty key, with which anybody could sign', () => {
    expect(() => signMpgsCallback({}, '')).toThrow(TypeError);
  });
});

describe('forgeMpgsCallback', () => {
  it.each<[MpgsForgery, string]>([
    ['tampered', 'signature-mismatch'],
    ['other-gateway', 'missing-parameter'],
    ['other-key', 'signature-mismatch'],
    ['unsigned', 'unsigned'],
  ])('%s is refused: %s', (forgery, reason) => {
    const query = forgeMpgsCallback(forgery, { invoiceNo: 'inv-1' }, KEY);
    expect(verify(query)).toEqual({ verified: false, reason });
  });

  it.each(MPGS_FORGERIES)('%s says what the genuine one says', (forgery) => {
    const values = { amount: '0.01', returnUrl: 'https://shop.example/paid' };
    const parametersOf = (url: string) => {
      const { approved, amount, invoice_no, transaction_id } =
        Object.fromEntries(new URL(url).searchParams);
      return { approved, amount, invoice_no, transaction_id };
    };
    const forged = forgeMpgsCallback(forgery, values, KEY);
    const genuine = signMpgsCallback(values, KEY);
    expect(parametersOf(forged)).toEqual(parametersOf(genuine));
  });

  it("another gateway's callback is genuine there", () => {
    const query = forgeMpgsCallback('other-gateway', {}, KEY);
    const rules = {
      ...MPGS_CALLBACK_RULES,
      required: ['gateway', 'approved', 'invoice_no', 'amount'],
      accepted: { gateway: ['localbankcards'] },
    };
    expect(verifyCallback(query, [KEY], rules).verified).toBe(true);
  });
});

it('values that no callback has do not compile', () => {
  // @ts-expect-error a wire name
  const wire: MpgsCallbackValues = { invoice_no: 'inv-1' };
  // @ts-expect-error no outcome of Plutu's
  const mismatch: MpgsCallbackValues = { outcome: 'mismatch' };
  expect([wire, mismatch]).toHaveLength(2);
  expectTypeOf(signMpgsCallback).returns.toBeString();
});
