import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  PLUTU_EVENTS,
  PlutuInvalidRequestError,
  type MpgsCheckoutRequest,
} from '../../src/index.js';
import { ACCOUNT, record, startApp } from '../support/app.js';
import { answeringServer, httpServer } from '../support/servers.js';

const CHECKOUT = 'https://checkout.example/c/1?lang=ar';
const OPENED = {
  status: 200,
  result: { code: 'CHECKOUT_REDIRECT', redirect_url: CHECKOUT },
};
const ORDER = { amount: '5.00', invoiceNo: 'inv-1' };

describe('createCheckout sends what Plutu documents', () => {
  it('and resolves to the checkout page', async () => {
    const plutu = await answeringServer(200, OPENED);
    const { mpgs } = await startApp({ baseUrl: `${plutu.url}/api/` });

    await expect(mpgs.createCheckout(ORDER)).resolves.toEqual({
      redirectUrl: CHECKOUT,
      invoiceNo: 'inv-1',
      orderNo: 'inv-1',
      amount: '5.00',
    });

    expect(plutu.seen).toHaveLength(1);
    const [request] = plutu.seen;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/api/v1/transaction/mpgs/confirm',
      headers: {
        authorization: `Bearer ${ACCOUNT.accessToken}`,
        'x-api-key': ACCOUNT.apiKey,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    expect(Object.fromEntries(new URLSearchParams(request!.body))).toEqual({
      amount: '5.00',
      invoice_no: 'inv-1',
      return_url: ACCOUNT.returnUrl,
    });
  });

  it('with everything that may be given, over the module’s defaults', async () => {
    const plutu = await answeringServer(200, OPENED);
    const { mpgs } = await startApp({ baseUrl: plutu.url, lang: 'en' });
    const returnUrl = 'https://shop.example/back?order=77&note=%D8%B4+x';

    await mpgs.createCheckout({
      ...ORDER,
      amount: 5.5,
      returnUrl,
      customerIp: '2001:db8::1',
    });
    await mpgs.createCheckout({ ...ORDER, lang: 'ar' });

    const [first, second] = plutu.seen.map(({ body }) =>
      Object.fromEntries(new URLSearchParams(body)),
    );
    expect(first).toEqual({
      amount: '5.5',
      invoice_no: 'inv-1',
      return_url: returnUrl,
      customer_ip: '2001:db8::1',
      lang: 'en',
    });
    expect(second).toMatchObject({ lang: 'ar' });
  });

  it('with the longest return URL there may be', async () => {
    const plutu = await answeringServer(200, OPENED);
    const { mpgs } = await startApp({ baseUrl: plutu.url });
    const returnUrl = `https://shop.example/${'x'.repeat(2048 - 21)}`;
    await expect(
      mpgs.createCheckout({ ...ORDER, returnUrl }),
    ).resolves.toBeDefined();
  });

  it('over one connection for requests one after another', async () => {
    const plutu = await answeringServer(200, OPENED);
    const { mpgs } = await startApp({ baseUrl: plutu.url });
    for (let order = 0; order < 5; order++) await mpgs.createCheckout(ORDER);
    expect(plutu.connections()).toBe(1);
  });

  it('and waits for a slow answer longer than it keeps idle connections', async () => {
    const plutu = await httpServer((response) => {
      void sleep(4_500).then(() => response.end(JSON.stringify(OPENED)));
    });
    const { mpgs } = await startApp({ baseUrl: plutu.url });
    await expect(mpgs.createCheckout(ORDER)).resolves.toMatchObject({
      redirectUrl: CHECKOUT,
    });
  });

  it('and announces the checkout, whatever a handler makes of it', async () => {
    const plutu = await answeringServer(200, OPENED);
    const { mpgs, emitter } = await startApp({ baseUrl: plutu.url });
    const events = record(emitter);
    emitter.on(PLUTU_EVENTS.checkoutCreated, () => {
      throw new Error('the mail server is down');
    });

    await expect(mpgs.createCheckout(ORDER)).resolves.toBeDefined();

    expect(events).toEqual([
      [
        'plutu.checkout.created',
        {
          account: 'default',
          gateway: 'mpgs',
          ...ORDER,
          orderNo: 'inv-1',
          redirectUrl: CHECKOUT,
        },
      ],
    ]);
  });
});

describe('createCheckout refuses, before anything is sent', () => {
  async function refusal(
    request: unknown,
    options: Parameters<typeof startApp>[0] = {},
  ) {
    const plutu = await answeringServer(200, OPENED);
    const { mpgs } = await startApp({ baseUrl: plutu.url, ...options });
    const error: unknown = await mpgs
      .createCheckout(request as MpgsCheckoutRequest)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PlutuInvalidRequestError);
    expect(plutu.seen).toHaveLength(0);
    return error as PlutuInvalidRequestError;
  }

  it.each([
    0.1 + 0.2,
    '1e3',
    '1,000',
    '',
    ' 5',
    '5.',
    '.5',
    '5.000',
    '05',
    '+5',
    '-5',
    '0',
    '0.00',
    0,
    -0,
    -5,
    1e21,
    1e-7,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    ['5'],
    {},
    '٥',
    '1000000000000',
  ])('the amount %j', async (amount) => {
    const error = await refusal({ ...ORDER, amount });
    expect(Object.keys(error.fields)).toEqual(['amount']);
    expect(error.message).toContain('two decimals');
  });

  it.each(['', 'a b', 'a/b', 'فاتورة', 'a\n', 'a'.repeat(129), 7, undefined])(
    'the invoice number %j',
    async (invoiceNo) => {
      const error = await refusal({ ...ORDER, invoiceNo });
      expect(Object.keys(error.fields)).toEqual(['invoiceNo']);
    },
  );

  it.each([
    ['/callback', /absolute http/],
    ['ftp://shop.example', /absolute http/],
    ['javascript:alert(1)', /absolute http/],
    ['https:shop.example', /absolute http/],
    ['https://', /absolute http/],
    ['https://shop.example/a b', /absolute http/],
    [7, /absolute http/],
    ['https://shop.example\\evil', /absolute http/],
    ['https://shop.example/ش', /percent-encoded/],
    ['https://shop.example/#done', /fragment/],
    ['https://shop.example/#', /fragment/],
    ['https://shop.example/?x=%', /percent escapes/],
    [`https://shop.example/${'x'.repeat(2049 - 21)}`, /longer/],
    ['https://shop.example/?gateway=x', /"gateway".*ambiguous/],
    ['https://shop.example/?amount=5', /"amount".*ambiguous/],
    ['https://shop.example/?canceled=5', /"canceled".*ambiguous/],
    ['https://shop.example/?currency=x', /"currency".*ambiguous/],
    ['https://shop.example/?a=1&hashed', /"hashed".*ambiguous/],
    ['https://shop.example/?%61pproved=1', /"approved".*ambiguous/],
    ['https://shop.example/?invoice_no[x]=1', /"invoice_no".*ambiguous/],
    ['https://shop.example/?transaction.id=1', /"transaction_id".*ambiguous/],
  ])('the return URL %j', async (returnUrl, message) => {
    const error = await refusal({ ...ORDER, returnUrl });
    expect(Object.keys(error.fields)).toEqual(['returnUrl']);
    expect(error.message).toMatch(message);
  });

  it('a missing return URL, if the module has none either', async () => {
    const error = await refusal(ORDER, { returnUrl: undefined });
    expect(error.fields).toEqual({
      returnUrl: [expect.stringMatching(/"appUrl" or "returnUrl"/)],
    });
  });

  it.each([
    ['customerIp', '300.1.1.1'],
    ['customerIp', 'localhost'],
    ['lang', 'fr'],
    ['return_url', 'https://shop.example'],
  ])('%s: %j', async (field, value) => {
    const error = await refusal({ ...ORDER, [field]: value });
    expect(Object.keys(error.fields)).toEqual([field]);
  });

  it('several fields at once, each with its sentence', async () => {
    const error = await refusal({ amount: 'free', invoiceNo: '', lang: 'fr' });
    expect(error.code).toBe('PLUTU_INVALID_REQUEST');
    expect(error.retryable).toBe(false);
    expect(Object.keys(error.fields)).toEqual(['lang', 'amount', 'invoiceNo']);
  });

  it.each([undefined, null, 'inv-1', [ORDER]])(
    '%j for a request',
    async (request) => {
      const error = await refusal(request);
      expect(Object.keys(error.fields)).toEqual(['request']);
    },
  );
});

describe('createCheckout takes', () => {
  it.each(['5', '5.5', '5.00', 5, 5.5, '0.01', '999999999999.99'])(
    'the amount %j as it stands',
    async (amount) => {
      const plutu = await answeringServer(200, OPENED);
      const { mpgs } = await startApp({ baseUrl: plutu.url });
      await mpgs.createCheckout({ ...ORDER, amount });
      const form = new URLSearchParams(plutu.seen[0]!.body);
      expect(form.get('amount')).toBe(String(amount));
    },
  );
});
