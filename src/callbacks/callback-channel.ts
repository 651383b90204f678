import type { CallbackRules } from '../protocol/signature.js';

/** How a gateway's callbacks come, and what makes a signed message one of them. */
export interface CallbackChannel {
  /** Tells it from a return channel. */
  readonly kind: 'callback';
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** `GET` with the parameters in the query, or `POST` with them in the body. */
  readonly method: 'GET' | 'POST';
  /** The gateway's currency (ISO 4217), if the callback does not name one. */
  readonly currency: string | undefined;
  /** The parameters that may say how the customer paid. */
  readonly methodParameters: readonly string[];
  /** Which of its parameters Plutu signs, and which are required. */
  readonly rules: CallbackRules;
}

/**
 * Describes a channel. The account's one secret key signs for all of its gateways,
 * so the signature alone says only that Plutu sent it: a message is taken only if
 * every parameter that a payment is made of is among the signed ones, and
 * `gateway` is the channel's own.
 *
 * @param signs the parameters that Plutu signs, as its SDK has them.
 */
export function callbackChannel({
  gateway,
  method = 'GET',
  signs,
  currency,
  methodParameters = [],
}: {
  gateway: string;
  method?: 'GET' | 'POST' | undefined;
  signs: readonly string[];
  currency?: string | undefined;
  methodParameters?: readonly string[] | undefined;
}): CallbackChannel {
  return {
    kind: 'callback',
    gateway,
    method,
    currency,
    methodParameters,
    rules: {
      signable: signs,
      required: [
        'gateway',
        'amount',
        'invoice_no',
        'transaction_id',
        ...(currency === undefined ? ['currency'] : []),
      ],
      accepted: { gateway: [gateway] },
    },
  };
}
