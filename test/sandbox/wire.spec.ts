import { describe, expect, it } from 'vitest';
import type { PlutuSandboxOptions } from '../../src/sandbox/index.js';
import { curl, curlJson, curlPath, HOW_TO_GET_CURL } from '../support/curl.js';
import { startMerchant, startSandbox, verify } from '../support/sandbox.js';
import { isMissing } from '../support/tools.js';

const KEYS = [
  ['--header', 'Authorization: Bearer sandbox_access_token'],
  ['--header', 'X-API-KEY: sandbox_api_key'],
  ['--header', 'Accept: application/json'],
].flat();

const FIELDS = {
  amount: '5.00',
  invoice_no: 'INV-1',
  return_url: 'https://shop.example/return',
};

/** Fields as `curl --form` and `curl --data-urlencode` take them. */
function as(option: string, fields: Record<string, string>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => [
    option,
    `${name}=${value}`,
  ]);
}

describe.skipIf(
  isMissing(curlPath, {
    suite: 'the sandbox over the wire, with curl',
    howToGetIt: HOW_TO_GET_CURL,
  }),
)('with curl alone', () => {
  async function start(options?: PlutuSandboxOptions) {
    const sandbox = await startSandbox(options);
    const url = `${sandbox.baseUrl}/v1/transaction/mpgs/confirm`;
    const confirm = (...given: string[]) => curlJson(...given, url);
    return { sandbox, confirm };
  }

  it.each([
    ["the documentation's curl", as('--form', FIELDS)],
    ['the PHP SDK', as('--data-urlencode', { ...FIELDS, amount: '5' })],
    [
      'an SDK that posts FormData',
      as('--form', { ...FIELDS, lang: 'en', customer_ip: '192.0.2.1' }),
    ],
    [
      'an SDK that posts URLSearchParams',
      [
        '--header',
        'Content-Type: application/x-www-form-urlencoded',
        ...as('--data-urlencode', { ...FIELDS, lang: 'ar' }),
      ],
    ],
  ])('a checkout is opened by what %s sends', async (_, form) => {
    const { sandbox, confirm } = await start();
    const { status, answer } = await confirm(
      '--request',
      'POST',
      ...KEYS,
      ...form,
    );
    expect(answer).toEqual({
      status: 200,
      result: {
        code: 'CHECKOUT_REDIRECT',
        redirect_url: sandbox.transactions[0]?.redirectUrl,
      },
    });
    expect(status).toBe(200);
  });

  it('a payment goes from the request to the callback', async () => {
    const { sandbox, confirm } = await start();
    const merchant = await startMerchant();
    const return_url = `${merchant.origin}/return?order=77`;
    await confirm(...KEYS, ...as('--form', { ...FIELDS, return_url }));
    const { redirectUrl = '' } = sandbox.transactions[0] ?? {};

    const page = await curl(redirectUrl);
    expect(page.body).toContain('SANDBOX');
    const paid = await curl('--request', 'POST', `${redirectUrl}/pay`);

    expect(paid.status).toBe(303);
    expect(verify(paid.location)).toMatchObject({ approved: '1' });
    expect(merchant.calls).toEqual([
      `GET ${paid.location.slice(merchant.origin.length)}`,
    ]);
  });

  it.each<[string, PlutuSandboxOptions, string[], number, string, string?]>([
    ['no keys', {}, [], 401, 'Unauthorized'],
    [
      'an unknown API key',
      {},
      [...KEYS.slice(0, 2), '--header', 'X-API-KEY: another'],
      401,
      'UNAUTHORIZED',
    ],
    [
      'a blocked IP address',
      { allowedIps: ['192.0.2.1', '2001:db8::1'] },
      KEYS,
      403,
      'FORBIDDEN_IP_ADDRESS',
    ],
    [
      'a gateway that is not enabled',
      { gateways: ['tlync'] },
      KEYS,
      403,
      'DENIED_ACCESS_GATEWAY',
    ],
    [
      'an amount below the minimum',
      { minAmount: 5.01 },
      KEYS,
      422,
      'AMOUNT_NOT_ALLOWED',
      'amount',
    ],
    [
      'an amount above the maximum',
      { maxAmount: 4.99 },
      KEYS,
      422,
      'AMOUNT_EXCEEDED_MAXIMUM',
      'amount',
    ],
  ])('%s is refused', async (_, options, headers, status, code, field) => {
    const { sandbox, confirm } = await start(options);
    const refused = await confirm(...headers, ...as('--form', FIELDS));
    expect(refused).toEqual({
      status,
      answer: {
        error: {
          status,
          code,
          message: expect.any(String),
          ...(field && { fields: { [field]: [expect.any(String)] } }),
        },
      },
    });
    expect(sandbox.transactions).toEqual([]);
    expect(sandbox.requests).toMatchObject([{ status, code }]);
  });

  it.each([
    [{ minAmount: 5, maxAmount: 5 }],
    [{ allowedIps: ['127.0.0.1'] }],
    [{ allowedIps: ['::ffff:127.0.0.1'] }],
  ])('limits include their ends: %j', async (options) => {
    const { confirm } = await start(options);
    const { status } = await confirm(...KEYS, ...as('--form', FIELDS));
    expect(status).toBe(200);
  });

  it('a missing and a malformed field are named', async () => {
    const { confirm } = await start();
    const { status, answer } = await confirm(
      ...KEYS,
      ...as('--form', { amount: '5,00', invoice_no: 'INV 1' }),
    );
    expect(status).toBe(422);
    expect(answer).toMatchObject({
      error: {
        code: 'MISSING_PARAMETER',
        fields: {
          amount: [expect.any(String)],
          invoice_no: [expect.any(String)],
          return_url: ['is required'],
        },
      },
    });
  });

  it('an invoice number is taken once', async () => {
    const { confirm } = await start();
    await confirm(...KEYS, ...as('--form', FIELDS));
    const { answer } = await confirm(...KEYS, ...as('--form', FIELDS));
    expect(answer).toMatchObject({
      error: { status: 422, code: 'DUPLICATED_INVOICE_NUMBER' },
    });
  });

  it('JSON is refused, in JSON', async () => {
    const { confirm } = await start();
    const { status, answer } = await confirm(
      ...KEYS,
      '--header',
      'Content-Type: application/json',
      '--data',
      JSON.stringify(FIELDS),
    );
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      error: { message: expect.stringContaining('multipart/form-data') },
    });
  });

  it('the control API lets it do without a browser', async () => {
    const { sandbox, confirm } = await start();
    const merchant = await startMerchant();
    const control = `${sandbox.origin}/control`;
    await curl('--data', '{"callbackCopies":2}', `${control}/faults`);
    const return_url = merchant.origin;
    await confirm(...KEYS, ...as('--form', { ...FIELDS, return_url }));

    const completed = await curlJson(
      '--data',
      '{"outcome":"canceled"}',
      `${control}/transactions/INV-1/complete`,
    );

    expect(completed).toMatchObject({
      status: 200,
      answer: { delivery: { status: 200 } },
    });
    const delivered = await curlJson(
      `${control}/transactions/INV-1/deliveries?timeoutMs=1000`,
    );
    expect(delivered.answer).toMatchObject({ deliveries: [{}, {}] });
    expect(merchant.calls[0]).toContain('canceled=1');
  });
});
