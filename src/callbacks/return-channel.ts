import type { CallbackRules } from '../protocol/signature.js';

/**
 * How a gateway leads the customer's browser back, if that is separate from its
 * callback. The message is signed, but does not name the amount or the transaction:
 * it is never a payment.
 */
export interface ReturnChannel {
  /** Tells it from a callback channel. */
  readonly kind: 'return';
  /** Plutu's name for the gateway, such as `tlync`. */
  readonly gateway: string;
  /** With the parameters in the query. */
  readonly method: 'GET';
  /** Which of its parameters Plutu signs, and which it must not have. */
  readonly rules: CallbackRules;
}

/**
 * Describes a channel. Plutu signs everything with the same key, so a message with
 * the parameters of a payment is a callback, and is refused here.
 */
export function returnChannel(gateway: string): ReturnChannel {
  const signs = ['approved', 'invoice_no'];
  return {
    kind: 'return',
    gateway,
    method: 'GET',
    rules: {
      signable: signs,
      required: signs,
      accepted: {},
      forbidden: ['gateway', 'amount', 'transaction_id'],
    },
  };
}
