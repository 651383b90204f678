import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api/api-error.js';
import { checkFields, trueOrFalse, wholeNumber } from '../check-fields.js';
import {
  MAX_COPIES,
  MAX_DELAY_MS,
  type CallbackFaults,
  type SandboxArrivals,
} from '../faults/sandbox-faults.js';
import type { HostedGateway } from '../gateways/hosted-gateway.js';
import { hostedGatewayNamed } from '../gateways/index.js';
import { callMerchant } from './call-merchant.js';
import type {
  CheckoutContext,
  CheckoutEnding,
  CheckoutRecord,
} from './checkout-record.js';
import type { CheckoutRequest } from './checkout-request.js';
import {
  signedMessage,
  tamper,
  type SandboxMessage,
} from './merchant-message.js';
import type { CheckoutOutcome, SandboxDeclineReason } from './outcome.js';
import type {
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
  'server-first': 'after-callback',
  'browser-first': 'at-once',
  'browser-only': 'at-once',
  'server-only': 'never',
} as const satisfies Record<SandboxArrivals, CheckoutEnding['redirect']>;

/** How a checkout ends, besides its outcome. */
interface EndingDetails {
  readonly declineReason?: SandboxDeclineReason | undefined;
  /** The way of paying. Default: the first one of the gateway. */
  readonly method?: string | undefined;
}

/** One hosted checkout, from the confirm request to its outcome. */
export class Checkout {
  readonly gateway: HostedGateway;
  #record: CheckoutRecord;
  #ending: CheckoutEnding | undefined;
  #isDelivering = false;

  private constructor(
    record: CheckoutRecord,
    private readonly context: CheckoutContext,
  ) {
    this.#record = record;
    this.gateway = hostedGatewayNamed(record.gateway);
  }

