import type { FieldErrors, UnknownPayment } from '../errors/plutu-errors.js';
import type {
  PaymentDelivery,
  PaymentDeliveryDefinition,
} from './payment-delivery.js';
import type { SignedPayment } from './payment-record.js';

/** A payment attempt, before Plutu is asked: a checkout, or a one-time password. */
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
 * How Plutu answered: the checkout is open, the one-time password is sent, Plutu said
 * no, or it is unknown whether there is a checkout.
 */
export type CheckoutOpening = 'open' | 'sent' | 'refused' | 'unknown';

/** A recorded payment attempt. */
export interface CheckoutEntry {
  /** Names the attempt: 32 hexadecimal digits. */
  readonly id: string;
  /** Records Plutu's answer. Never rejects: the checkout is open even if this fails. */
  asked(opening: CheckoutOpening): Promise<void>;
}

/** Who gets a one-time password, and how many of them. */
export interface OtpRecipient {
  /** A keyed hash of the mobile number: nobody can read the number out of it. */
  readonly key: string;
  /** How many codes may be sent to it within the time. */
  readonly limit: number;
  /** The time, in milliseconds. */
  readonly within: number;
}

/** An attempt whose one-time password was sent, and that is about to be charged. */
export interface OtpCharge extends CheckoutFacts {
  /** As in {@link CheckoutEntry}. */
  readonly id: string;
  /** Plutu's number for the process, from the answer to *verify*. */
  readonly processId: string;
}

/** The limits within which a charge may begin. */
export interface ChargeLimits {
  /** How many codes Plutu may refuse before the attempt is over. */
  readonly refusals: number;
  /**
   * How long the charge may go without a recorded end before its outcome is unknown,
   * in milliseconds.
   */
  readonly silence: number;
}

/** Whether a call may charge. */
export type ChargeStart =
  | {
      /**
       * - `begun`: it may, and no other call may until this one says how the charge
       *   ended
       * - `busy`: this attempt, or another for the same order, is being charged
       */
      readonly state: 'begun' | 'busy';
      /** How many codes Plutu has refused so far. */
      readonly refusals: number;
    }
  | {
      /** It was charged before. */
      readonly state: 'settled';
      /** What was paid. */
      readonly payment: SignedPayment;
    }
  | {
      /** It, or another attempt for the same order, may have been charged before. */
      readonly state: 'unknown';
      /** The one that may have been charged. */
      readonly payment: UnknownPayment;
    }
  | {
      /**
       * - `exhausted`: too many codes were refused
       * - `over`: the attempt no longer exists
       */
      readonly state: 'exhausted' | 'over';
    };

/**
 * How a charge ended.
 *
 * - `refused`: Plutu said no, which counts against the attempt
 * - `not-sent`: Plutu was not reached, so the code can still be used
 * - `unknown`: the money may have been taken
 * - the payment: the money was taken, and the payment has been accepted
 */
export type ChargeEnd = 'refused' | 'not-sent' | 'unknown' | SignedPayment;

/** The payment attempts with a one-time password, and how far each has got. */
export interface OtpAttempts {
  /**
   * Writes an attempt down, before a code is sent.
   *
   * @throws {PlutuAlreadyPaidError} if another payment has paid the order.
   * @throws {PlutuPaymentUnknownError} if the order may have been charged before.
   * @throws {PlutuInvalidRequestError} if the invoice belongs to another order.
   * @throws {PlutuOtpError} if too many codes were sent to the number.
   * @throws {Error} if it could not be written down within a bounded time.
   */
  openingCheckout(
    checkout: CheckoutFacts,
    recipient?: OtpRecipient,
  ): Promise<CheckoutEntry>;

  /**
   * Writes down that an attempt is about to be charged, unless it must not be: one
   * call at a time for each order.
   *
   * @throws {PlutuAlreadyPaidError} if another payment has paid the order.
   * @throws {Error} if it could not be written down within a bounded time.
   */
  beginCharge(charge: OtpCharge, limits: ChargeLimits): Promise<ChargeStart>;

  /**
   * Writes down how a charge ended. One that is `unknown` is also reported to the
   * {@link PaymentProcessor}.
   *
   * @throws {Error} if that could not be done within a bounded time.
   */
  endCharge(charge: OtpCharge, end: ChargeEnd): Promise<void>;
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
 * A delivery that also keeps every payment attempt, and every signed message that
 * could not be read.
 */
export interface JournalDelivery extends PaymentDelivery, OtpAttempts {
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

/** The injection token of the {@link OtpAttempts}. */
export const OTP_ATTEMPTS = Symbol('OTP_ATTEMPTS');

/** The injection token of the {@link JournalDelivery}, if there is one. */
export const PAYMENT_JOURNAL = Symbol('PAYMENT_JOURNAL');
