import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  type PlutuSandbox,
  type SandboxHostedGatewayName,
  type SandboxOtpGatewayName,
} from '../../src/sandbox/index.js';
import { encodeAsPhp, type Pair } from '../../src/protocol/pairs.js';
import { press, startMerchant, startSandbox } from '../support/sandbox.js';

// The requests of Plutu's official clients, and their checks of what comes back,
// as their code has them: field by field, in its order.

/** A client of Plutu's, at one gateway with a page. */
interface Client {
  readonly gateway: SandboxHostedGatewayName;
  readonly fields: (shop: string) => Pair[];
  /** What it signs of a callback; of those that are there, in their order. */
  readonly signs: readonly string[];
  /** What has to be there, or it refuses. */
  readonly requires: readonly string[];
}

const LOCAL_NAMES = [
  'gateway',
  'approved',
  'canceled',
  'invoice_no',
  'amount',
  'transaction_id',
];
const MPGS_NAMES = [...LOCAL_NAMES, 'currency'];
const TLYNC_NAMES = [
  'gateway',
  'approved',
  'invoice_no',
  'amount',
  'transaction_id',
  'payment_method',
];

/** plutu-php 1.1.2: a float, which PHP spells in its shortest form. */
const SDK: readonly Client[] = [
  {
    gateway: 'mpgs',
    fields: (shop) => [
      ['amount', '5'],
      ['invoice_no', 'INV-1'],
      ['return_url', `${shop}/return`],
      ['lang', 'en'],
      ['customer_ip', '192.0.2.1'],
    ],
    signs: MPGS_NAMES,
    requires: ['approved', 'amount', 'currency', 'invoice_no'],
  },
  {
    gateway: 'localbankcards',
    fields: (shop) => [
      ['amount', '5'],
      ['invoice_no', 'INV-1'],
      ['return_url', `${shop}/return`],
    ],
    signs: LOCAL_NAMES,
    requires: ['approved', 'amount', 'invoice_no'],
  },
  {
    gateway: 'tlync',
    fields: (shop) => [
      ['mobile_number', '0913632323'],
      ['amount', '5.5'],
      ['invoice_no', 'INV-1'],
      ['return_url', `${shop}/return`],
      ['callback_url', `${shop}/callback`],
      ['lang', 'ar'],
      ['customer_ip', '192.0.2.1'],
    ],
    signs: TLYNC_NAMES,
    requires: ['approved', 'amount', 'invoice_no', 'payment_method'],
  },
];

/** The WooCommerce plugin 1.0.7; the invoice number is the order's. */
const WOO: readonly Client[] = [
  {
    gateway: 'mpgs',
    fields: (shop) => [
      ['amount', '25.00'],
      ['invoice_no', '1077'],
      ['return_url', `${shop}/?wc-api=plutu_mpgs&checkout_page=7`],
      ['customer_ip', '192.0.2.1'],
    ],
    signs: MPGS_NAMES,
    requires: ['transaction_id', 'invoice_no', 'amount', 'gateway', 'hashed'],
  },
  {
    gateway: 'localbankcards',
    fields: (shop) => [
      ['amount', '25.00'],
      ['invoice_no', '1077'],
      ['return_url', `${shop}/?wc-api=plutu_moamalat&checkout_page=7`],
      ['customer_ip', '192.0.2.1'],
    ],
    signs: LOCAL_NAMES,
    requires: ['transaction_id', 'invoice_no', 'amount', 'gateway', 'hashed'],
  },
  {
    gateway: 'tlync',
    fields: (shop) => [
      ['mobile_number', '913632323'],
      ['email', 'reader@shop.example'],
      ['amount', '25.00'],
      ['invoice_no', '1077'],
      ['callback_url', `${shop}/?wc-api=plutu_tlync&checkout_page=7`],
      ['return_url', `${shop}/?wc-api=plutu_tlync_return&checkout_page=7`],
      ['customer_ip', '192.0.2.1'],
    ],
    signs: TLYNC_NAMES,
    requires: [...TLYNC_NAMES, 'hashed'],
  },
];

/** What a client is answered. */
interface Answer {
  readonly status: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly status: number; readonly code: string };
}

