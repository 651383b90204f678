import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { verifyCallback } from '../src/callbacks/callback-signature.js';
import { mpgsCallbackRules } from '../src/mpgs/mpgs-callback.rules.js';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  PlutuSandbox,
  type PlutuSandboxOptions,
} from '../src/sandbox/index.js';

const toClose: (() => Promise<unknown>)[] = [];

afterEach(closeAll);

async function closeAll() {
  await Promise.all(toClose.splice(0).map((close) => close()));
}

async function startSandbox(options?: PlutuSandboxOptions) {
  const sandbox = await PlutuSandbox.start(options);
  toClose.push(() => sandbox.close());
  return sandbox;
}

/** A merchant's server that records the URLs it is called with. */
async function startMerchant(answer: RequestListener = (_, res) => res.end()) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { calls, origin: `http://127.0.0.1:${port}` };
}

const VALID_FIELDS = {
  amount: '5.00',
  invoice_no: 'INV-1',
  return_url: 'https://shop.example/return',
};

type Fields = Record<string, string> | [string, string][];

function post(
  sandbox: PlutuSandbox,
  body: RequestInit['body'],
  headers: Record<string, string | undefined> = {},
) {
  const { accessToken, apiKey } = sandbox.credentials;
  return fetch(`${sandbox.baseUrl}/v1/transaction/mpgs/confirm`, {
    method: 'POST',
    body,
    headers: {
      Authorization: `Bearer ${accessToken}`,
      'X-API-KEY': apiKey,
      ...headers,
    },
  });
}

function confirm(sandbox: PlutuSandbox, fields: Fields = VALID_FIELDS) {
  return post(sandbox, new URLSearchParams(fields));
}

async function openCheckout(sandbox: PlutuSandbox, fields: object = {}) {
  await confirm(sandbox, { ...VALID_FIELDS, ...fields });
  return sandbox.transactions.at(-1)?.redirectUrl ?? '';
}

function press(checkout: string, button: 'pay' | 'decline' | 'cancel') {
  const redirect = 'manual';
  return fetch(`${checkout}/${button}`, { method: 'POST', redirect });
}

