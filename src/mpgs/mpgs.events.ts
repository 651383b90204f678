import type {
  DeliveryFailure,
  MismatchReason,
  VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import type { CallbackRefusalReason } from '../callbacks/callback-signature.js';
import type { DueAmount } from '../invoices/invoices.js';
import { DEFAULT_ACCOUNT } from '../plutu.account.js';
import type { FieldErrors } from '../plutu.errors.js';
import type { MpgsCheckout } from './mpgs-confirm.dto.js';

/**
 * The names of the events. With the emitter's `wildcard` option on,
 * `plutu.mpgs.*` hears all of them.
 */
export const MPGS_EVENTS = {
  /** {@link MpgsCheckoutCreatedEvent} */
  checkoutCreated: 'plutu.mpgs.checkout-created',
  /** {@link MpgsPaymentApprovedEvent} */
  paymentApproved: 'plutu.mpgs.payment-approved',
  /** {@link MpgsPaymentCanceledEvent} */
  paymentCanceled: 'plutu.mpgs.payment-canceled',
  /** {@link MpgsPaymentIncompleteEvent} */
  paymentIncomplete: 'plutu.mpgs.payment-incomplete',
  /** {@link MpgsPaymentMismatchEvent} */
  paymentMismatch: 'plutu.mpgs.payment-mismatch',
  /** {@link MpgsDeliveryFailedEvent} */
  deliveryFailed: 'plutu.mpgs.delivery-failed',
  /** {@link MpgsCallbackRejectedEvent} */
  callbackRejected: 'plutu.mpgs.callback-rejected',
} as const;

/** A checkout page is open for an invoice. Nothing is paid yet. */
export class MpgsCheckoutCreatedEvent {
  /** The `name` of the account; `default` where it has none. */
  readonly account: string;
  /** Whose checkout it is, where the module has `tenants`. */
  readonly tenant: string | undefined;
  /** As in the request. */
  readonly invoiceNo: string;
  /** US dollars, as sent to Plutu. */
  readonly amount: string;
  /** Plutu's checkout page. */
  readonly redirectUrl: string;

  constructor(
    checkout: MpgsCheckout & {
      readonly account?: string | undefined;
      readonly tenant?: string | undefined;
    },
  ) {
    this.account = checkout.account ?? DEFAULT_ACCOUNT;
    this.tenant = checkout.tenant;
    this.invoiceNo = checkout.invoiceNo;
    this.amount = checkout.amount;
    this.redirectUrl = checkout.redirectUrl;
  }
}

/** What an event about a payment is made of. */
export type MpgsPaymentFacts = Omit<
  VerifiedCallback,
  'account' | 'gateway' | 'outcome'
> & {
  /** The `name` of the account. Default: `default`. */
  readonly account?: string | undefined;
};

/** What all events about a payment say. */
export abstract class MpgsPaymentEvent {
  /** The `name` of the account; `default` where it has none. */
  readonly account: string;
  /**
   * Whose keys signed it, where the module has `tenants`. Another tenant may have
   * an invoice of the same number: look it up among this one's.
   */
  readonly tenant: string | undefined;
  /** How the payment went: one for each class. */
  abstract readonly outcome: VerifiedCallback['outcome'];
  /** The invoice number that the checkout was opened with. */
  readonly invoiceNo: string;
  /** Plutu's own number for the payment: what to make a credit unique by. */
  readonly transactionId: string;
  /** The amount as Plutu wrote it: `5`, `5.0` and `5.00` are equal. */
  readonly amount: string;
  /** The same in hundredths, to compare and to add up. */
  readonly amountCents: number;
  /** ISO 4217. */
  readonly currency: string;

  constructor(callback: MpgsPaymentFacts) {
    this.account = callback.account ?? DEFAULT_ACCOUNT;
    this.tenant = callback.tenant;
    this.invoiceNo = callback.invoiceNo;
    this.transactionId = callback.transactionId;
    this.amount = callback.amount;
    this.amountCents = callback.amountCents;
    this.currency = callback.currency;
  }
}

/**
 * The invoice is paid. Unless the module's `invoices` option is set, compare
 * `amountCents` and `currency` with what the invoice is due before anything is
 * handed over.
 */
export class MpgsPaymentApprovedEvent extends MpgsPaymentEvent {
  override readonly outcome = 'approved';
}

/** The customer backed out. */
export class MpgsPaymentCanceledEvent extends MpgsPaymentEvent {
  override readonly outcome = 'canceled';
}

/**
 * Neither paid nor backed out of, such as a declined card. The same transaction
 * may still be approved.
 */
export class MpgsPaymentIncompleteEvent extends MpgsPaymentEvent {
  override readonly outcome = 'incomplete';
}

/**
 * Something was paid that was not due. Published instead of *approved* for a
 * currency that is not one of the module's `currencies`, and with the module's
 * `invoices` option for an unknown invoice, another currency or another amount.
 */
export class MpgsPaymentMismatchEvent extends MpgsPaymentEvent {
  override readonly outcome = 'mismatch';
  /** Why it is one. */
  readonly reason: MismatchReason;
  /** What was due; `undefined` if that is not known. */
  readonly due: DueAmount | undefined;

  constructor(callback: MpgsPaymentFacts) {
    super(callback);
    this.reason = callback.reason ?? 'unknown-invoice';
    this.due = callback.due;
  }
}

/**
 * A queue has given up on a payment: its handlers have failed as often as was
 * allowed. It is kept and can be run again. Made for alerting.
 */
export class MpgsDeliveryFailedEvent {
  /** What was to be published. */
  readonly callback: VerifiedCallback;
  /** How often the handlers were called. */
  readonly attempts: number;
  /** The message of the last error. */
  readonly reason: string;

  constructor(failure: DeliveryFailure) {
    this.callback = failure.callback;
    this.attempts = failure.attempts;
    this.reason = failure.reason;
  }
}

/**
 * Why a callback was rejected, beside what its signature tells: `invalid-fields`
 * means that Plutu signed it and its content is not what Plutu documents;
 * `unknown-tenant`, that there are no keys to verify it with.
 */
export type MpgsRejectionReason =
  CallbackRefusalReason | 'invalid-fields' | 'unknown-tenant';

/**
 * A callback was answered with 403 or 400. Made for alerting: somebody is
 * trying, or the secret key or the return URL is set up wrong. With the reason
 * `invalid-fields`, Plutu signed it: somebody may have paid, so look into it.
 */
export class MpgsCallbackRejectedEvent {
  /** The `name` of the account whose endpoint it came to. */
  readonly account: string;
  /** The tenant whose keys signed it, if the signature held. */
  readonly tenant: string | undefined;
  /** Why it was refused. */
  readonly reason: MpgsRejectionReason;
  /** What is wrong with the content, by property of {@link MpgsCallbackDto}. */
  readonly fields: FieldErrors;
  /**
   * Every signed parameter, under Plutu's names (`invoice_no`), if the signature
   * held; otherwise empty.
   */
  readonly signed: Readonly<Record<string, string>>;
  /** The path that was called, without its query. */
  readonly path: string;

  constructor(facts: {
    account?: string;
    tenant?: string;
    account?: string | undefined;
    reason: MpgsRejectionReason;
    fields: FieldErrors;
    signed?: Readonly<Record<string, string>>;
    path: string;
  }) {
    this.account = facts.account ?? DEFAULT_ACCOUNT;
    this.tenant = facts.tenant;
    this.reason = facts.reason;
    this.fields = facts.fields;
    this.signed = facts.signed ?? {};
    this.path = facts.path;
  }
}
