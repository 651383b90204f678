import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { localBankCards, mpgs, tlync, type Pair } from '../../src/index.js';
import { signCallback } from '../../src/protocol/signature.js';
import { encodeAsPhp } from '../../src/protocol/pairs.js';
import { record, startApp } from '../support/app.js';

interface Vector {
  readonly name: string;
  readonly channel: keyof typeof PATHS;
  readonly secretKey: string;
  readonly parameters: readonly (readonly [string, string | number])[];
  readonly jsonBody?: string | null;
  readonly query?: string | null;
  readonly signedString: string;
  readonly expect: keyof typeof OUTCOMES;
}

const PATHS = {
  'mpgs/callback': 'mpgs/callback',
  'localbankcards/callback': 'local-bank-cards/callback',
  'tlync/callback': 'tlync/callback',
  'tlync/return': 'tlync/return',
} as const;

/** The answer, and the event if there is one. */
const OUTCOMES = {
  paid: [200, ['plutu.payment.approved']],
  canceled: [200, ['plutu.payment.canceled']],
  'not paid': [200, ['plutu.payment.incomplete']],
  refused: [403, ['plutu.callback.rejected']],
  returned: [200, []],
} as const;

const { official, derived }: Record<'official' | 'derived', Vector[]> =
  JSON.parse(
    readFileSync(
      new URL('../fixtures/gateway-vectors.json', import.meta.url),
      'utf8',
    ),
  );

function send(url: string, vector: Vector): Promise<Response> {
  const { channel, parameters } = vector;
  const to = `${url}/plutu/${PATHS[channel]}`;
  const pairs = parameters.map(([name, value]): Pair => [name, String(value)]);
  if (channel !== 'tlync/callback') {
    return fetch(`${to}?${vector.query ?? encodeAsPhp(pairs)}`);
  }
  return fetch(to, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: vector.jsonBody ?? JSON.stringify(Object.fromEntries(parameters)),
  });
}

describe("a message that Plutu's SDK or PHP has signed is taken for what it is:", () => {
  it.each([...official, ...derived])('$name is $expect', async (vector) => {
    const { url, emitter } = await startApp({
      secretKey: vector.secretKey,
      returnUrl: undefined,
      gateways: [mpgs(), localBankCards(), tlync()],
    });
    const events = record(emitter);
    const [status, names] = OUTCOMES[vector.expect];

    const answer = await send(url, vector);

    expect([answer.status, events.map(([name]) => name)]).toEqual([
      status,
      names,
    ]);
    if (status !== 200) return;
    const wire = new URLSearchParams(vector.signedString);
    expect(await answer.json()).toMatchObject({
      gateway: vector.channel.split('/')[0],
      invoiceNo: wire.get('invoice_no'),
      ...(wire.has('transaction_id') && {
        transactionId: wire.get('transaction_id'),
        amount: wire.get('amount'),
      }),
      ...(wire.has('payment_method') && { method: wire.get('payment_method') }),
      ...(wire.has('paymet_method') && { method: wire.get('paymet_method') }),
    });
  });

  it.each(official)('$name is signed by this package alike', (vector) => {
    const pairs = vector.parameters
      .filter(([name]) => name !== 'hashed')
      .map(([name, value]): Pair => [name, String(value)]);

    expect(encodeAsPhp(pairs)).toBe(vector.signedString);
    expect(vector.parameters.at(-1)).toEqual([
      'hashed',
      signCallback(pairs, vector.secretKey),
    ]);
  });
});
