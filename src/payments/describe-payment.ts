import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { PaymentSummary } from '../diagnostics/channels.js';
import type { PaymentFacts, PaymentOutcome } from './payment.js';

/** What a log line says about a payment: whose it is, and its numbers. */
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

/**
 * The same for programs: the fields of a log line, or what a channel publishes.
 *
 * @param order the `orderNo`, if the payment itself does not know it.
 */
export function summaryOf(
  payment: PaymentFacts & { readonly outcome: PaymentOutcome },
  order = payment.orderNo ?? payment.invoiceNo,
): PaymentSummary {
  const {
    id = '',
    account = DEFAULT_ACCOUNT,
    tenant,
    gateway,
    invoiceNo,
    transactionId,
    outcome,
    amount,
    currency,
  } = payment;
  return {
    paymentId: id,
    account,
    tenant,
    gateway,
    invoiceNo,
    orderNo: order,
    transactionId,
    outcome,
    amount,
    currency,
  };
}
