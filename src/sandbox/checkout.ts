import { randomInt, randomUUID } from 'node:crypto';
import type { ConfirmRequest } from './confirm-request.js';
import {
  deliverCallback,
  makeCallbackUrl,
  type CheckoutOutcome,
  type SandboxDelivery,
} from './sandbox-callback.js';

/** Open, or what became of it. */
export type SandboxTransactionStatus = 'open' | CheckoutOutcome;

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
  /** The checkout page. */
  readonly redirectUrl: string;
  /** The server-to-server calls, oldest first. */
  readonly deliveries: readonly SandboxDelivery[];
}

/** What came of finishing a checkout. */
export interface SandboxCompletion {
  /** Where the customer's browser is sent: the URL that was called. */
  readonly callbackUrl: string;
  /** What the merchant's server answered. */
  readonly delivery: SandboxDelivery;
}

/** What all checkouts of one sandbox have in common. */
export interface CheckoutContext {
  readonly origin: string;
  readonly currency: string;
  readonly secretKey: string;
  /** Ends the calls that are under way when the sandbox closes. */
  readonly closing: AbortSignal;
  readonly log: (line: string) => void;
}

/** One hosted checkout, from the confirm request to its outcome. */
export class Checkout {
  readonly token = randomUUID();

  // Random and not counted: a merchant's database outlives the sandbox, and
  // would take an id that comes again for a payment it has already had.
  readonly #transactionId = String(randomInt(1e13, 1e14));
  readonly #deliveries: SandboxDelivery[] = [];
  #status: SandboxTransactionStatus = 'open';
  #completion: Promise<SandboxCompletion> | undefined;
  #isDelivering = false;

  constructor(
    private readonly request: ConfirmRequest,
    private readonly context: CheckoutContext,
  ) {}

  get transaction(): SandboxTransaction {
    return {
      ...this.request,
      transactionId: this.#transactionId,
      currency: this.context.currency,
      status: this.#status,
      redirectUrl: `${this.context.origin}/checkout/${this.token}`,
      deliveries: [...this.#deliveries],
    };
  }

  /**
   * Calls the merchant's server, once. A checkout that is being finished, is
   * paid or is canceled keeps its outcome, whatever is asked for; an incomplete
   * one may still be paid or canceled.
   */
  finish(outcome: CheckoutOutcome): Promise<SandboxCompletion> {
    const isAnotherAttempt =
      this.#status === 'incomplete' &&
      outcome !== 'incomplete' &&
      !this.#isDelivering;
    if (!this.#completion || isAnotherAttempt) {
      this.#status = outcome;
      this.#completion = this.#deliver(outcome);
    }
    return this.#completion;
  }

  async #deliver(outcome: CheckoutOutcome): Promise<SandboxCompletion> {
    this.#isDelivering = true;
    const { secretKey, closing, log } = this.context;
    const callbackUrl = makeCallbackUrl(this.transaction, outcome, secretKey);
    const delivery = await deliverCallback(callbackUrl, closing);
    this.#deliveries.push(delivery);
    const [target] = callbackUrl.split('?', 1);
    log(
      `${this.request.invoiceNo} ${outcome}, callback to ${target}: ${delivery.status ?? delivery.error}`,
    );
    this.#isDelivering = false;
    return { callbackUrl, delivery };
  }
}
