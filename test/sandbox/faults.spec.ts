import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import {
  PlutuOutcomeUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  type MpgsService,
} from '../../src/index.js';
import type {
  PlutuSandbox,
  SandboxFaultRule,
} from '../../src/sandbox/index.js';
import { startApp } from '../support/app.js';
import {
  confirm,
  post,
  startSandbox,
  VALID_FIELDS,
} from '../support/sandbox.js';

/** A merchant's application whose requests time out after two seconds. */
async function startBoth(): Promise<{
  sandbox: PlutuSandbox;
  mpgs: MpgsService;
}> {
  const sandbox = await startSandbox();
  const { mpgs } = await startApp({
    ...sandbox.credentials,
    baseUrl: sandbox.baseUrl,
    timeout: 2_000,
  });
  return { sandbox, mpgs };
}

describe('when Plutu fails while a checkout is opened,', () => {
  it.each<[SandboxFaultRule, new (...args: never[]) => Error, object]>([
    [{ confirm: 'hang' }, PlutuOutcomeUnknownError, { reason: 'timeout' }],
    [
      { confirmDelayMs: 600_000 },
      PlutuOutcomeUnknownError,
      { reason: 'timeout' },
    ],
    [{ confirm: 'reset' }, PlutuOutcomeUnknownError, { reason: 'cut-off' }],
    [
      { confirm: 'html-502' },
      PlutuUnexpectedAnswerError,
      { httpStatus: 502, excerpt: expect.stringContaining('Bad Gateway') },
    ],
    [
      { confirm: 'empty-body' },
      PlutuUnexpectedAnswerError,
      { httpStatus: 200, excerpt: '' },
    ],
    [
      { confirm: 'truncated-json' },
      PlutuUnexpectedAnswerError,
      { httpStatus: 200, excerpt: expect.stringMatching(/^\{"status":200/) },
    ],
    [
      { confirm: 'error' },
      PlutuRefusedError,
      { knownCode: 'BACKEND_ERROR', httpStatus: 500, fault: 'plutu' },
    ],
    [
      { confirm: 'error', errorCode: 'SECRET_KEY_DOES_NOT_EXIST' },
      PlutuRefusedError,
      { httpStatus: 403, fault: 'configuration' },
    ],
    [
      { confirm: 'error', errorCode: 'TOO_MANY_REQUESTS' },
      PlutuRefusedError,
      { httpStatus: 429, retryable: true },
    ],
    [
      { confirm: 'error-in-200', errorCode: 'DENIED_ACCESS_GATEWAY' },
      PlutuRefusedError,
      { knownCode: 'DENIED_ACCESS_GATEWAY', fault: 'configuration' },
    ],
    [
      { confirm: 'laravel-422' },
      PlutuRefusedError,
      { httpStatus: 422, fields: { amount: [expect.any(String)] } },
    ],
  ])('%j makes it throw %o', async (fault, type, properties) => {
    const { sandbox, mpgs } = await startBoth();
    sandbox.setFault({ ...fault, invoiceNo: 'unlucky' });

    const failure = await mpgs
      .createCheckout({ amount: 5, invoiceNo: 'unlucky' })
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(type);
    expect(failure).toMatchObject(properties);
    await expect(
      mpgs.createCheckout({ amount: 5, invoiceNo: 'lucky' }),
    ).resolves.toMatchObject({ invoiceNo: 'lucky' });
  });

  it('a short delay still opens it', async () => {
    const { sandbox, mpgs } = await startBoth();
    sandbox.setFault({ confirmDelayMs: 50 });
    await mpgs.createCheckout({ amount: 5, invoiceNo: 'i' });
    expect(sandbox.requests[0]?.durationMs).toBeGreaterThanOrEqual(45);
  });

  // As with Plutu itself: a caller who tries again must take a new number.
  it('a lost answer uses up the invoice number, so that a retry is refused', async () => {
    const { sandbox, mpgs } = await startBoth();
    sandbox.setFault({ confirm: 'reset', times: 1 });
    await expect(
      mpgs.createCheckout({ amount: 5, invoiceNo: 'i' }),
    ).rejects.toThrow(PlutuOutcomeUnknownError);
    expect(sandbox.transactions).toMatchObject([{ status: 'open' }]);
    await expect(
      mpgs.createCheckout({ amount: 5, invoiceNo: 'i' }),
    ).rejects.toMatchObject({ knownCode: 'DUPLICATED_INVOICE_NUMBER' });
  });

  it('a refusal leaves the number free', async () => {
    const { sandbox, mpgs } = await startBoth();
    sandbox.setFault({ confirm: 'error', times: 1 });
    await expect(
      mpgs.createCheckout({ amount: 5, invoiceNo: 'i' }),
    ).rejects.toThrow(PlutuRefusedError);
    expect(sandbox.transactions).toEqual([]);
    await mpgs.createCheckout({ amount: 5, invoiceNo: 'i' });
  });
});

describe('a fault strikes', () => {
  async function codeOf(response: Response): Promise<string> {
    const answer = (await response.json()) as {
      error?: { code: string };
      result?: { code: string };
    };
    return answer.error?.code ?? answer.result?.code ?? '';
  }

  it.each<[SandboxFaultRule, struck: string[]]>([
    [{}, ['a-1', 'a-2', 'b-1']],
    [{ invoiceNo: 'a-1' }, ['a-1']],
    [{ invoiceNo: 'a-*' }, ['a-1', 'a-2']],
    [{ invoiceNo: '*-1' }, ['a-1', 'b-1']],
    [{ invoiceNo: 'a*1' }, ['a-1']],
    [{ invoiceNo: '*a*2*' }, ['a-2']],
    [{ invoiceNo: 'a' }, []],
    [{ invoiceNo: 'a-1*1' }, []],
    [{ amount: '13.37' }, ['b-1']],
    [{ amount: '13.37', invoiceNo: 'a-*' }, []],
    [{ times: 2 }, ['a-1', 'a-2']],
  ])('%j', async (match, struck) => {
    const sandbox = await startSandbox();
    sandbox.setFault({ ...match, confirm: 'error' });
    const refused: string[] = [];
    for (const [invoice_no, amount] of [
      ['a-1', '5'],
      ['a-2', '5'],
      ['b-1', '13.37'],
    ] as const) {
      const response = await confirm(sandbox, {
        ...VALID_FIELDS,
        invoice_no,
        amount,
      });
      if ((await codeOf(response)) === 'BACKEND_ERROR')
        refused.push(invoice_no);
    }
    expect(refused).toEqual(struck);
    expect(sandbox.faults).toMatchObject([{ struck: struck.length }]);
  });

  it('no request that is refused anyway, and waits for one that is not', async () => {
    const sandbox = await startSandbox();
    await confirm(sandbox);
    sandbox.setFault({ confirm: 'error', times: 1 });
    const used = await confirm(sandbox);
    expect(await codeOf(used)).toBe('DUPLICATED_INVOICE_NUMBER');
    const other = { ...VALID_FIELDS, invoice_no: 'INV-2' };
    expect(await codeOf(await confirm(sandbox, other))).toBe('BACKEND_ERROR');
  });

  it('as the latest rule says, until it is cleared', async () => {
    const sandbox = await startSandbox();
    sandbox.setFault({ confirm: 'error', errorCode: 'AUTH_ERROR' });
    const { id } = sandbox.setFault({ errorCode: 'CURRENCY_NOT_SUPPORTED' });
    expect(await codeOf(await confirm(sandbox))).toBe('CURRENCY_NOT_SUPPORTED');
    sandbox.clearFaults(id);
    expect(await codeOf(await confirm(sandbox))).toBe('AUTH_ERROR');
    sandbox.clearFaults();
    expect(await codeOf(await confirm(sandbox))).toBe('CHECKOUT_REDIRECT');
  });

  it('the one request that asks for it, by header or query', async () => {
    const sandbox = await startSandbox();
    const body = new URLSearchParams(VALID_FIELDS);
    const byHeader = await post(sandbox, body, {
      'X-Sandbox-Faults': 'confirm=error&errorCode=INVALID_GATEWAY',
    });
    expect(byHeader.status).toBe(403);
    const { accessToken, apiKey } = sandbox.credentials;
    const byQuery = await fetch(
      `${sandbox.baseUrl}/v1/transaction/mpgs/confirm?confirm=html-502`,
      {
        method: 'POST',
        body,
        headers: {
          Authorization: `Bearer ${accessToken}`,
          'X-API-KEY': apiKey,
        },
      },
    );
    expect(byQuery.status).toBe(502);
    expect(sandbox.requests.map(({ fault }) => fault)).toEqual([
      'error',
      'html-502',
    ]);
  });

  it.each([
    { confirm: 'explode' },
    { confirmDelayMs: -1 },
    { confirmDelayMs: '100' },
    { arrivals: 'both' },
    { callbackCopies: 21 },
    { errorCode: 'not a code' },
    { invoiceNo: 'a b' },
    { amount: '5.001' },
    { times: 0 },
    { latency: 5 },
  ])('nothing where it is misspelled: %j', async (rule) => {
    const sandbox = await startSandbox();
    expect(() => sandbox.setFault(rule as SandboxFaultRule)).toThrow(
      Object.keys(rule)[0],
    );
    expect(sandbox.faults).toEqual([]);
  });

  it('no request that asks for a misspelled one', async () => {
    const sandbox = await startSandbox();
    const body = new URLSearchParams(VALID_FIELDS);
    const response = await post(sandbox, body, {
      'X-Sandbox-Faults': 'confirm=explode',
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: { fields: { confirm: [expect.stringContaining('hang')] } },
    });
  });
});