/** A client of Plutu's, at one gateway with one-time passwords. */
interface OtpClient {
  readonly gateway: SandboxOtpGatewayName;
  readonly verify: readonly Pair[];
  readonly confirm: (processId: string, code: string) => Pair[];
  /** What it takes for success: the HTTP status, or the status in the body. */
  readonly isGood: (http: number, body: Answer) => boolean;
  /** What Plutu does not know of its verify request. */
  readonly unknown: readonly string[];
  readonly wrongCode: string;
}

/** plutu-php 1.1.2: the HTTP status is not looked at. */
const sdkIsGood = (_: number, { status, error }: Answer) =>
  (error?.status ?? status) === 200;

const confirmOfSdk = (processId: string, code: string): Pair[] => [
  ['process_id', processId],
  ['code', code],
  ['amount', '25.5'],
  ['invoice_no', 'INV-1'],
  ['customer_ip', '192.0.2.1'],
];

const OTP_SDK: readonly OtpClient[] = [
  {
    gateway: 'sadadapi',
    verify: [
      ['mobile_number', '0913632323'],
      ['birth_year', '1990'],
      ['amount', '25.5'],
    ],
    confirm: confirmOfSdk,
    isGood: sdkIsGood,
    unknown: [],
    wrongCode: 'INVLIAD_OTP',
  },
  {
    gateway: 'edfali',
    verify: [
      ['mobile_number', '0913632323'],
      ['amount', '25.5'],
    ],
    confirm: confirmOfSdk,
    isGood: sdkIsGood,
    unknown: [],
    wrongCode: 'CONFIRMATION_ERROR',
  },
];

/** The WooCommerce plugin 1.0.7: the HTTP status is all that it looks at. */
const wooIsGood = (http: number) => http === 200;

/** The same invoice number at every try: the order's. */
const confirmOfWoo = (processId: string, code: string): Pair[] => [
  ['code', code],
  ['process_id', processId],
  ['amount', '25.00'],
  ['invoice_no', '1077'],
  ['customer_ip', '192.0.2.1'],
];

const OTP_WOO: readonly OtpClient[] = [
  {
    gateway: 'sadadapi',
    verify: [
      ['order_id', '1077'],
      ['amount', '25.00'],
      ['mobile_number', '913632323'],
      ['birth_year', '1990'],
    ],
    confirm: confirmOfWoo,
    isGood: wooIsGood,
    unknown: ['order_id'],
    wrongCode: 'INVLIAD_OTP',
  },
  {
    gateway: 'edfali',
    verify: [
      ['order_id', '1077'],
      ['amount', '25.00'],
      ['mobile_number', '913632323'],
    ],
    confirm: confirmOfWoo,
    isGood: wooIsGood,
    unknown: ['order_id'],
    wrongCode: 'CONFIRMATION_ERROR',
  },
];

