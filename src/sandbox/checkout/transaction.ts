import type { MerchantAnswer } from './call-merchant.js';
import type { SandboxMessage } from './merchant-message.js';
import type { CheckoutOutcome, SandboxDeclineReason } from './outcome.js';

/** `abandoned`: the customer closed the page, and may yet come back to it. */
export type SandboxTransactionStatus = 'open' | 'abandoned' | CheckoutOutcome;

/** One call of the merchant's server. */
export interface SandboxDelivery extends MerchantAnswer, SandboxMessage {
  /** Counts up from 1 within one sandbox, in the order in which calls ended. */
  readonly id: number;
  /** When the call began: ISO 8601, UTC. */
  readonly at: string;
  /** `replayed` and `tampered` ones were asked for by the developer. */
  readonly kind: 'callback' | 'replayed' | 'tampered';
}

/** A transaction as it stood when it was asked for. */
export interface SandboxTransaction {
  /** The gateway's name on the wire. */
  readonly gateway: string;
  /** Fourteen digits. */
  readonly transactionId: string;
  /** As in the request, like the next ones. */
  readonly invoiceNo: string;
  /** As the text that was sent, in `currency`. */
  readonly amount: string;
  /** ISO 4217: that of the gateway. */
  readonly currency: string;
  /** Where the customer comes back to, before the signed query is added. */
  readonly returnUrl: string;
  /** Where the server is called, if the gateway has a URL of its own for it. */
  readonly callbackUrl: string | undefined;
  /** The language of the checkout page. */
  readonly lang: 'ar' | 'en';
  /** `undefined` if the request named none. */
  readonly customerIp: string | undefined;
  /** Open, or what became of it. */
  readonly status: SandboxTransactionStatus;
  /** The way of paying, if the gateway has several and one was chosen. */
  readonly method: string | undefined;
  /** If the status is `incomplete`. */
  readonly declineReason: SandboxDeclineReason | undefined;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The checkout page. */
  readonly redirectUrl: string;
  /** Where the customer's browser is sent, once the checkout has ended. */
  readonly browserUrl: string | undefined;
  /** What the merchant's server is sent, once the checkout has ended. */
  readonly callback: SandboxMessage | undefined;
  /** The last 20 server-to-server calls, oldest first. */
  readonly deliveries: readonly SandboxDelivery[];
}

/** The result of finishing a checkout. */
export interface SandboxCompletion {
  /** Where the customer's browser is sent: the return URL with its signed query. */
  readonly browserUrl: string;
  /** The first of the calls; if there was to be none, an error says so. */
  readonly delivery: SandboxDelivery;
}

/** How to end a checkout. */
export interface SandboxPayment {
  /** The way of paying, for a gateway that has several. Default: its first. */
  readonly method?: string | undefined;
}

/** How to send a callback again. */
export interface SandboxReplay {
  /** How many times, all at once: 1 to 20. Default 1. */
  readonly copies?: number | undefined;
  /** With an amount that the signature does not cover. Default false. */
  readonly tampered?: boolean | undefined;
  /** How long to wait first, in milliseconds. Default 0. */
  readonly delayMs?: number | undefined;
}
