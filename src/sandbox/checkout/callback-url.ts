import {
  SIGNATURE_PARAMETER,
  signCallback,
} from '../../callbacks/callback-signature.js';
import { encodeAsPhp, type QueryPair } from '../../callbacks/query-pairs.js';

/** How a checkout ends; `incomplete` is a declined card, which may be tried again. */
export type CheckoutOutcome = 'approved' | 'incomplete' | 'canceled';

const OUTCOME_PARAMETERS: Readonly<
  Record<CheckoutOutcome, readonly QueryPair[]>
> = {
  approved: [['approved', '1']],
  canceled: [['canceled', '1']],
  incomplete: [
    ['approved', '0'],
    ['canceled', '0'],
  ],
};

/** Adds the signed query to a `return_url`, behind a query of its own. */
export function makeCallbackUrl(
  transaction: {
    readonly amount: string;
    readonly currency: string;
    readonly invoiceNo: string;
    readonly transactionId: string;
    readonly returnUrl: string;
  },
  outcome: CheckoutOutcome,
  secretKey: string,
): string {
  const pairs: QueryPair[] = [
    ['gateway', 'mpgs'],
    ...OUTCOME_PARAMETERS[outcome],
    ['amount', transaction.amount],
    ['currency', transaction.currency],
    ['invoice_no', transaction.invoiceNo],
    ['transaction_id', transaction.transactionId],
  ];
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
