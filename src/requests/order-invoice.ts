import { randomBytes } from 'node:crypto';
import { MAX_INVOICE_NUMBER_LENGTH } from '../protocol/values.js';

/**
 * How many random bytes an order number is extended by, so that no two attempts share
 * a number.
 */
const RANDOM_BYTES = 6;

/** So that an invoice number can begin with the whole order number. */
export const MAX_ORDER_NUMBER_LENGTH =
  MAX_INVOICE_NUMBER_LENGTH - '-'.length - RANDOM_BYTES * 2;

/**
 * A new invoice number for another attempt to pay an order, such as
 * `2026-0042-9f86d081884c`: it begins with the order number, so that a person finds
 * it in Plutu's dashboard.
 */
export function invoiceOfOrder(orderNo: string): string {
  return `${orderNo}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
}
