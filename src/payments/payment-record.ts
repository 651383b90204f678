import {
  PaymentMismatchEvent,
  SIGNED_PAYMENTS,
  type Mismatch,
  type PaymentEvent,
} from './events.js';
import type { PaymentFacts, SignedOutcome } from './payment.js';

/**
 * A payment and how far it has got: what a delivery keeps, as plain data. A
 * change of its shape raises the version.
 */
export interface PaymentRecord {
  /** The version of this shape. A release refuses a record of another version. */
  readonly version: 1;
  /** As Plutu signed it. Never changes. */
  readonly payment: PaymentFacts & {
    /** How it went. */
    readonly outcome: SignedOutcome;
  };
  /** Whether it was due; absent until that has been judged, and then final. */
  readonly verdict?: {
    /** Why it was not due; absent if it was. */
    readonly mismatch?: Mismatch;
    /**
     * Set if it is canceled or incomplete, and came after the order was paid: it is
     * kept, but not published.
     */
    readonly isLate?: true;
  };
  /** The names of the consumers that have succeeded. */
  readonly done: readonly string[];
  /** Whether every consumer without `after` has succeeded. */
  readonly booked: boolean;
  /** Set when every consumer has succeeded: there is nothing left to do. */
  readonly finished?: true;
}

const VERSION: PaymentRecord['version'] = 1;

/** Whether it is a record, and of the version that this release reads. */
export function isRecord(value: unknown): value is PaymentRecord {
  return versionOf(value) === VERSION;
}

/**
 * Checks what comes out of a queue or a table.
 *
 * @throws {Error} unless it is a record of the version that this release reads.
 */
export function checkRecord(value: unknown): asserts value is PaymentRecord {
  if (isRecord(value)) return;
  const version = versionOf(value);
  throw new Error(
    version === undefined
      ? 'This is not a payment record.'
      : `This is a payment record of version ${JSON.stringify(version)}, but this release of nestjs-plutu reads version ${VERSION}. An instance with the release that wrote it can publish it.`,
  );
}

function versionOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'version' in value
    ? value.version
    : undefined;
}

/** A payment as Plutu signed it. */
export type SignedPayment = Exclude<PaymentEvent, PaymentMismatchEvent>;

/** The record of a payment that has just arrived. */
export function newRecord(payment: SignedPayment): PaymentRecord {
  return { version: 1, payment, done: [], booked: false };
}

/** The payment as it was judged: as it was signed, or a mismatch. */
export function judgedPayment({
  payment,
  verdict,
}: Pick<PaymentRecord, 'payment' | 'verdict'>): PaymentEvent {
  const { mismatch, isLate } = verdict ?? {};
  if (mismatch) return new PaymentMismatchEvent(payment, mismatch);
  return isLate
    ? new SIGNED_PAYMENTS[payment.outcome]({ ...payment, isLate })
    : signedPayment(payment);
}

/** The payment as it arrived, without its verdict. */
export function signedPayment(
  payment: PaymentRecord['payment'],
): SignedPayment {
  const Signed = SIGNED_PAYMENTS[payment.outcome];
  // As it arrived, if it has not been through a queue or a table.
  return payment instanceof Signed ? payment : new Signed(payment);
}
