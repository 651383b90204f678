import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { PaymentFacts } from './payment.js';

/** What a log line says of a payment: whose it is, and its numbers. */
export function describePayment({
  account = DEFAULT_ACCOUNT,
  tenant,
  gateway,
  invoiceNo,
  transactionId,
}: Pick<
  PaymentFacts,
  'account' | 'tenant' | 'gateway' | 'invoiceNo' | 'transactionId'
>): string {
  return [
    ...(account === DEFAULT_ACCOUNT ? [] : [`account ${account}`]),
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    `${gateway} invoice ${invoiceNo}`,
    `transaction ${transactionId}`,
  ].join(', ');
}
