import {
  Inject,
  type Abstract,
  type InjectionToken,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { UnknownPayment } from '../errors/plutu-errors.js';
import type { PaymentEvent } from './events.js';
import type { PaymentRecord, SignedPayment } from './payment-record.js';

/** What became of an arrival. */
export interface PaymentReceipt {
  /** Whether an earlier arrival had brought the same payment. */
  readonly duplicate: boolean;
  /** The payment as it was judged, once it is booked; until then, `undefined`. */
  readonly booked: PaymentEvent | undefined;
  /** The `orderNo` of the payment, if the store knows orders. */
  readonly orderNo?: string | undefined;
}

/** A payment that was accepted and could not be published. */
export interface DeliveryFailure {
  /** What was to be published. */
  readonly record: PaymentRecord;
  /** How often it was tried. */
  readonly attempts: number;
  /** The message of the last error. */
  readonly reason: string;
}

/** The way from a delivery to the application's consumers. */
export interface PaymentProcessor {
  /**
   * Judges a payment, if that has not been done, publishes it as an event and
   * waits for the consumers that are not done yet.
   *
   * @param save stores the record so far, before the work goes on. It may resolve to
   *   the stored record, if that has another verdict. If it rejects, that counts as a
   *   failure.
   * @param handlerTimeout how long one consumer may take, in milliseconds. It
   *   goes on, but counts as failed.
   * @param attempt which attempt at this payment it is, from 1; for diagnostics.
   * @returns the record, with every consumer done.
   * @throws {Error} if this release cannot read the record, the invoices cannot be
   *   read, a consumer fails, or nothing consumes an approved payment. What was saved
   *   by then counts.
   */
  process(
    record: PaymentRecord,
    save: (record: PaymentRecord) => Promise<PaymentRecord | void>,
    handlerTimeout: number,
    attempt?: number,
  ): Promise<PaymentRecord>;

  /** For a delivery that gives up on a payment: alerts the application. */
  reportFailure(failure: DeliveryFailure): Promise<void>;

  /** For the store of the charges: alerts the application if one has no clear outcome. */
  reportUnknown(payment: UnknownPayment): Promise<void>;
}

/** An invoice that a customer may have paid. */
export interface PaidInvoice {
  /** The `name` of the account. */
  readonly account: string;
  /** Whose invoice it is, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `tlync`. */
  readonly gateway: string;
  /** The invoice number that the checkout was opened with. */
  readonly invoiceNo: string;
}

/**
 * Makes sure that each payment is published: once if possible, and at least once in
 * any case. The contract:
 *
 * - Payments with the same `id` are the same payment.
 * - `accept` takes the payment as it was signed, before anybody has judged it. It
 *   resolves when the payment cannot be lost any more, and rejects, within a bounded
 *   time, if it cannot promise that; then the next arrival is taken like a new one.
 * - It hands each accepted payment to the {@link PaymentProcessor}, and repeats that
 *   until it resolves, each time with the record that was saved last.
 * - Arrivals of one payment at the same moment, in one instance, count as one.
 */
export interface PaymentDelivery {
  /**
   * Takes a payment over.
   *
   * @throws {Error} if nothing can be promised.
   */
  accept(payment: SignedPayment): Promise<PaymentReceipt>;

  /**
   * For a customer who waits: an accepted payment as it was judged, once it is
   * booked. Needed only if `accept` resolves before that.
   */
  findBooked?(id: string): Promise<PaymentEvent | undefined>;

  /**
   * For a customer who comes back without the callback (T-Lync): the payment of an
   * invoice as it was judged, once it is booked by any instance. If there are several
   * payments, one that was paid, or else the latest. Settles within a bounded time.
   */
  findByInvoice?(invoice: PaidInvoice): Promise<PaymentEvent | undefined>;

  /** For health checks: rejects, within a bounded time, if `accept` would. */
  ready?(): Promise<void>;

  /**
   * For health checks: what could make an accepted payment be lost, one sentence
   * each, such as a store that keeps nothing on disk.
   */
  warnings?(): Promise<readonly string[]>;
}

/** How the module makes its {@link PaymentDelivery}: one of the three `use…`. */
export type PaymentDeliveryDefinition = {
  /** Modules whose providers the delivery injects. */
  readonly imports?: ModuleMetadata['imports'] | undefined;
  /** Providers to register beside it. */
  readonly providers?: readonly Provider[] | undefined;
  /** A class that the application can inject the delivery by. */
  readonly injectAs?: Abstract<PaymentDelivery> | undefined;
} & (
  | {
      /** A class for Nest to make an instance of. */
      readonly useClass: Type<PaymentDelivery>;
    }
  | {
      /** One of `providers`, or of `imports`. */
      readonly useExisting: InjectionToken<PaymentDelivery>;
    }
  | {
      /** Makes it; its arguments are what `inject` names. */
      readonly useFactory: (
        ...args: never[]
      ) => PaymentDelivery | Promise<PaymentDelivery>;
      /** What to hand to `useFactory`. */
      readonly inject?:
        (InjectionToken | OptionalFactoryDependency)[] | undefined;
    }
);

/** The injection token of the {@link PaymentDelivery}. */
export const PAYMENT_DELIVERY = Symbol('PAYMENT_DELIVERY');

/** The injection token of the {@link PaymentProcessor}. */
export const PAYMENT_PROCESSOR = Symbol('PAYMENT_PROCESSOR');

/** Injects the {@link PaymentProcessor} into a delivery of one's own. */
export const InjectPaymentProcessor = (): ParameterDecorator =>
  Inject(PAYMENT_PROCESSOR);
