import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { PaymentSummary } from '../diagnostics/channels.js';
import type { PaymentFacts, PaymentOutcome } from './payment.js';

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

/** The same for programs: the fields of a log line, or what a channel publishes. */
export function summaryOf({
  id = '',
  account = DEFAULT_ACCOUNT,
  tenant,
  gateway,
  invoiceNo,
  orderNo = invoiceNo,
  transactionId,
  outcome,
  amount,
  currency,
}: PaymentFacts & { readonly outcome: PaymentOutcome }): PaymentSummary {
  return {
    paymentId: id,
    account,
    tenant,
    gateway,
    invoiceNo,
    orderNo,
    transactionId,
    outcome,
    amount,
    currency,
  };
}
