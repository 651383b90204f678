import { signCallback } from '../../src/index.js';
import {
  encodeAsPhp,
  type QueryPair,
} from '../../src/callbacks/query-pairs.js';
import { vectors } from './vectors.js';

const PAID = {
  gateway: 'mpgs',
  approved: '1',
  amount: '5.00',
  currency: 'USD',
  invoice_no: 'inv-1',
  transaction_id: 't-1',
};

/**
 * The query of a callback, signed as Plutu signs it.
 *
 * @param changes to a paid one; `undefined` leaves a parameter out.
 */
export function callbackQuery(
  changes: Partial<Record<keyof typeof PAID | 'canceled', string>> = {},
): string {
  const pairs = Object.entries({ ...PAID, ...changes }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const signature: QueryPair = [
    'hashed',
    signCallback(pairs, vectors.secretKey),
  ];
  return encodeAsPhp([...pairs, signature]);
}
