import {
  LOCAL_BANK_CARDS,
  MPGS,
  signCallback,
  TLYNC,
  type Pair,
} from '../../src/index.js';
import { encodeAsPhp } from '../../src/protocol/pairs.js';

/** The ways in which Plutu's messages come, by path below `plutu/`. */
export const CHANNELS = {
  'mpgs callback': { path: 'mpgs/callback', ...MPGS.callback },
  'local bank cards callback': {
    path: 'local-bank-cards/callback',
    ...LOCAL_BANK_CARDS.callback,
  },
  'tlync callback': { path: 'tlync/callback', ...TLYNC.callback },
  'tlync return': { path: 'tlync/return', method: 'GET' },
} as const;

export type ChannelName = keyof typeof CHANNELS;

/** A signed message of each channel, in the order in which Plutu sends it. */
export const MESSAGES: Readonly<Record<ChannelName, readonly Pair[]>> = {
  'mpgs callback': [
    ['gateway', 'mpgs'],
    ['approved', '1'],
    ['amount', '5.00'],
    ['currency', 'USD'],
    ['invoice_no', 'inv-1'],
    ['transaction_id', 't-1'],
  ],
  'local bank cards callback': [
    ['gateway', 'localbankcards'],
    ['approved', '1'],
    ['invoice_no', 'inv-1'],
    ['amount', '5.00'],
    ['transaction_id', 't-1'],
  ],
  'tlync callback': [
    ['gateway', 'tlync'],
    ['approved', '1'],
    ['amount', '5.00'],
    ['invoice_no', 'inv-1'],
    ['payment_method', 'mobicash'],
    ['transaction_id', 't-1'],
  ],
  'tlync return': [
    ['approved', '1'],
    ['invoice_no', 'inv-1'],
  ],
};

export function signed(pairs: readonly Pair[], secretKey: string): Pair[] {
  return [...pairs, ['hashed', signCallback(pairs, secretKey)]];
}

/** The members of a JSON object, in this order whatever their names. */
export function toJson(pairs: readonly Pair[]): string {
  const members = pairs.map((pair) =>
    pair.map((text) => JSON.stringify(text)).join(':'),
  );
  return `{${members.join(',')}}`;
}

/** Brings a message in a channel's own way. */
export function bring(
  url: string,
  channel: ChannelName,
  pairs: readonly Pair[],
  headers: Record<string, string> = {},
): Promise<Response> {
  const { path, method } = CHANNELS[channel];
  const to = `${url}/plutu/${path}`;
  return method === 'GET'
    ? fetch(`${to}?${encodeAsPhp(pairs)}`, { headers, redirect: 'manual' })
    : fetch(to, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: toJson(pairs),
        redirect: 'manual',
      });
}
