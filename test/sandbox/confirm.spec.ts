import { describe, expect, it } from 'vitest';
import {
  confirm,
  openCheckout,
  post,
  startSandbox,
  VALID_FIELDS,
} from '../support/sandbox.js';

describe('opening a checkout', () => {
  it.each([
    ['url-encoded', () => new URLSearchParams(VALID_FIELDS)],
    [
      'multipart',
      () => {
        const form = new FormData();
        for (const [name, value] of Object.entries(VALID_FIELDS)) {
          form.set(name, value);
        }
        return form;
      },
    ],
  ])('takes a %s form', async (_, body) => {
    const sandbox = await startSandbox();
    const response = await post(sandbox, body());

    expect(response.status).toBe(200);
    const [transaction] = sandbox.transactions;
    expect(await response.json()).toEqual({
      status: 200,
      result: {
        code: 'CHECKOUT_REDIRECT',
        redirect_url: transaction?.redirectUrl,
      },
    });
    expect(transaction).toEqual({
      gateway: 'mpgs',
      transactionId: expect.stringMatching(/^\d+$/),
      invoiceNo: 'INV-1',
      amount: '5.00',
      currency: 'USD',
      returnUrl: 'https://shop.example/return',
      callbackUrl: undefined,
      method: undefined,
      lang: 'ar',
      customerIp: undefined,
      status: 'open',
      declineReason: undefined,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      browserUrl: undefined,
      callback: undefined,
      redirectUrl: expect.stringMatching(
        `^${sandbox.origin}/checkout/[0-9a-f-]{36}$`,
      ),
      deliveries: [],
    });
  });

  // Laravel, Plutu's framework, makes no field of an empty one.
  it('takes an empty optional field for none', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox, { customer_ip: '', lang: '' });
    expect(sandbox.transactions).toMatchObject([
      { customerIp: undefined, lang: 'ar' },
    ]);
  });

  it('takes a field that Plutu does not know, and says in the log which', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox, { order_id: '77', invoiceNo: 'INV-1' });
    await openCheckout(sandbox, { invoice_no: 'INV-2' });
    expect(sandbox.requests).toMatchObject([
      { code: 'CHECKOUT_REDIRECT', unknownFields: ['order_id', 'invoiceNo'] },
      { code: 'CHECKOUT_REDIRECT', unknownFields: [] },
    ]);
  });

  it('refuses a field that Plutu does not know if it is started so', async () => {
    const sandbox = await startSandbox({ refuseUnknownFields: true });
    for (const name of ['order_id', '__proto__', 'toString']) {
      const fields = new Map(Object.entries(VALID_FIELDS)).set(name, '77');
      const response = await confirm(sandbox, [...fields]);
      expect(await response.json(), name).toMatchObject({
        error: {
          status: 422,
          code: 'INVALID_INPUTS',
          fields: Object.fromEntries([[name, ['is not a known field']]]),
        },
      });
    }
    expect(sandbox.transactions).toEqual([]);
  });

  it('takes the optional fields', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox, { customer_ip: '2001:db8::1', lang: 'en' });
    expect(sandbox.transactions).toMatchObject([
      { customerIp: '2001:db8::1', lang: 'en' },
    ]);
  });

  it.each([
    [{ Authorization: '' }, 'UNAUTHORIZED'],
    [{ Authorization: 'Bearer wrong' }, 'UNAUTHORIZED'],
    [{ Authorization: 'sandbox_access_token' }, 'UNAUTHORIZED'],
    [{ 'X-API-KEY': '' }, 'UNAUTHORIZED'],
    [{ 'X-API-KEY': 'wrong' }, 'UNAUTHORIZED'],
  ])('refuses the headers %j with %s', async (headers, code) => {
    const sandbox = await startSandbox();
    const response = await post(sandbox, 'not even a form', headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      error: { status: 401, code, message: expect.any(String) },
    });
  });

  it.each([
    ['amount', 'MISSING_PARAMETER', ['']],
    ['invoice_no', 'MISSING_PARAMETER', ['']],
    ['return_url', 'MISSING_PARAMETER', ['']],
    [
      'amount',
      'INVALID_AMOUNT_FORMAT',
      ['5.001', '-5', '5.', '1e3', ' 5', '5,00'],
    ],
    ['amount', 'AMOUNT_NOT_ALLOWED', ['0', '0.00']],
    ['invoice_no', 'INVALID_INPUTS', ['a b', 'a/b', 'فاتورة', 'a\n']],
    [
      'return_url',
      'INVALID_INPUTS',
      ['/return', 'shop.example', 'http:shop', 'ftp://a/', 'http://'],
    ],
    ['customer_ip', 'INVALID_INPUTS', ['localhost', '1.2.3.4, 5.6.7.8']],
    ['lang', 'INVALID_INPUTS', ['fr', 'EN']],
  ])('refuses a wrong %s with %s: %j', async (name, code, values) => {
    const sandbox = await startSandbox();
    for (const value of values) {
      const fields = new Map(Object.entries(VALID_FIELDS)).set(name, value);
      const response = await confirm(sandbox, [...fields]);
      const { status } = response;
      expect({ value, status, answer: await response.json() }).toEqual({
        value,
        status: 422,
        answer: {
          error: {
            status: 422,
            code,
            message: expect.any(String),
            fields: Object.fromEntries([[name, [expect.any(String)]]]),
          },
        },
      });
    }
    expect(sandbox.transactions).toEqual([]);
  });

  it('names every field that is wrong at once', async () => {
    const sandbox = await startSandbox();
    const response = await confirm(sandbox, { amount: 'x', lang: 'fr' });
    expect(await response.json()).toMatchObject({
      error: {
        code: 'MISSING_PARAMETER',
        fields: {
          amount: [expect.stringContaining('two decimals')],
          lang: ['must be ar or en'],
          invoice_no: ['is required'],
          return_url: ['is required'],
        },
      },
    });
  });

  it('refuses a repeated field, and a file in place of a text', async () => {
    const sandbox = await startSandbox();
    const fields = Object.entries(VALID_FIELDS);
    const repeated = await confirm(sandbox, [...fields, ['amount', '5.00']]);
    expect(await repeated.json()).toMatchObject({
      error: { code: 'INVALID_INPUTS', fields: { amount: ['is repeated'] } },
    });
    const body = new FormData();
    for (const [name, value] of fields) body.set(name, new Blob([value]));
    const files = await post(sandbox, body);
    expect(await files.json()).toMatchObject({
      error: {
        code: 'INVALID_INPUTS',
        fields: { amount: ['must not be a file'] },
      },
    });
  });

  it('refuses an invoice number that has been used', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox);
    const response = await confirm(sandbox);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: { status: 422, code: 'DUPLICATED_INVOICE_NUMBER' },
    });
    expect(sandbox.transactions).toHaveLength(1);
  });

  it.each([
    ['application/json', JSON.stringify(VALID_FIELDS)],
    ['', new URLSearchParams(VALID_FIELDS).toString()],
    ['multipart/form-data; boundary=x', 'no parts'],
    ['multipart/form-data', 'no boundary'],
  ])('refuses a body of type "%s" that is no form', async (type, body) => {
    const sandbox = await startSandbox();
    const response = await post(sandbox, body, { 'content-type': type });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { status: 400, code: 'INVALID_INPUTS' },
    });
  });

  it('refuses a body of more than 16 KiB', async () => {
    const sandbox = await startSandbox();
    const fields = { ...VALID_FIELDS, note: 'x'.repeat(1024 * 1024) };
    const response = await confirm(sandbox, fields);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { status: 413 } });
  });

  it('answers unknown paths and methods in the error envelope', async () => {
    const sandbox = await startSandbox();
    const checkout = await openCheckout(sandbox);
    for (const [method, url] of [
      ['POST', `${sandbox.baseUrl}/v1/transaction/mpgs/verify`],
      ['GET', `${sandbox.origin}/checkout/none`],
      ['POST', `${sandbox.origin}/checkout/none/pay`],
      ['POST', `${checkout}/refund`],
    ] as const) {
      const response = await fetch(url, { method });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { status: 404 } });
    }
    const confirmUrl = `${sandbox.baseUrl}/v1/transaction/mpgs/confirm`;
    for (const [method, url, allowed] of [
      ['GET', confirmUrl, 'POST'],
      ['POST', checkout, 'GET'],
      ['GET', `${checkout}/pay`, 'POST'],
    ] as const) {
      const response = await fetch(url, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allowed);
      expect(await response.json()).toMatchObject({ error: { status: 405 } });
    }
  });

  it.each(['application/json', 'text/html, image/gif, *; q=.2', '*/*'])(
    'answers a program that accepts "%s" in JSON',
    async (accept) => {
      const sandbox = await startSandbox();
      const response = await post(sandbox, undefined, { accept });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { status: 400 } });
    },
  );
});
