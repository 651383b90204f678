import {
  channel,
  tracingChannel,
  type Channel,
  type TracingChannel,
} from 'node:diagnostics_channel';

/**
 * The names of the channels of `node:diagnostics_channel` that the module publishes
 * on. Those with a start and an end are for `tracingChannel(name)`, the others for
 * `subscribe(name, …)`. Nothing that is published holds a key, a signature, a
 * one-time password, a checkout's URL or anything about a person.
 */
export const PLUTU_CHANNELS = {
  /** A request to Plutu, start to end: {@link PlutuRequestTrace} */
  request: 'nestjs:plutu:request',
  /**
   * A callback, or a customer who comes back, from arrival to answer:
   * {@link PlutuCallbackTrace}
   */
  callback: 'nestjs:plutu:callback',
  /** A `confirm` with a one-time password, start to end: {@link PlutuConfirmTrace} */
  confirm: 'nestjs:plutu:confirm',
  /** One call of one consumer, start to end: {@link PlutuConsumerTrace} */
  consumer: 'nestjs:plutu:consumer',
  /** A payment was compared with what was due: {@link PlutuPaymentJudged} */
  paymentJudged: 'nestjs:plutu:payment-judged',
  /** Every consumer without `after` has succeeded: {@link PaymentSummary} */
  paymentBooked: 'nestjs:plutu:payment-booked',
  /** Something needs a person: {@link PlutuCase} */
  caseOpened: 'nestjs:plutu:case-opened',
  /** A person decided about a case, in the journal: {@link PlutuCaseChange} */
  caseChanged: 'nestjs:plutu:case-changed',
} as const;

/** What identifies a payment, on the channels and in log lines. */
export interface PaymentSummary {
  /** The `id` of the `Payment`: the same for every arrival, attempt and instance. */
  readonly paymentId: string;
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** The tenant, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number that Plutu was given. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** Plutu's own number for the payment. */
  readonly transactionId: string;
  /** The signed outcome, or `mismatch` once that is known. */
  readonly outcome: 'approved' | 'canceled' | 'incomplete' | 'mismatch';
  /** As Plutu wrote it, such as `25.50`. */
  readonly amount: string;
  /** ISO 4217, such as `LYD`. */
  readonly currency: string;
}

/** What Node adds to the messages of a tracing channel. */
interface Traced {
  /** What was thrown, on the channel's `error` and after it. */
  readonly error?: unknown;
}

/** A request to Plutu, connection attempts included. */
export interface PlutuRequestTrace extends Traced {
  /** The `name` of the account. */
  readonly account: string;
  /** The tenant, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** As in Plutu's path: `confirm` opens a hosted checkout, or charges. */
  readonly action: 'verify' | 'confirm';
  /** Below the `baseUrl`, such as `v1/transaction/mpgs/confirm`. */
  readonly path: string;
  /** The invoice number that the request is about. */
  readonly invoiceNo: string;
  /** Set once there is an answer. */
  httpStatus?: number;
  /** The `code` of the error, if it failed. */
  errorCode?: string;
}

/**
 * What a message turned out to be.
 *
 * - `new`: it brought a payment that was not known
 * - `duplicate`: an earlier one had brought the same payment
 * - `back`: a customer came back from the checkout (T-Lync); it brings no payment
 * - `refused`: Plutu did not sign it for this gateway and account
 * - `unreadable`: Plutu signed it, but its content makes no sense
 * - `not-accepted`: it is genuine or could not be verified, and has to be sent again
 */
export type CallbackArrival =
  'new' | 'duplicate' | 'back' | 'refused' | 'unreadable' | 'not-accepted';

/** A message from arrival to answer. Several may bring one payment. */
export interface PlutuCallbackTrace extends Traced {
  /** Which kind of endpoint it came to. */
  readonly kind: 'callback' | 'return';
  /** The `name` of the account whose endpoint it came to. */
  readonly account: string;
  /** Plutu's name for the gateway whose endpoint it came to. */
  readonly gateway: string;
  /** Set once it is verified, if the application has tenants. */
  tenant?: string | undefined;
  /** Set once that is known. */
  arrival?: CallbackArrival;
  /** Why it was refused, or cannot be read: a `RejectionReason`. */
  reason?: string;
  /** The payment that a genuine callback brought. */
  payment?: PaymentSummary;
  /**
   * The status of the answer; with the option `redirect`, it is always 303. Absent if
   * the sender did not wait.
   */
  httpStatus?: number;
}