const ENCODINGS = {
  'as an urlencoded form': (pairs: readonly Pair[]) => ({
    body: encodeAsPhp(pairs),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
  'as multipart/form-data, like the documentation': (
    pairs: readonly Pair[],
  ) => {
    const body = new FormData();
    for (const [name, value] of pairs) body.set(name, value);
    return { body, headers: {} };
  },
};

function send(
  { baseUrl, credentials }: PlutuSandbox,
  endpoint: string,
  { body, headers }: { body: string | FormData; headers: object },
): Promise<Response> {
  return fetch(`${baseUrl}/v1/transaction/${endpoint}`, {
    method: 'POST',
    body,
    headers: {
      Accept: 'application/json',
      'X-API-KEY': credentials.apiKey,
      Authorization: `Bearer ${credentials.accessToken}`,
      ...headers,
    },
  });
}

/** As the clients do: the listed names that are there, as they arrived. */
function isSigned(
  message: Readonly<Record<string, string>>,
  signs: readonly string[],
): boolean {
  const pairs = Object.entries(message).filter(([name]) =>
    signs.includes(name),
  );
  const hashed = createHmac('sha256', DEFAULT_SANDBOX_CREDENTIALS.secretKey)
    .update(encodeAsPhp(pairs))
    .digest('hex')
    .toUpperCase();
  return hashed === message['hashed'];
}

const queryOf = (url: string) =>
  Object.fromEntries(new URL(url, 'http://shop.example').searchParams);

describe.each([
  ['the official PHP SDK', SDK, OTP_SDK],
  ['the official WooCommerce plugin', WOO, OTP_WOO],
])('%s', (_, clients, otpClients) => {
  for (const [encoding, encode] of Object.entries(ENCODINGS)) {
    it.each([...clients])(
      `is paid through $gateway, with its request ${encoding}`,
      async ({ gateway, fields, signs, requires }) => {
        const sandbox = await startSandbox();
        const shop = await startMerchant();
        const pairs = fields(shop.origin);

        const response = await send(
          sandbox,
          `${gateway}/confirm`,
          encode(pairs),
        );

        expect(response.status).toBe(200);
        const answer = (await response.json()) as {
          status: number;
          result: { code: string; redirect_url: string };
        };
        expect(answer).toMatchObject({
          status: 200,
          result: { code: 'CHECKOUT_REDIRECT' },
        });
        const paid = await press(answer.result.redirect_url, 'pay');

        expect(shop.calls).toHaveLength(1);
        const { amount, invoice_no } = Object.fromEntries(pairs);
        const callback =
          gateway === 'tlync'
            ? (JSON.parse(shop.bodies[0]?.text ?? '') as Record<string, string>)
            : queryOf(shop.calls[0]?.replace('GET ', '') ?? '');
        expect(callback).toMatchObject({
          gateway,
          approved: '1',
          amount,
          invoice_no,
        });
        // PHP's `empty` takes "0" for nothing, too.
        expect(
          requires.filter((name) =>
            ['', '0', undefined].includes(callback[name]),
          ),
        ).toEqual([]);
        expect(isSigned(callback, signs)).toBe(true);

        const returned = queryOf(paid.headers.get('location') ?? '');
        const signedOfReturn =
          gateway === 'tlync' ? ['approved', 'invoice_no'] : signs;
        expect(returned).toMatchObject({ approved: '1', invoice_no });
        expect(isSigned(returned, signedOfReturn)).toBe(true);
      },
    );

    it.each([...otpClients])(
      `is paid through $gateway at the second try, with its requests ${encoding}`,
      async (client) => {
        const { gateway, verify, isGood } = client;
        const sandbox = await startSandbox();
        const ask = async (action: string, pairs: readonly Pair[]) => {
          const endpoint = `${gateway}/${action}`;
          const response = await send(sandbox, endpoint, encode(pairs));
          const body = (await response.json()) as Answer;
          return { body, isGood: isGood(response.status, body) };
        };

        const sent = await ask('verify', verify);

        expect(sent.isGood).toBe(true);
        const { process_id: processId } = sent.body.result ?? {};
        // The SDK demands PHP's `is_numeric` when it is sent back.
        expect(String(processId)).toMatch(/^\d{13}$/);
        expect(sandbox.requests[0]?.unknownFields).toEqual(client.unknown);
        const { code = '' } = sandbox.lastSms('0913632323') ?? {};
        const confirmWith = (text: string) =>
          ask('confirm', client.confirm(String(processId), text));

        const mistyped = await confirmWith(
          code.replace(/^./, (digit) => (digit === '2' ? '3' : '2')),
        );
        expect(mistyped).toMatchObject({
          isGood: false,
          body: { error: { code: client.wrongCode } },
        });

        const paid = await confirmWith(code);
        expect(paid.isGood).toBe(true);
        expect(String(paid.body.result?.['transaction_id'])).toMatch(
          /^\d{7,11}$/,
        );
        expect(sandbox.otpProcesses).toMatchObject([
          {
            gateway,
            mobileNumber: '0913632323',
            status: 'paid',
            customerIp: '192.0.2.1',
          },
        ]);
      },
    );
  }
});

it('the field order_id, which the plugin adds to requests of its own, is taken, and the log says that Plutu does not know it', async () => {
  const sandbox = await startSandbox();
  const [, , tlync] = WOO;
  const pairs: Pair[] = [
    ['order_id', '1077'],
    ...(tlync?.fields('http://127.0.0.1:1') ?? []),
  ];
  await send(
    sandbox,
    'tlync/confirm',
    ENCODINGS['as an urlencoded form'](pairs),
  );
  expect(sandbox.requests).toMatchObject([
    { gateway: 'tlync', status: 200, unknownFields: ['order_id'] },
  ]);
});
