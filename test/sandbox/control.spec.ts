import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  type PlutuSandbox,
} from '../../src/sandbox/index.js';
import {
  confirm,
  openCheckout,
  startMerchant,
  startSandbox,
} from '../support/sandbox.js';

type Method = 'GET' | 'POST' | 'DELETE';

async function control(
  sandbox: PlutuSandbox,
  method: Method,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${sandbox.origin}${path}`, {
    method,
    headers,
    redirect: 'manual',
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    answer: isJson ? (JSON.parse(text) as unknown) : text,
  };
}

describe('the control API', () => {
  it('lists transactions and requests, and no key', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox);
    await confirm(sandbox, { amount: 'x' });

    const listed = await control(sandbox, 'GET', '/control/transactions');
    expect(listed).toEqual({
      status: 200,
      answer: {
        transactions: [
          expect.objectContaining({ invoiceNo: 'INV-1', status: 'open' }),
        ],
      },
    });
    const one = await control(sandbox, 'GET', '/control/transactions/INV-1');
    expect(one.answer).toMatchObject({ amount: '5.00' });
    const { answer } = await control(sandbox, 'GET', '/control/requests');
    expect(answer).toMatchObject({
      requests: [
        {
          id: 1,
          status: 200,
          code: 'CHECKOUT_REDIRECT',
          fields: { amount: '5.00' },
        },
        {
          id: 2,
          status: 422,
          code: 'MISSING_PARAMETER',
          fields: { amount: 'x' },
        },
      ],
    });
    expect(sandbox.requests).toEqual((answer as { requests: object }).requests);
    for (const key of Object.values(DEFAULT_SANDBOX_CREDENTIALS)) {
      expect(JSON.stringify([listed, answer])).not.toContain(key);
    }
  });

  it.each([
    ['approved', undefined],
    ['approved', { outcome: 'approved' }],
    ['incomplete', { outcome: 'incomplete' }],
    ['canceled', { outcome: 'canceled' }],
  ] as const)('ends a checkout %s with %j', async (status, body) => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    await openCheckout(sandbox, { return_url: merchant.origin });
    const path = '/control/transactions/INV-1/complete';
    const completed = await control(sandbox, 'POST', path, body);
    expect(completed).toMatchObject({
      status: 200,
      answer: {
        browserUrl: expect.stringContaining('hashed='),
        delivery: { status: 200 },
      },
    });
    expect(sandbox.transactions).toMatchObject([{ status }]);
  });

  it('replays a callback', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    await openCheckout(sandbox, { return_url: merchant.origin });
    const path = '/control/transactions/INV-1/replay';
    expect(await control(sandbox, 'POST', path)).toMatchObject({
      status: 409,
      answer: { error: { code: 'NOT_FINISHED' } },
    });
    await sandbox.pay('INV-1');
    const body = { copies: 2, tampered: true, delayMs: 1 };
    expect(await control(sandbox, 'POST', path, body)).toMatchObject({
      status: 200,
      answer: { deliveries: [{ kind: 'tampered' }, { kind: 'tampered' }] },
    });
    expect(merchant.calls).toHaveLength(3);
  });

  it('sets, lists and clears faults', async () => {
    const sandbox = await startSandbox();
    const rule = { invoiceNo: 'a-*', confirm: 'hang', times: 1 };
    const set = await control(sandbox, 'POST', '/control/faults', rule);
    expect(set).toEqual({ status: 201, answer: { ...rule, id: 1, struck: 0 } });
    await control(sandbox, 'POST', '/control/faults', { confirm: 'reset' });
    expect(sandbox.faults).toMatchObject([rule, { confirm: 'reset' }]);
    const cleared = await control(sandbox, 'DELETE', '/control/faults/1');
    expect(cleared.status).toBe(204);
    const listed = await control(sandbox, 'GET', '/control/faults');
    expect(listed.answer).toMatchObject({ faults: [{ id: 2 }] });
    const unknown = await control(sandbox, 'DELETE', '/control/faults/1');
    expect(unknown.status).toBe(404);
    await control(sandbox, 'DELETE', '/control/faults');
    expect(sandbox.faults).toEqual([]);
  });

  it('forgets what it is told to forget', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox);
    sandbox.setFault({ callbackCopies: 2 });
    await control(sandbox, 'DELETE', '/control/transactions');
    expect([sandbox.transactions, sandbox.requests]).toEqual([[], []]);
    expect(sandbox.faults).toHaveLength(1);
    await openCheckout(sandbox);
    expect(sandbox.transactions).toHaveLength(1);
    const reset = await control(sandbox, 'POST', '/control/reset');
    expect(reset.status).toBe(204);
    expect([sandbox.transactions, sandbox.faults]).toEqual([[], []]);
  });

  it.each<[Method, string, object | undefined, number]>([
    ['GET', '/control/transactions/none', undefined, 404],
    ['POST', '/control/transactions/none/complete', undefined, 404],
    ['POST', '/control/transactions/INV-1/complete', { outcome: 'paid' }, 422],
    ['POST', '/control/transactions/INV-1/replay', { copies: 0 }, 422],
    ['POST', '/control/transactions/INV-1/replay', { times: 2 }, 422],
    [
      'GET',
      '/control/transactions/INV-1/deliveries?timeoutMs=x',
      undefined,
      422,
    ],
    ['GET', '/control/transactions/INV-1/deliveries?timeout=1', undefined, 422],
    ['POST', '/control/faults', { confirm: 'explode' }, 422],
    ['POST', '/control/faults', [], 400],
    ['DELETE', '/control/faults/x', undefined, 404],
    ['POST', '/control/transactions', undefined, 405],
    ['GET', '/control/nothing', undefined, 404],
  ])('%s %s %j is answered %3$s', async (method, path, body, status) => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox);
    const refused = await control(sandbox, method, path, body);
    expect(refused).toMatchObject({ status, answer: { error: { status } } });
    expect(sandbox.transactions).toMatchObject([{ status: 'open' }]);
  });
});

describe('waiting for a delivery', () => {
  const WAIT = '/control/transactions/INV-1/deliveries';

  it('ends when the callback does, which may not even be opened yet', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const waiting = control(sandbox, 'GET', `${WAIT}?timeoutMs=10000`);
    const inCode = sandbox.waitForDelivery('INV-1', { timeoutMs: 10_000 });
    await openCheckout(sandbox, { return_url: merchant.origin });
    await sandbox.pay('INV-1');
    expect(await waiting).toMatchObject({
      status: 200,
      answer: { deliveries: [{ id: 1, status: 200 }] },
    });
    expect(await inCode).toMatchObject({ id: 1, status: 200 });
  });

  it('can look past what was seen', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    await openCheckout(sandbox, { return_url: merchant.origin });
    await sandbox.pay('INV-1');
    const seen = await control(sandbox, 'GET', WAIT);
    expect(seen.answer).toMatchObject({ deliveries: [{ id: 1 }] });
    const waiting = control(sandbox, 'GET', `${WAIT}?after=1`);
    await sandbox.replay('INV-1');
    expect((await waiting).answer).toMatchObject({
      deliveries: [{ id: 2, kind: 'replayed' }],
    });
  });

  it('gives up in time, and says so', async () => {
    const sandbox = await startSandbox();
    const waited = await control(sandbox, 'GET', `${WAIT}?timeoutMs=20`);
    expect(waited).toMatchObject({
      status: 504,
      answer: { error: { code: 'TIMEOUT' } },
    });
    await expect(
      sandbox.waitForDelivery('INV-1', { timeoutMs: 20 }),
    ).rejects.toThrow('INV-1');
  });

  it('ends with the sandbox', async () => {
    const sandbox = await startSandbox();
    const waiting = sandbox.waitForDelivery('INV-1', { timeoutMs: 60_000 });
    await Promise.all([
      expect(waiting).rejects.toThrow('INV-1'),
      sandbox.close(),
    ]);
  });
});

describe('another web site', () => {
  const POSTS = [
    '/control/reset',
    '/control/faults',
    '/transactions/INV-1/approve',
    '/transactions/INV-1/replay',
    '/faults/clear',
  ];

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ])('cannot use the sandbox: %j', async (headers) => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox);
    sandbox.setFault({ times: 1 });
    for (const path of POSTS) {
      const { status } = await control(sandbox, 'POST', path, {}, headers);
      expect([path, status]).toEqual([path, 403]);
    }
    expect(sandbox.transactions).toMatchObject([{ status: 'open' }]);
    expect(sandbox.faults).toHaveLength(1);
  });

  it('is not what its own pages and programs are', async () => {
    const sandbox = await startSandbox();
    const own: Record<string, string>[] = [
      {},
      { origin: sandbox.origin },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of own) {
      const path = '/faults/clear';
      const { status } = await control(sandbox, 'POST', path, {}, headers);
      expect(status).toBe(303);
    }
  });

  it('may lead to the dashboard by a link', async () => {
    const sandbox = await startSandbox();
    const headers = { 'sec-fetch-site': 'cross-site' };
    const { status } = await control(sandbox, 'GET', '/', undefined, headers);
    expect(status).toBe(200);
  });

  // A name of theirs that resolves to this machine makes their page "same-origin".
  it('cannot take the sandbox for its own by DNS rebinding', async () => {
    const { origin } = await startSandbox();
    const statusFor = async (host: string) => {
      const asked = request(`${origin}/control/requests`, {
        headers: { host },
      });
      asked.end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await statusFor('evil.example')).toBe(403);
    expect(await statusFor('localhost:4010')).toBe(200);
    expect(await statusFor('[::1]:4010')).toBe(200);
  });
});