/**
 * A `confirm` whose token is genuine. A second call that joins one under way has no
 * trace.
 */
export interface PlutuConfirmTrace extends Traced {
  /** The `name` of the account. */
  readonly account: string;
  /** The tenant, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `sadadapi`. */
  readonly gateway: string;
  /** The invoice number that Plutu was given. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** Set if the customer was charged, now or by an earlier call. */
  arrival?: 'new' | 'duplicate';
  /** The payment, if the customer was charged. */
  payment?: PaymentSummary;
  /** The `code` of the error, if it failed. */
  errorCode?: string;
}

/** One call of one consumer. A payment has one for each consumer and attempt. */
export interface PlutuConsumerTrace extends Traced {
  /** The consumer's name. */
  readonly consumer: string;
  /** The event's name, such as `plutu.payment.approved`. */
  readonly event: string;
  /** The payment, if it is a payment's event. */
  readonly payment: PaymentSummary | undefined;
  /** Which attempt at the payment it is, from 1, if the delivery says so. */
  readonly attempt: number | undefined;
}

/** A payment was compared with what was due. Published once per payment. */
export interface PlutuPaymentJudged extends PaymentSummary {
  /** Why it is a `mismatch`: a `MismatchReason`. */
  readonly reason: string | undefined;
  /**
   * Whether it is canceled or incomplete, and came after the order was paid. Then it
   * is not published.
   */
  readonly isLate: boolean;
}

/**
 * Something that a person has to look into.
 *
 * - `mismatch`: something was paid that was not due
 * - `unreadable`: Plutu signed a message that makes no sense; once for each arrival
 * - `unknown`: it is not known whether a customer was charged
 * - `failed`: a delivery has given up on a payment
 */
export interface PlutuCase {
  /** What it is. */
  readonly kind: 'mismatch' | 'unreadable' | 'unknown' | 'failed';
  /** The `name` of the account. */
  readonly account: string;
  /** The tenant, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number, as far as it is known. */
  readonly invoiceNo: string | undefined;
  /** The `id` of the payment, if there is one. */
  readonly paymentId: string | undefined;
  /**
   * The reason for a `mismatch` or an `unreadable` message: a
   * `MismatchReason` or a `RejectionReason`.
   */
  readonly reason: string | undefined;
}

/**
 * What a person decided, in the journal.
 *
 * - `retried`: the payment is judged, or handed to its consumers, again
 * - `closed`: nothing is left to do
 * - `settled`: a payment was booked by hand
 */
export interface PlutuCaseChange {
  /** What it is. */
  readonly change: 'retried' | 'closed' | 'settled';
  /** The `name` of the account. */
  readonly account: string;
  /** The `id` of the case, if one was retried or closed. */
  readonly caseId: string | undefined;
  /** The `id` of the payment, if one was booked by hand. */
  readonly paymentId: string | undefined;
}

// Kept in variables: Node forgets a channel that nothing refers to.

export const requestChannel: TracingChannel<PlutuRequestTrace> = tracingChannel(
  PLUTU_CHANNELS.request,
);
export const callbackChannel: TracingChannel<PlutuCallbackTrace> =
  tracingChannel(PLUTU_CHANNELS.callback);
export const confirmChannel: TracingChannel<PlutuConfirmTrace> = tracingChannel(
  PLUTU_CHANNELS.confirm,
);
export const consumerChannel: TracingChannel<PlutuConsumerTrace> =
  tracingChannel(PLUTU_CHANNELS.consumer);

const judged = channel(PLUTU_CHANNELS.paymentJudged);
const booked = channel(PLUTU_CHANNELS.paymentBooked);
const opened = channel(PLUTU_CHANNELS.caseOpened);
const changed = channel(PLUTU_CHANNELS.caseChanged);

/** Publishes, if somebody listens. @param fact is not called otherwise. */
export function publishJudged(fact: () => PlutuPaymentJudged): void {
  publish(judged, fact);
}

/** As {@link publishJudged}. */
export function publishBooked(fact: () => PaymentSummary): void {
  publish(booked, fact);
}

/** As {@link publishJudged}. */
export function publishCase(fact: () => PlutuCase): void {
  publish(opened, fact);
}

/** As {@link publishJudged}. */
export function publishCaseChange(fact: () => PlutuCaseChange): void {
  publish(changed, fact);
}

function publish(to: Channel, fact: () => object): void {
  if (to.hasSubscribers) to.publish(fact());
}