function verify(url: string | null, currency = 'USD') {
  const query = new URL(url ?? '').search.slice(1);
  const secretKeys = [DEFAULT_SANDBOX_CREDENTIALS.secretKey];
  const result = verifyCallback(
    query,
    secretKeys,
    mpgsCallbackRules([currency]),
  );
  return result.verified ? Object.fromEntries(result.fields) : result.reason;
}

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
      transactionId: expect.stringMatching(/^\d+$/),
      invoiceNo: 'INV-1',
      amount: '5.00',
      currency: 'USD',
      returnUrl: 'https://shop.example/return',
      lang: 'ar',
      customerIp: undefined,
      status: 'open',
      redirectUrl: expect.stringMatching(
        `^${sandbox.origin}/checkout/[0-9a-f-]{36}$`,
      ),
      deliveries: [],
    });
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
    [{ 'X-API-KEY': '' }, 'AUTH_ERROR'],
    [{ 'X-API-KEY': 'wrong' }, 'AUTH_ERROR'],
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
    ['amount', 'INVALID_INPUTS', ['5.001', '-5', '5.', '1e3', ' 5', '5,00']],
    ['amount', 'INVALID_AMOUNT', ['0', '0.00']],
    ['invoice_no', 'INVALID_INPUTS', ['a b', 'a/b', 'فاتورة', 'a\n']],
    [
      'return_url',
      'INVALID_INPUTS',
      ['/return', 'shop.example', 'http:shop', 'ftp://a/', 'http://'],
    ],
    ['customer_ip', 'INVALID_INPUTS', ['', 'localhost', '1.2.3.4, 5.6.7.8']],
    ['lang', 'INVALID_INPUTS', ['', 'fr', 'EN']],
    ['invoiceNo', 'INVALID_INPUTS', ['INV-1']],
    ['__proto__', 'INVALID_INPUTS', ['x']],
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
    const response = await confirm(sandbox, { amount: 'x', invoiceNo: '1' });
    expect(await response.json()).toMatchObject({
      error: {
        code: 'MISSING_PARAMETER',
        fields: {
          amount: [expect.stringContaining('US dollars')],
          invoiceNo: ['is not a known field'],
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

  it('refuses a body of more than 64 KiB', async () => {
    const sandbox = await startSandbox();
    const fields = { ...VALID_FIELDS, note: 'x'.repeat(1024 * 1024) };
    const response = await confirm(sandbox, fields);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { status: 413 } });
  });

  it('answers unknown paths and methods in the error envelope', async () => {
    const sandbox = await startSandbox();
    const checkout = await openCheckout(sandbox);
    const unknown = [
      `${sandbox.baseUrl}/v1/transaction/sadadapi/verify`,
      `${sandbox.origin}/checkout/none`,
      `${checkout}/refund`,
    ];
    for (const url of unknown) {
      const response = await fetch(url, { method: 'POST' });
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
});

describe('the checkout page', () => {
  it.each([
    ['ar', 'rtl', 'ادفع'],
    ['en', 'ltr', 'Pay'],
  ])('speaks %s', async (lang, dir, pay) => {
    const sandbox = await startSandbox({ merchantName: 'Tripoli Books' });
    const page = await fetch(await openCheckout(sandbox, { lang }));
    const html = await page.text();
    expect(html).toContain(`<html lang="${lang}" dir="${dir}">`);
    expect(html).toContain('<strong lang="en">SANDBOX</strong>');
    expect(html).toContain(`>${pay}</button>`);
    for (const text of ['Tripoli Books', '5.00 USD', 'INV-1']) {
      expect(html).toContain(text);
    }
  });

  it('is neither stored nor able to run or load anything', async () => {
    const sandbox = await startSandbox();
    const { headers } = await fetch(await openCheckout(sandbox));
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('form-action');
  });

  it('escapes what the merchant is called', async () => {
    const merchantName = `</bdi><script>alert("1")</script>&'`;
    const sandbox = await startSandbox({ merchantName });
    const page = await fetch(await openCheckout(sandbox));
    const html = await page.text();
    expect(html).not.toContain('<script');
    expect(html).toContain(
      '&#60;/bdi&#62;&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;',
    );
  });

  it('says how the checkout ended, and leads back to the shop', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      lang: 'en',
      return_url: merchant.origin,
    });
    const buttons = async () => {
      const page = await fetch(checkout);
      return (await page.text()).match(/(?<=\/)\w+(?=">\n.*<button)/g);
    };
    expect(await buttons()).toEqual(['pay', 'decline', 'cancel']);
    await press(checkout, 'decline');
    expect(await buttons()).toEqual(['pay', 'decline', 'cancel']);
    await press(checkout, 'cancel');
    expect(await buttons()).toEqual(['cancel']);
  });
});

describe('finishing a checkout', () => {
  it.each([
    ['pay', 'approved', { approved: '1' }],
    ['cancel', 'canceled', { canceled: '1' }],
    ['decline', 'incomplete', { approved: '0', canceled: '0' }],
  ] as const)(
    '%s calls the merchant once, signed, then sends the browser there',
    async (button, status, flags) => {
      const sandbox = await startSandbox();
      const merchant = await startMerchant();
      const checkout = await openCheckout(sandbox, {
        amount: '5.5',
        return_url: `${merchant.origin}/return`,
      });
      const response = await press(checkout, button);

      expect(response.status).toBe(303);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const location = response.headers.get('location');
      expect(merchant.calls).toEqual([
        `GET ${location?.slice(merchant.origin.length)}`,
      ]);
      const [transaction] = sandbox.transactions;
      expect(verify(location)).toEqual({
        gateway: 'mpgs',
        ...flags,
        amount: '5.5',
        currency: 'USD',
        invoice_no: 'INV-1',
        transaction_id: transaction?.transactionId,
      });
      expect([...new URL(location ?? '').searchParams.keys()]).toEqual([
        'gateway',
        ...Object.keys(flags),
        'amount',
        'currency',
        'invoice_no',
        'transaction_id',
        'hashed',
      ]);
      expect(transaction).toMatchObject({
        status,
        deliveries: [{ status: 200, durationMs: expect.any(Number) }],
      });
    },
  );

  it('puts the signed query behind the own query of return_url', async () => {
    const sandbox = await startSandbox({ currency: 'EUR' });
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      return_url: `${merchant.origin}/return?order=77&a=%7E#thanks`,
    });
    const response = await press(checkout, 'pay');
    const location = response.headers.get('location') ?? '';
    expect(location).toMatch(
      /\/return\?order=77&a=%7E&gateway=mpgs&[^#]*#thanks$/,
    );
    expect(verify(location, 'EUR')).toMatchObject({ currency: 'EUR' });
    expect(merchant.calls).toEqual([
      `GET ${location.slice(merchant.origin.length, -'#thanks'.length)}`,
    ]);
  });

  it('redirects the browser although the merchant is down', async () => {
    const merchant = await startMerchant();
    await closeAll();
    const sandbox = await startSandbox();
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const response = await press(checkout, 'pay');
    expect(response.status).toBe(303);
    expect(verify(response.headers.get('location'))).toBeTypeOf('object');
    expect(sandbox.transactions).toMatchObject([
      {
        status: 'approved',
        deliveries: [
          {
            error: expect.stringContaining('ECONNREFUSED'),
            durationMs: expect.any(Number),
          },
        ],
      },
    ]);
  });

  it("records the merchant's own redirects and errors as they are", async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant((request, response) => {
      const status = request.url?.startsWith('/moved') ? 302 : 500;
      response.writeHead(status, { location: '/elsewhere' }).end('x');
    });
    for (const [invoiceNo, path, status] of [
      ['a', '/moved', 302],
      ['b', '/broken', 500],
    ] as const) {
      const return_url = merchant.origin + path;
      await openCheckout(sandbox, { invoice_no: invoiceNo, return_url });
      const { delivery } = await sandbox.pay(invoiceNo);
      expect(delivery.status).toBe(status);
    }
    expect(merchant.calls).toHaveLength(2);
  });

  it.each([
    ['pay', 'approved'],
    ['cancel', 'canceled'],
  ] as const)('happens once: %s stays %s', async (button, status) => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const first = await press(checkout, button);
    for (const again of ['pay', 'decline', 'cancel'] as const) {
      const response = await press(checkout, again);
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe(
        first.headers.get('location'),
      );
    }
    expect(merchant.calls).toHaveLength(1);
    expect(sandbox.transactions).toMatchObject([{ status }]);
  });

  it('lets a declined customer try again in the same transaction', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const declined = await press(checkout, 'decline');
    const declinedAgain = await press(checkout, 'decline');
    expect(declinedAgain.headers.get('location')).toBe(
      declined.headers.get('location'),
    );
    expect(merchant.calls).toHaveLength(1);

    const paid = await press(checkout, 'pay');
    const [transaction] = sandbox.transactions;
    expect(verify(paid.headers.get('location'))).toMatchObject({
      approved: '1',
      transaction_id: transaction?.transactionId,
    });
    expect(transaction?.status).toBe('approved');
    expect(transaction?.deliveries).toHaveLength(2);
  });

  it('has one outcome when several are asked for at once', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant((_, response) => {
      setTimeout(() => response.end(), 100);
    });
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const buttons = ['decline', 'pay', 'cancel', 'pay'] as const;
    const responses = await Promise.all(
      buttons.map((button) => press(checkout, button)),
    );
    const locations = responses.map(({ headers }) => headers.get('location'));
    expect(new Set(locations).size).toBe(1);
    expect(merchant.calls).toHaveLength(1);
    expect(sandbox.transactions[0]?.deliveries).toHaveLength(1);
  });

  it.each([
    ['pay', { approved: '1' }],
    ['decline', { approved: '0', canceled: '0' }],
    ['cancel', { canceled: '1' }],
  ] as const)('%s does without a browser', async (method, flags) => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    await openCheckout(sandbox, { return_url: merchant.origin });
    const { callbackUrl, delivery } = await sandbox[method]('INV-1');
    expect(verify(callbackUrl)).toMatchObject(flags);
    expect(delivery.status).toBe(200);
    expect(merchant.calls).toHaveLength(1);
    await expect(sandbox[method]('INV-2')).rejects.toThrow('INV-2');
  });
});

