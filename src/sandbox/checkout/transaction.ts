import type { CheckoutOutcome } from './callback-url.js';
import type { MerchantAnswer } from './call-merchant.js';

/** `abandoned`: the customer closed the page, and may yet come back to it. */
export type SandboxTransactionStatus = 'open' | 'abandoned' | CheckoutOutcome;

/** Why a checkout is incomplete; the callback does not say. */
export type SandboxDeclineReason =
  'declined' | 'insufficient-funds' | 'authentication-failed';

/** One server-to-server call of a `return_url`. */
export interface SandboxDelivery extends MerchantAnswer {
  /** Counts up from 1 within one sandbox, in the order in which calls ended. */
  readonly id: number;
  /** When the call began: ISO 8601, UTC. */
  readonly at: string;
  /** What was called with GET. */
  readonly url: string;
  /** `replayed` and `tampered` ones were asked for by the developer. */
  readonly kind: 'callback' | 'replayed' | 'tampered';
}

/** A transaction as it stood when it was asked for. */
export interface SandboxTransaction {
  /** Fourteen digits. */
  readonly transactionId: string;
  /** As in the request, like the next ones. */
  readonly invoiceNo: string;
  /** As the text that was sent, in `currency`. */
  readonly amount: string;
  /** ISO 4217: that of the sandbox. */
  readonly currency: string;
  /** Where the callback goes. */
  readonly returnUrl: string;
  /** The language of the checkout page. */
  readonly lang: 'ar' | 'en';
  /** `undefined` where the request named none. */
  readonly customerIp: string | undefined;
  /** Open, or what became of it. */
  readonly status: SandboxTransactionStatus;
  /** Where the status is `incomplete`. */
  readonly declineReason: SandboxDeclineReason | undefined;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The checkout page. */
  readonly redirectUrl: string;
  /** Where the customer's browser is sent, once the checkout has ended. */
  readonly callbackUrl: string | undefined;
  /** The last 20 server-to-server calls, oldest first. */
  readonly deliveries: readonly SandboxDelivery[];
}

/** What came of finishing a checkout. */
export interface SandboxCompletion {
  /** Where the customer's browser is sent: the URL that was called. */
  readonly callbackUrl: string;
  /** The first of the calls; where a fault forbade any, an error says so. */
  readonly delivery: SandboxDelivery;
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
