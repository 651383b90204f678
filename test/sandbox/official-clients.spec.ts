import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  type PlutuSandbox,
  type SandboxHostedGatewayName,
} from '../../src/sandbox/index.js';
import { encodeAsPhp, type Pair } from '../../src/protocol/pairs.js';
import { press, startMerchant, startSandbox } from '../support/sandbox.js';

// The requests of Plutu's official clients, and their checks of what comes back,
// as their code has them: field by field, in its order.

/** A client of Plutu's, at one gateway. */
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
  gateway: string,
  { body, headers }: { body: string | FormData; headers: object },
): Promise<Response> {
  return fetch(`${baseUrl}/v1/transaction/${gateway}/confirm`, {
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
  ['the official PHP SDK', SDK],
  ['the official WooCommerce plugin', WOO],
])('%s', (_, clients) => {
  for (const [encoding, encode] of Object.entries(ENCODINGS)) {
    it.each([...clients])(
      `is paid through $gateway, with its request ${encoding}`,
      async ({ gateway, fields, signs, requires }) => {
        const sandbox = await startSandbox();
        const shop = await startMerchant();
        const pairs = fields(shop.origin);

        const response = await send(sandbox, gateway, encode(pairs));

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
  }
});

it('the field order_id, which the plugin adds to requests of its own, is taken, and the log says that Plutu does not know it', async () => {
  const sandbox = await startSandbox();
  const [, , tlync] = WOO;
  const pairs: Pair[] = [
    ['order_id', '1077'],
    ...(tlync?.fields('http://127.0.0.1:1') ?? []),
  ];
  await send(sandbox, 'tlync', ENCODINGS['as an urlencoded form'](pairs));
  expect(sandbox.requests).toMatchObject([
    { gateway: 'tlync', status: 200, unknownFields: ['order_id'] },
  ]);
});