  static open(
    request: CheckoutRequest,
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
        method: undefined,
        declineReason: undefined,
        browserUrl: undefined,
        callback: undefined,
        deliveries: [],
        faults,
      },
      context,
    );
  }

  static restore(record: CheckoutRecord, context: CheckoutContext): Checkout {
    const deliveries = context.showsAnswers
      ? record.deliveries
      : record.deliveries.map((delivery) => ({
          ...delivery,
          answer: undefined,
        }));
    return new Checkout({ ...record, deliveries }, context);
  }

  get record(): CheckoutRecord {
    return this.#record;
  }

  get transaction(): SandboxTransaction {
    const { token, faults: _, ...transaction } = this.#record;
    return {
      ...transaction,
      currency: this.#currency,
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
    { declineReason = 'declined', method }: EndingDetails = {},
  ): CheckoutEnding {
    this.#checkMethod(method);
    const { status, browserUrl = '' } = this.#record;
    const isAnother = !browserUrl || (this.isOpen && status !== outcome);
    if (!isAnother || this.#isDelivering) {
      return this.#ending ?? this.#formerEnding(browserUrl);
    }
    const faults = {
      ...this.context.strikeCallback(this.#record),
      ...this.#record.faults,
    };
    const facts = {
      ...this.#record,
      outcome,
      currency: this.#currency,
      method: method ?? this.gateway.page.methods[0]?.id,
    };
    const messageOver = (channel: 'callback' | 'browser') =>
      signedMessage(
        this.gateway[channel],
        facts,
        this.#record,
        this.context.account.secretKey,
      );
    const callback = messageOver('callback');
    const { url } = messageOver('browser');
    this.#change({
      status: outcome,
      declineReason: outcome === 'incomplete' ? declineReason : undefined,
      method: facts.method,
      browserUrl: url,
      callback,
    });
    this.#ending = this.#end(callback, url, faults);
    return this.#ending;
  }

  /** The customer closes the page: the merchant hears nothing. */
  abandon(): void {
    if (this.#record.status === 'open') this.#change({ status: 'abandoned' });
  }

  /**
   * Sends the callback of a finished checkout again.
   *
   * @param replay a {@link SandboxReplay}, unchecked.
   * @throws {ApiError} 409 if it is not finished; at once, before any delay.
   */
  replay(replay: object = {}): Promise<readonly SandboxDelivery[]> {
    checkFields<SandboxReplay>(replay, REPLAY_CHECKS);
    const { copies = 1, tampered = false, delayMs = 0 } = replay;
    const { callback, invoiceNo } = this.#record;
    if (!callback) {
      throw new ApiError(
        409,
        'NOT_FINISHED',
        `The checkout of ${invoiceNo} is not finished, so there is no callback to send again.`,
      );
    }
    const message = tampered ? tamper(callback) : callback;
    const kind = tampered ? 'tampered' : 'replayed';
    return this.#call({ message, kind, copies, delayMs });
  }

  get #currency(): string {
    return this.gateway.currencyOf(this.context.account);
  }

  /** @throws {ApiError} 422 for a way of paying that the gateway does not have. */
  #checkMethod(method: string | undefined): void {
    if (method === undefined) return;
    const { title, page } = this.gateway;
    if (page.methods.some(({ id }) => id === method)) return;
    const known = page.methods.map(({ id }) => id).join(', ');
    const problem = `must be one that ${title} has: ${known || 'none'}`;
    throw new ApiError(422, 'INVALID_INPUTS', `The method ${problem}.`, {
      method: [problem],
    });
  }

  #end(
    message: SandboxMessage,
    browserUrl: string,
    faults: CallbackFaults,
  ): CheckoutEnding {
    const {
      arrivals = this.context.arrivals,
      callbackDelayMs,
      callbackCopies: copies = 1,
    } = faults;
    const redirect = REDIRECTS[arrivals];
    if (arrivals === 'browser-only') {
      const delivery = this.#uncalled(message);
      const completion = Promise.resolve({ browserUrl, delivery });
      return { browserUrl, redirect, completion };
    }
    const isBrowserFirst = redirect === 'at-once';
    // A customer who is back at the shop may try again before the call is made.
    this.#isDelivering = !isBrowserFirst;
    const completion = this.#call({
      message,
      kind: 'callback',
      copies,
      delayMs:
        callbackDelayMs ?? (isBrowserFirst ? REDIRECT_FIRST_DELAY_MS : 0),
    }).then(([first]) => {
      this.#isDelivering = false;
      return { browserUrl, delivery: first ?? this.#uncalled(message) };
    });
    return { browserUrl, redirect, completion };
  }

  /** Of a checkout that was finished before the sandbox was started. */
  #formerEnding(browserUrl: string): CheckoutEnding {
    const { deliveries, callback } = this.#record;
    const delivery =
      deliveries.at(-1) ??
      this.#uncalled(callback ?? { method: 'GET', url: browserUrl });
    const completion = Promise.resolve({ browserUrl, delivery });
    return { browserUrl, redirect: 'at-once', completion };
  }

  #uncalled(message: SandboxMessage): SandboxDelivery {
    return {
      ...message,
      id: 0,
      at: new Date().toISOString(),
      kind: 'callback',
      error: 'Not called: the payment arrives through the browser only.',
      durationMs: 0,
    };
  }

  async #call(calls: {
    readonly message: SandboxMessage;
    readonly kind: SandboxDelivery['kind'];
    readonly copies: number;
    readonly delayMs: number;
  }): Promise<SandboxDelivery[]> {
    const { message, kind, copies, delayMs } = calls;
    const { closing } = this.context;
    if (delayMs > 0) {
      // If the sandbox closes meanwhile, the call below says so.
      await sleep(delayMs, undefined, { signal: closing }).catch(() => {});
    }
    const callOnce = async (): Promise<SandboxDelivery> => {
      const at = new Date().toISOString();
      const answer = await callMerchant(message, this.context);
      const id = this.context.nextDeliveryId();
      const delivery = { id, at, kind, ...message, ...answer };
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
