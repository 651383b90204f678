import type { CallbackRules } from '../protocol/signature.js';

/**
 * How a gateway leads the customer's browser back, if it keeps that apart from its
 * callback. What comes this way is signed, and says nothing of amount or
 * transaction: it answers a browser and is never a payment.
 */
export interface ReturnChannel {
  /** Tells it from a callback channel. */
  readonly kind: 'return';
  /** Plutu's name for the gateway, such as `tlync`. */
  readonly gateway: string;
  /** With the parameters in the query. */
  readonly method: 'GET';
  /** Which of its parameters Plutu signs, and which there must not be. */
  readonly rules: CallbackRules;
}

/**
 * Describes a channel. Everything that Plutu signs is signed with the same key, so
 * what has the parameters of a payment is a callback, and not taken here.
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
