import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api/api-error.js';
import type { ConfirmRequest } from '../api/confirm-request.js';
import { checkFields, trueOrFalse, wholeNumber } from '../check-fields.js';
import {
  MAX_COPIES,
  MAX_DELAY_MS,
  type CallbackFault,
  type CallbackFaults,
} from '../faults/sandbox-faults.js';
import {
  makeCallbackUrl,
  tamper,
  type CheckoutOutcome,
} from './callback-url.js';
import { callMerchant } from './call-merchant.js';
import type {
  CheckoutContext,
  CheckoutEnding,
  CheckoutRecord,
} from './checkout-record.js';
import type {
  SandboxDeclineReason,
  SandboxDelivery,
  SandboxReplay,
  SandboxTransaction,
} from './transaction.js';

/** For a browser to get to the merchant before the server-to-server call does. */
const REDIRECT_FIRST_DELAY_MS = 1_000;

const MAX_DELIVERIES = 20;

const REPLAY_CHECKS = {
  copies: wholeNumber(1, MAX_COPIES),
  tampered: trueOrFalse,
  delayMs: wholeNumber(0, MAX_DELAY_MS),
};

const REDIRECTS = {
  'callback-first': 'after-callback',
  'redirect-first': 'at-once',
  'redirect-only': 'at-once',
  'callback-only': 'never',
} as const satisfies Record<CallbackFault, CheckoutEnding['redirect']>;

/** One hosted checkout, from the confirm request to its outcome. */
export class Checkout {
  #record: CheckoutRecord;
  #ending: CheckoutEnding | undefined;
  #isDelivering = false;

  private constructor(
    record: CheckoutRecord,
    private readonly context: CheckoutContext,
  ) {
    this.#record = record;
  }

  static open(
    request: ConfirmRequest,
    faults: CallbackFaults,
    context: CheckoutContext,
  ): Checkout {
    return new Checkout(
      {
        ...request,
        token: randomUUID(),
        // Random and not counted: a merchant's database outlives the sandbox,
        // and would take an id that comes again for a payment it has had.
        transactionId: String(randomInt(1e13, 1e14)),
        createdAt: new Date().toISOString(),
        status: 'open',
        declineReason: undefined,
        callbackUrl: undefined,
        deliveries: [],
        faults,
      },
      context,
    );
  }

  static restore(record: CheckoutRecord, context: CheckoutContext): Checkout {
    const deliveries = context.showsAnswers
      ? record.deliveries
      : record.deliveries.map(({ answer: _, ...delivery }) => delivery);
      : record.deliveries.map((call) => ({ ...call, answer: undefined }));
    return new Checkout({ ...record, deliveries }, context);
  }

  get record(): CheckoutRecord {
    return this.#record;
  }

  get transaction(): SandboxTransaction {
    const { token, faults: _, ...transaction } = this.#record;
    return {
      ...transaction,
      currency: this.context.currency,
      redirectUrl: `${this.context.origin}/checkout/${token}`,
    };
  }

  /** Whether an outcome can still be chosen. */
  get isOpen(): boolean {
    const { status } = this.#record;
    return status !== 'approved' && status !== 'canceled';
  }

