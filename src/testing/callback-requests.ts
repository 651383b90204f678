import type { Pair } from '../protocol/pairs.js';
import type { SignedOutcome } from '../payments/payment.js';
import {
  signed,
  spell,
  type SandboxMessage,
} from '../sandbox/checkout/merchant-message.js';
import type {
  HostedGateway,
  MerchantChannel,
} from '../sandbox/gateways/hosted-gateway.js';
import { hostedGatewayNamed } from '../sandbox/gateways/index.js';
import type { SandboxHostedGatewayName } from '../sandbox/index.js';

/** What a callback says. A test names what it cares about. */
export interface CallbackValues {
  /** Plutu's name for the gateway, as in `payment.gateway`. Default `mpgs`. */
  gateway?: SandboxHostedGatewayName | undefined;
  /** Default `approved`. T-Lync cannot say `canceled`, only not approved. */
  outcome?: SignedOutcome | undefined;
  /** Default `inv-1`. */
  invoiceNo?: string | undefined;
  /**
   * Default: made from the invoice number, so that callbacks of one invoice belong to
   * one transaction.
   */
  transactionId?: string | undefined;
  /** As Plutu writes it; a number becomes its shortest text. Default `5.00`. */
  amount?: string | number | undefined;
  /** ISO 4217, for MPGS. Default `USD`. The others are in LYD and do not say so. */
  currency?: string | undefined;
  /** How the customer paid, for T-Lync. Default `tadawul`. */
  method?: string | undefined;
}

/** Where a callback goes, and whose it is. */
export interface CallbackTarget {
  /** The endpoint of the application, with or without a query of its own. */
  readonly url: string;
  /** The account's own key, also for a forgery. */
  readonly secretKey: string;
}

/** What can be wrong with a callback; an endpoint has to refuse each. */
export const CALLBACK_FORGERIES = [
  'tampered',
  'other-gateway',
  'other-channel',
  'other-key',
  'unsigned',
] as const;

/**
 * - `tampered`: signed by Plutu for another invoice, and changed since
 * - `other-gateway`: signed by Plutu, with the same key, for a payment through
 *   another gateway
 * - `other-channel`: signed by Plutu, with the same key, as the return of T-Lync's
 *   customer, which proves no payment (or, for a return, as T-Lync's callback)
 * - `other-key`: signed with a key that is not the account's
 * - `unsigned`: no signature at all
 */
export type CallbackForgery = (typeof CALLBACK_FORGERIES)[number];

/**
 * The request in which Plutu's server reports a payment: signed, and spelled as Plutu
 * spells it. A GET with a query, or, through T-Lync, a POST of JSON. Invalid values,
 * such as the amount `free`, are signed as well.
 *
 * @returns what `fetch` takes. To send it again, make it again.
 * @throws {TypeError} if the secret key is empty, or `url` is not a URL.
 */
export function signedCallback(
  values: CallbackValues,
  target: CallbackTarget,
): Request {
  return signedRequest('callback', values, target);
}

/**
 * Like {@link signedCallback}, but not signed by Plutu, or not as a callback of this
 * gateway. The endpoint has to refuse it.
 *
 * @returns and throws as {@link signedCallback} does.
 */
export function forgedCallback(
  forgery: CallbackForgery,
  values: CallbackValues,
  target: CallbackTarget,
): Request {
  return forgedRequest('callback', forgery, values, target);
}

/**
 * The request in which the customer's browser comes back: a GET that accepts HTML.
 * Through MPGS and with local bank cards it brings the callback's own query;
 * T-Lync's says `approved` and the invoice number, and proves no payment.
 *
 * @returns and throws as {@link signedCallback} does.
 */
export function signedReturn(
  values: CallbackValues,
  target: CallbackTarget,
): Request {
  return signedRequest('browser', values, target);
}

/**
 * Like {@link signedReturn}, but not signed by Plutu, or not as such a return. The
 * endpoint has to refuse it.
 *
 * @returns and throws as {@link signedCallback} does.
 */
export function forgedReturn(
  forgery: CallbackForgery,
  values: CallbackValues,
  target: CallbackTarget,
): Request {
  return forgedRequest('browser', forgery, values, target);
}

type Way = 'callback' | 'browser';

function signedRequest(
  way: Way,
  values: CallbackValues,
  target: CallbackTarget,
): Request {
  const channel = gatewayOf(values)[way];
  const pairs = signed(parameters(channel, values), target.secretKey);
  return requestOf(way, spell(channel, pairs, urlsOf(target)));
}

function forgedRequest(
  way: Way,
  forgery: CallbackForgery,
  values: CallbackValues,
  target: CallbackTarget,
): Request {
  const channel = gatewayOf(values)[way];
  const own = parameters(channel, values);
  const sign = (pairs: readonly Pair[], secretKey = target.secretKey) =>
    signed(pairs, secretKey);
  const forgers: Record<CallbackForgery, () => readonly Pair[]> = {
    tampered: () => {
      const { invoiceNo = 'inv-1' } = values;
      const another = { ...values, invoiceNo: `${invoiceNo}-2` };
      const [signature] = sign(parameters(channel, another)).slice(-1);
      return signature ? [...own, signature] : own;
    },
    'other-gateway': () => {
      const other = hostedGatewayNamed(
        gatewayOf(values).name === 'localbankcards' ? 'mpgs' : 'localbankcards',
      );
      return sign(parameters(other[way], values));
    },
    'other-channel': () => {
      const { callback, browser } = hostedGatewayNamed('tlync');
      return sign(parameters(channel === browser ? callback : browser, values));
    },
    'other-key': () => sign(own, `not-${target.secretKey}`),
    unsigned: () => own,
  };
  return requestOf(way, spell(channel, forgers[forgery](), urlsOf(target)));
}

function gatewayOf({ gateway = 'mpgs' }: CallbackValues): HostedGateway {
  return hostedGatewayNamed(gateway);
}

function parameters(
  channel: MerchantChannel,
  {
    outcome = 'approved',
    invoiceNo = 'inv-1',
    transactionId = `t-${invoiceNo}`,
    amount = '5.00',
    currency = 'USD',
    method,
  }: CallbackValues,
): Pair[] {
  return channel.parameters({
    outcome,
    invoiceNo,
    transactionId,
    amount: String(amount),
    currency,
    method,
  });
}

function urlsOf({ url }: CallbackTarget) {
  return { returnUrl: url, callbackUrl: url };
}

function requestOf(way: Way, { method, url, body }: SandboxMessage): Request {
  const headers = {
    ...(way === 'browser' && { accept: 'text/html' }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  return new Request(url, { method, headers, body: body ?? null });
}
