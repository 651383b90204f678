import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { FirstPayment, UnknownPayment } from '../errors/plutu-errors.js';
import type { DueAmount } from './invoices.js';
import { Payment, type PaymentFacts } from './payment.js';

/**
 * The names of the events. With the emitter's `wildcard` option on, `plutu.*.*`
 * matches all of them.
 */
export const PLUTU_EVENTS = {
  /** {@link PaymentApprovedEvent} */
  paymentApproved: 'plutu.payment.approved',
  /** {@link PaymentCanceledEvent} */
  paymentCanceled: 'plutu.payment.canceled',
  /** {@link PaymentIncompleteEvent} */
  paymentIncomplete: 'plutu.payment.incomplete',
  /** {@link PaymentMismatchEvent} */
  paymentMismatch: 'plutu.payment.mismatch',
  /** {@link PaymentUnknownEvent} */
  paymentUnknown: 'plutu.payment.unknown',
  /** `CheckoutCreatedEvent` */
  checkoutCreated: 'plutu.checkout.created',
  /** `CallbackRejectedEvent` */
  callbackRejected: 'plutu.callback.rejected',
  /** {@link DeliveryFailedEvent} */
  deliveryFailed: 'plutu.delivery.failed',
} as const;

/**
 * The invoice is paid. Unless the module's `invoices` option is set, compare
 * `amountMinor` and `currency` with what is due before you hand anything over.
 */
export class PaymentApprovedEvent extends Payment {
  declare readonly outcome: 'approved';

  constructor(facts: PaymentFacts) {
    super(facts, 'approved');
  }
}

/** The customer backed out. */
export class PaymentCanceledEvent extends Payment {
  declare readonly outcome: 'canceled';

  constructor(facts: PaymentFacts) {
    super(facts, 'canceled');
  }
}

/**
 * Neither paid nor canceled, such as after a declined card. The same transaction may
 * still be approved.
 */
export class PaymentIncompleteEvent extends Payment {
  declare readonly outcome: 'incomplete';

  constructor(facts: PaymentFacts) {
    super(facts, 'incomplete');
  }
}

/**
 * Why an approved payment is a mismatch.
 *
 * - `unknown-invoice`: the application has no such invoice
 * - `currency`: paid in another currency than was due, or than the gateway takes
 * - `amount`: another amount was due
 * - `already-paid`: with a journal, another payment had already paid the order
 */
export type MismatchReason =
  'unknown-invoice' | 'currency' | 'amount' | 'already-paid';

/** How an approved payment differs from what was due. */
export interface Mismatch {
  /** Why it is one. */
  readonly reason: MismatchReason;
  /** What was due, if that is known. */
  readonly due?: DueAmount | undefined;
  /** The payment that had paid the order before, if it is `already-paid`. */
  readonly first?: FirstPayment | undefined;
}

/**
 * Something was paid that was not due. Published instead of *approved* for a currency
 * that the gateway does not take, and with the module's `invoices` option for an
 * unknown invoice, another currency or another amount. With a journal, also the
 * second payment of an order: Plutu cannot refund it, so the merchant has to.
 */
export class PaymentMismatchEvent extends Payment {
  declare readonly outcome: 'mismatch';
  /** Why it is one. */
  readonly reason: MismatchReason;
  /** What was due; `undefined` if that is not known. */
  readonly due: DueAmount | undefined;
  /** The payment that had paid the order before, if it is `already-paid`. */
  readonly first: FirstPayment | undefined;

  constructor(facts: PaymentFacts, mismatch: Mismatch) {
    super(facts, 'mismatch');
    this.reason = mismatch.reason;
    this.due = mismatch.due;
    this.first = mismatch.first;
  }
}

/** A payment, as the event of its outcome. */
export type PaymentEvent =
  | PaymentApprovedEvent
  | PaymentCanceledEvent
  | PaymentIncompleteEvent
  | PaymentMismatchEvent;

/** The event of each signed outcome. */
export const SIGNED_PAYMENTS = {
  approved: PaymentApprovedEvent,
  canceled: PaymentCanceledEvent,
  incomplete: PaymentIncompleteEvent,
} as const;

/** The event's name for each outcome. */
export const PAYMENT_EVENT_NAMES = {
  approved: PLUTU_EVENTS.paymentApproved,
  canceled: PLUTU_EVENTS.paymentCanceled,
  incomplete: PLUTU_EVENTS.paymentIncomplete,
  mismatch: PLUTU_EVENTS.paymentMismatch,
} as const;

/**
 * Plutu was asked to charge, with a one-time password, and gave no clear answer: the
 * money may have been taken. Made for alerting: a person looks it up in Plutu's
 * dashboard.
 */
export class PaymentUnknownEvent implements UnknownPayment {
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** The tenant, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `sadadapi`. */
  readonly gateway: string;
  /** The invoice number that Plutu was given. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** What Plutu was asked to charge, such as `25.50`. */
  readonly amount: string;
  /** ISO 4217, such as `LYD`. */
  readonly currency: string | undefined;
  /** Plutu's number for the process. */
  readonly processId: string;

  constructor(payment: UnknownPayment) {
    this.account = payment.account;
    this.tenant = payment.tenant;
    this.gateway = payment.gateway;
    this.invoiceNo = payment.invoiceNo;
    this.orderNo = payment.orderNo;
    this.amount = payment.amount;
    this.currency = payment.currency;
    this.processId = payment.processId;
  }
}

/**
 * A delivery gave up on a payment: its consumers failed as often as allowed. Made for
 * alerting.
 */
export class DeliveryFailedEvent {
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** What was to be published. */
  readonly payment: PaymentEvent;
  /** How often its consumers were called. */
  readonly attempts: number;
  /** The message of the last error. */
  readonly reason: string;

  constructor(failure: {
    readonly payment: PaymentEvent;
    readonly attempts: number;
    readonly reason: string;
  }) {
    this.account = failure.payment.account ?? DEFAULT_ACCOUNT;
    this.gateway = failure.payment.gateway;
    this.payment = failure.payment;
    this.attempts = failure.attempts;
    this.reason = failure.reason;
  }
}
