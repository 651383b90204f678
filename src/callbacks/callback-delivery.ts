import { createHash } from 'node:crypto';
import {
  Inject,
  type Abstract,
  type InjectionToken,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { DueAmount } from '../invoices/invoices.js';

/**
 * What a callback reports. `mismatch` is an approved payment that was not due:
 * its {@link MismatchReason} says why.
 */
export type CallbackOutcome =
  'approved' | 'canceled' | 'incomplete' | 'mismatch';

/**
 * Why an approved payment is a mismatch.
 *
 * - `unknown-invoice`: the application has no such invoice
 * - `currency`: paid in another currency than was due, or than the account takes
 * - `amount`: another amount was due
 */
export type MismatchReason = 'unknown-invoice' | 'currency' | 'amount';

/**
 * A verified callback on its way to the application. Plain data, so that a
 * queue or a table can carry it.
 */
export interface VerifiedCallback {
  /** The `name` of the account at Plutu that signed it. */
  readonly account: string;
  /** The tenant of the application's whose keys signed it, where it has some. */
  readonly tenant?: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** How the payment went. */
  readonly outcome: CallbackOutcome;
  /** The invoice number that the checkout was opened with. */
  readonly invoiceNo: string;
  /** Plutu's own number for the payment. */
  readonly transactionId: string;
  /** As Plutu wrote it, such as `5.00`. */
  readonly amount: string;
  /** The same in hundredths. */
  readonly amountCents: number;
  /** ISO 4217. */
  readonly currency: string;
  /** On a mismatch, why it is one. */
  readonly reason?: MismatchReason;
  /** On a mismatch with a known invoice, what was due. */
  readonly due?: DueAmount;
  readonly due?: InvoiceDue | undefined;
}

/** What became of an accepted callback. */
export interface CallbackReceipt {
  /** Whether an earlier arrival had brought the same news. */
  readonly duplicate: boolean;
  /** As what it was accepted, by this arrival or by the earlier one. */
  readonly outcome: CallbackOutcome;
}

/** A callback that was accepted and could not be published. */
export interface DeliveryFailure {
  /** What was to be published. */
  readonly callback: VerifiedCallback;
  /** How often it was tried. */
  readonly attempts: number;
  /** The message of the last error. */
  readonly reason: string;
}

/** The way from a delivery to the application's event handlers. */
export interface CallbackPublisher {
  /**
   * Publishes a callback as an event and waits for its handlers.
   *
   * @throws whatever a handler threw, and where an approved payment has none:
   *   the callback is then not published.
   */
  publish(callback: VerifiedCallback): Promise<void>;

  /** For a delivery that gives up on a callback: alerts the application. */
  reportFailure(failure: DeliveryFailure): Promise<void>;
}

/**
 * Sees to it that each callback is published, once as far as it can be told,
 * and at least once whatever happens. The contract:
 *
 * - Callbacks with the same {@link deliveryKey} are the same news.
 * - `accept` resolves when the callback will not be lost any more, which may be
 *   before it is published. It rejects when that cannot be said, within a
 *   bounded time; the next arrival is then news again.
 * - For news it first calls `admit`, and accepts what that resolves to, under the
 *   key of what arrived: an approved payment may turn out to be a mismatch.
 *   Where `admit` rejects, it rejects with the same error and has accepted
 *   nothing. For what is no news it does not call it.
 * - Arrivals at the same moment, in one instance, count as one and share its
 *   end.
 * - What it has accepted it hands to the {@link CallbackPublisher}, again if
 *   that rejects.
 */
export interface CallbackDelivery {
  /**
   * Takes a callback over.
   *
   * @param admit rejects for news that is not to be accepted.
   * @throws whatever `admit` throws, and where nothing can be promised.
   */
  accept(
    callback: VerifiedCallback,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackReceipt>;

  /** For health checks: rejects, within a bounded time, where `accept` would. */
  ready?(): Promise<void>;

  /**
   * For health checks, while callbacks are accepted: what may lose them later.
   * One entry for each reason, in words that may be shown to whoever asks.
   * Resolves within a bounded time.
   */
  warnings?(): Promise<readonly string[]>;
}

/** How the module makes its {@link CallbackDelivery}: one of the three `use…`. */
export type CallbackDeliveryDefinition = {
  /** Modules whose providers the delivery injects. */
  readonly imports?: ModuleMetadata['imports'] | undefined;
  /** Providers to register beside it. */
  readonly providers?: readonly Provider[] | undefined;
  /** A class that the application can inject the delivery by. */
  readonly injectAs?: Abstract<CallbackDelivery> | undefined;
} & (
  | {
      /** A class for Nest to make an instance of. */
      readonly useClass: Type<CallbackDelivery>;
    }
  | {
      /** One of `providers`, or of `imports`. */
      readonly useExisting: InjectionToken<CallbackDelivery>;
    }
  | {
      /** Makes it; its arguments are what `inject` names. */
      readonly useFactory: (
        ...args: never[]
      ) => CallbackDelivery | Promise<CallbackDelivery>;
      /** What to hand to `useFactory`. */
      readonly inject?:
        (InjectionToken | OptionalFactoryDependency)[] | undefined;
    }
);

/** The injection token of the {@link CallbackDelivery}. */
export const CALLBACK_DELIVERY = Symbol('CALLBACK_DELIVERY');

/** The injection token of the {@link CallbackPublisher}. */
export const CALLBACK_PUBLISHER = Symbol('CALLBACK_PUBLISHER');

/** Injects the {@link CallbackPublisher} into a delivery of one's own. */
export const InjectCallbackPublisher = (): ParameterDecorator =>
  Inject(CALLBACK_PUBLISHER);

/**
 * The identity of a callback: a hash of every signed fact, so that callbacks that
 * differ in any of them are never taken for one. The amount counts by its value
 * (`5` is `5.00`). An approved callback after an incomplete one of the same
 * transaction has an identity of its own.
 *
 * @param callback as it was signed: not the mismatch that was made of it.
 * @returns 43 characters out of `A-Z a-z 0-9 - _`.
 */
export function deliveryKey(callback: VerifiedCallback): string {
  const { account, tenant, gateway, transactionId } = callback;
  const { invoiceNo, amountCents, currency, outcome } = callback;
  const facts = [
    account,
    // No tenant is not the tenant with an empty name.
    tenant ?? null,
    gateway,
    transactionId,
    invoiceNo,
    amountCents,
    currency,
    outcome,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url');
}
