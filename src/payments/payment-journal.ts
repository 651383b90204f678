import type { FieldErrors } from '../errors/plutu-errors.js';
import type {
  PaymentDelivery,
  PaymentDeliveryDefinition,
} from './payment-delivery.js';

/** A checkout that is about to be opened. */
export interface CheckoutFacts {
  /** The tenant, with the module's option `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number that the checkout is opened with. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** As it is sent to Plutu. */
  readonly amount: string;
  /** ISO 4217; `undefined` if the account decides between several. */
  readonly currency: string | undefined;
}

/**
 * What came of asking Plutu for a checkout: it is open, Plutu said no, or nobody
 * can tell.
 */
export type CheckoutOpening = 'open' | 'refused' | 'unknown';

/** A checkout in the journal. */
export interface CheckoutEntry {
  /** Notes what Plutu answered. Never rejects: the checkout is open without it. */
  asked(opening: CheckoutOpening): Promise<void>;
}

/** A message that Plutu signed and that cannot be read. */
export interface UnreadableMessage {
  /** The tenant, with the module's option `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway that it came to. */
  readonly gateway: string;
  /** What is wrong, by property of `Payment`. */
  readonly fields: FieldErrors;
  /** Every signed parameter, under Plutu's names. */
  readonly signed: Readonly<Record<string, string>>;
}

/**
 * A delivery that also keeps what happened beside the payments: every checkout,
 * and every signed message that could not be read.
 */
export interface JournalDelivery extends PaymentDelivery {
  /**
   * Writes a checkout down, before Plutu is asked for it.
   *
   * @throws {Error} if that could not be done within a bounded time.
   */
  openingCheckout(checkout: CheckoutFacts): Promise<CheckoutEntry>;

  /**
   * Writes down a message that cannot be read, before it is answered.
   *
   * @throws {Error} if that could not be done within a bounded time.
   */
  recordUnreadable(message: UnreadableMessage): Promise<void>;
}

/** How the module makes its journal, such as `sqlJournal(…)`. */
export type PaymentJournalDefinition = PaymentDeliveryDefinition & {
  /** Tells a journal from any other delivery. */
  readonly isJournal: true;
};

/** The injection token of the {@link JournalDelivery}, if there is one. */
export const PAYMENT_JOURNAL = Symbol('PAYMENT_JOURNAL');
