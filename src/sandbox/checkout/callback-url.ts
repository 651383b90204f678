import {
  SIGNATURE_PARAMETER,
  signCallback,
} from '../../callbacks/callback-signature.js';
import { encodeAsPhp, type QueryPair } from '../../callbacks/query-pairs.js';

/** How a checkout ends; `incomplete` is a declined card, which may be tried again. */
export type CheckoutOutcome = 'approved' | 'incomplete' | 'canceled';

/** What a callback says besides how the checkout ended, by our own names. */
export interface CallbackFacts {
  readonly amount: string;
  readonly currency: string;
  readonly invoiceNo: string;
  readonly transactionId: string;
}

/**
 * The parameters of a callback, unsigned. As in production, both flags are
 * there, whatever the outcome.
 */
export function callbackPairs(
  facts: CallbackFacts,
  outcome: CheckoutOutcome,
): QueryPair[] {
  return [
    ['gateway', 'mpgs'],
    ['approved', outcome === 'approved' ? '1' : '0'],
    ['canceled', outcome === 'canceled' ? '1' : '0'],
    ['amount', facts.amount],
    ['currency', facts.currency],
    ['invoice_no', facts.invoiceNo],
    ['transaction_id', facts.transactionId],
  ];
}

/** Adds the signed query to a `return_url`, behind a query of its own. */
export function makeCallbackUrl(
  transaction: CallbackFacts & { readonly returnUrl: string },
  outcome: CheckoutOutcome,
  secretKey: string,
): string {
  const pairs = callbackPairs(transaction, outcome);
  pairs.push([SIGNATURE_PARAMETER, signCallback(pairs, secretKey)]);
  const url = new URL(transaction.returnUrl);
  const ownQuery = url.search === '' ? '' : `${url.search}&`;
  url.search = ownQuery + encodeAsPhp(pairs);
  return url.href;
}

/** The same callback with another amount, which its signature does not cover. */
export function tamper(callbackUrl: string): string {
  // The last one: the merchant's own query stands in front.
  return callbackUrl.replace(
    /^(.*[?&]amount=)([^&]*)/,
    (_, before: string, amount: string) =>
      `${before}${amount === '0.01' ? '0.02' : '0.01'}`,
  );
}