describe('starting and closing', () => {
  it('takes credentials, and a port that is then in use', async () => {
    const credentials = { apiKey: 'a', accessToken: 'b', secretKey: 'c' };
    const sandbox = await startSandbox(credentials);
    expect(sandbox.credentials).toEqual(credentials);
    expect(sandbox.baseUrl).toBe(`${sandbox.origin}/api`);
    const response = await confirm(sandbox);
    expect(response.status).toBe(200);
    const port = Number(new URL(sandbox.origin).port);
    await expect(PlutuSandbox.start({ port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('leaves nothing open, even with a call under way', async () => {
    const sandbox = await PlutuSandbox.start();
    const merchant = await startMerchant(neverAnswer);
    await openCheckout(sandbox, { return_url: merchant.origin });
    const completion = sandbox.pay('INV-1');
    await expect.poll(() => merchant.calls).toHaveLength(1);

    await Promise.all([sandbox.close(), sandbox.close()]);
    expect(await completion).toMatchObject({
      delivery: { error: 'The sandbox was closed.' },
    });
    await expect(fetch(sandbox.origin)).rejects.toThrow('fetch failed');
    await closeAll();
    await expect
      .poll(() => process.getActiveResourcesInfo().filter(isTcp))
      .toEqual([]);
  });
});

function neverAnswer() {}

function isTcp(resource: string) {
  return resource.startsWith('TCP');
}