  /**
   * Ends the checkout, once. A checkout that is being finished, is paid or is
   * canceled keeps its outcome, whatever is asked for; an incomplete one may
   * still be paid or canceled.
   */
  finish(
    outcome: CheckoutOutcome,
    declineReason: SandboxDeclineReason = 'declined',
  ): CheckoutEnding {
    const { status, callbackUrl } = this.#record;
    const isNews = !callbackUrl || (this.isOpen && status !== outcome);
    if (!isNews || this.#isDelivering) {
      return this.#ending ?? this.#formerEnding(callbackUrl ?? '');
    }
    const faults = {
      ...this.context.strikeCallback(this.#record),
      ...this.#record.faults,
    };
    const newUrl = makeCallbackUrl(
      this.transaction,
      outcome,
      this.context.secretKey,
    );
    this.#change({
      status: outcome,
      declineReason: outcome === 'incomplete' ? declineReason : undefined,
      callbackUrl: newUrl,
    });
    this.#ending = this.#end(newUrl, faults);
    return this.#ending;
  }

  /** The customer closes the page: nobody is told. */
  abandon(): void {
    if (this.#record.status === 'open') this.#change({ status: 'abandoned' });
  }

  /**
   * Sends the callback of a finished checkout again.
   *
   * @param replay a {@link SandboxReplay}, unchecked.
   * @throws {ApiError} 409 where it is not finished; at once, before any delay.
   */
  replay(replay: object = {}): Promise<readonly SandboxDelivery[]> {
    checkFields<SandboxReplay>(replay, REPLAY_CHECKS);
    const { copies = 1, tampered = false, delayMs = 0 } = replay;
    const { callbackUrl, invoiceNo } = this.#record;
    if (!callbackUrl) {
      throw new ApiError(
        409,
        'NOT_FINISHED',
        `The checkout of ${invoiceNo} is not finished, so there is no callback to send again.`,
      );
    }
    const url = tampered ? tamper(callbackUrl) : callbackUrl;
    const kind = tampered ? 'tampered' : 'replayed';
    return this.#call({ url, kind, copies, delayMs });
  }

  #end(callbackUrl: string, faults: CallbackFaults): CheckoutEnding {
    const { callback, callbackDelayMs, callbackCopies: copies = 1 } = faults;
    if (callback === 'redirect-only') {
      const delivery = this.#uncalled(callbackUrl);
      const completion = Promise.resolve({ callbackUrl, delivery });
      return { callbackUrl, redirect: 'at-once', completion };
    }
    const redirect = REDIRECTS[callback ?? 'callback-first'];
    const isBrowserFirst = redirect === 'at-once';
    // A customer who is back at the shop may try again before the call is made.
    this.#isDelivering = !isBrowserFirst;
    const completion = this.#call({
      url: callbackUrl,
      kind: 'callback',
      copies,
      delayMs:
        callbackDelayMs ?? (isBrowserFirst ? REDIRECT_FIRST_DELAY_MS : 0),
    }).then(([first]) => {
      this.#isDelivering = false;
      return { callbackUrl, delivery: first ?? this.#uncalled(callbackUrl) };
    });
    return { callbackUrl, redirect, completion };
  }

  /** Of a checkout that was finished before the sandbox was started. */
  #formerEnding(callbackUrl: string): CheckoutEnding {
    const delivery =
      this.#record.deliveries.at(-1) ?? this.#uncalled(callbackUrl);
    const completion = Promise.resolve({ callbackUrl, delivery });
    return { callbackUrl, redirect: 'at-once', completion };
  }

  #uncalled(url: string): SandboxDelivery {
    return {
      id: 0,
      at: new Date().toISOString(),
      kind: 'callback',
      url,
      error: 'Not called: the callback goes through the browser only.',
      durationMs: 0,
    };
  }

  async #call(calls: {
    readonly url: string;
    readonly kind: SandboxDelivery['kind'];
    readonly copies: number;
    readonly delayMs: number;
  }): Promise<SandboxDelivery[]> {
    const { url, kind, copies, delayMs } = calls;
    const { closing } = this.context;
    if (delayMs > 0) {
      // Where the sandbox closes meanwhile, the call below says so.
      await sleep(delayMs, undefined, { signal: closing }).catch(() => {});
    }
    const callOnce = async (): Promise<SandboxDelivery> => {
      const at = new Date().toISOString();
      const answer = await callMerchant(url, this.context);
      const id = this.context.nextDeliveryId();
      const delivery = { id, at, kind, url, ...answer };
      const deliveries = [...this.#record.deliveries, delivery];
      this.#change({ deliveries: deliveries.slice(-MAX_DELIVERIES) }, delivery);
      return delivery;
    };
    return Promise.all(Array.from({ length: copies }, callOnce));
  }

  #change(change: Partial<CheckoutRecord>, delivery?: SandboxDelivery): void {
    this.#record = { ...this.#record, ...change };
    this.context.changed(this.transaction, delivery);
  }
}
