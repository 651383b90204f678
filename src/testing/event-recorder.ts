import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import type { CallbackRejectedEvent } from '../callbacks/callback-rejected.event.js';
import type { CheckoutCreatedEvent } from '../checkout/checkout-created.event.js';
import {
  PLUTU_EVENTS,
  type DeliveryFailedEvent,
  type PaymentApprovedEvent,
  type PaymentCanceledEvent,
  type PaymentIncompleteEvent,
  type PaymentMismatchEvent,
  type PaymentUnknownEvent,
} from '../payments/events.js';
import { PlutuEvents, type PublishedEvent } from '../payments/plutu-events.js';
import { describeEvent } from '../sandbox/sandbox-event.js';
import { sentCallbacksOf, type SentCallback } from './sent-callbacks.js';

/** The module's events, by the names that a recorder gives them. */
export interface PlutuEventsByName {
  /** The invoice is paid. */
  approved: PaymentApprovedEvent;
  /** The customer backed out. */
  canceled: PaymentCanceledEvent;
  /** Neither paid nor canceled, such as after a declined card. */
  incomplete: PaymentIncompleteEvent;
  /** Something was paid that was not due. */
  mismatch: PaymentMismatchEvent;
  /** It is unknown whether a customer was charged. */
  unknown: PaymentUnknownEvent;
  /** A callback was refused. */
  rejected: CallbackRejectedEvent;
  /** A checkout is open. */
  created: CheckoutCreatedEvent;
  /** A queue gave up on a payment. */
  deliveryFailed: DeliveryFailedEvent;
}

/** What a recorder calls an event. */
export type PlutuEventName = keyof PlutuEventsByName;

/** An event that the module published, and how its handlers did. */
export type RecordedPlutuEvent = {
  [Name in PlutuEventName]: {
    /** Which event it is. */
    readonly name: Name;
    /** The event as its handlers got it. */
    readonly event: PlutuEventsByName[Name];
    /**
     * What its handlers threw, or an error if an approved payment had no handler;
     * empty if the event was delivered.
     */
    readonly failures: readonly unknown[];
  };
}[PlutuEventName];

/** What {@link PlutuEventRecorder.next} waits for, and how long. */
export interface NextEventOptions {
  /** Only an event about this invoice. Default: any event with the name. */
  invoiceNo?: string | undefined;

  /**
   * How long to wait, in milliseconds.
   *
   * @default 2000, less than a test may take in Vitest and Jest
   */
  timeout?: number | undefined;
}

const NAMES = new Map<string, PlutuEventName>([
  [PLUTU_EVENTS.paymentApproved, 'approved'],
  [PLUTU_EVENTS.paymentCanceled, 'canceled'],
  [PLUTU_EVENTS.paymentIncomplete, 'incomplete'],
  [PLUTU_EVENTS.paymentMismatch, 'mismatch'],
  [PLUTU_EVENTS.paymentUnknown, 'unknown'],
  [PLUTU_EVENTS.callbackRejected, 'rejected'],
  [PLUTU_EVENTS.checkoutCreated, 'created'],
  [PLUTU_EVENTS.deliveryFailed, 'deliveryFailed'],
]);

/**
 * Records what the module publishes from now on. It does not count as a handler: an
 * approved payment that nothing else listens to is answered with 503, in the test as
 * in production.
 *
 * @param app the application, or the testing module that it is made from.
 * @throws {Error} if it does not import `PlutuModule`.
 */
export function recordPlutuEvents(
  app: INestApplicationContext,
): PlutuEventRecorder {
  return new PlutuEventRecorder(publisherOf(app), () => sentCallbacksOf(app));
}

/** What {@link recordPlutuEvents} makes. */
export class PlutuEventRecorder {
  #recorded: RecordedPlutuEvent[] = [];
  /** The events that `next` has resolved to. */
  readonly #taken = new WeakSet<RecordedPlutuEvent>();
  /** The callbacks sent before the recorder was made or cleared. */
  #sentEarlier: ReadonlySet<SentCallback>;
  // Every call of `next` listens, and Node would warn of a leak at eleven.
  readonly #arrivals = new EventEmitter().setMaxListeners(0);

  /** @param sent returns what the application's sandboxes have sent so far. */
  constructor(
    { published }: PlutuEvents,
    private readonly sent: () => readonly SentCallback[],
  ) {
    this.#sentEarlier = new Set(sent());
    published.subscribe((event) => this.#record(event));
  }

  /** Everything recorded, in the order in which the handlers ended. */
  get all(): readonly RecordedPlutuEvent[] {
    return [...this.#recorded];
  }

  /**
   * Forgets everything recorded so far. Call it in `beforeEach`, so that no test
   * finds an event of an earlier one.
   */
  clear(): void {
    this.#recorded = [];
    this.#sentEarlier = new Set(this.sent());
  }

  /**
   * Resolves to the next event with a name, which may already be recorded; each call
   * takes another one. By then, all its handlers have ended and none has failed.
   *
   * @throws {Error} if none comes in time. The message says what came instead, and
   *   what the application answered to the callbacks of its sandbox.
   */
  async next<Name extends PlutuEventName>(
    name: Name,
    { invoiceNo, timeout = 2000 }: NextEventOptions = {},
  ): Promise<PlutuEventsByName[Name]> {
    // Not a timer: the test may use fake ones.
    const signal = AbortSignal.timeout(timeout);
    for (;;) {
      const recorded = this.#take(name, invoiceNo);
      if (recorded) return recorded.event;
      try {
        await once(this.#arrivals, 'arrival', { signal });
      } catch {
        const about = invoiceNo === undefined ? '' : ` of invoice ${invoiceNo}`;
        throw new Error(
          `No event "${name}"${about} was delivered within ${timeout} ms. ${this.#report(invoiceNo)}`,
        );
      }
    }
  }

  #record({ name, event, failures }: PublishedEvent): void {
    const recorded = { name: NAMES.get(name), event, failures };
    if (!isPlutuEvent(recorded)) return;
    this.#recorded.push(recorded);
    this.#arrivals.emit('arrival');
  }

  #take<Name extends PlutuEventName>(
    name: Name,
    invoiceNo: string | undefined,
  ): { readonly event: PlutuEventsByName[Name] } | undefined {
    const found = this.#recorded.find(
      (
        recorded,
      ): recorded is RecordedPlutuEvent & { event: PlutuEventsByName[Name] } =>
        recorded.name === name &&
        recorded.failures.length === 0 &&
        (invoiceNo === undefined || invoiceNoOf(recorded) === invoiceNo) &&
        !this.#taken.has(recorded),
    );
    if (found) this.#taken.add(found);
    return found;
  }

  #report(invoiceNo: string | undefined): string {
    const sent = this.sent().filter(
      (callback) =>
        !this.#sentEarlier.has(callback) &&
        (invoiceNo === undefined || callback.invoiceNo === invoiceNo),
    );
    if (sent.length === 0) return this.#reportRecorded();
    const lines = sent.map(
      (callback) => `- ${describeEvent(callback)}${this.#hintFor(callback)}`,
    );
    return `${this.#reportRecorded()}\nThe sandbox's callbacks were answered:\n${lines.join('\n')}`;
  }

  /** Why a callback may not have become an event here. */
  #hintFor({ invoiceNo, status = 0 }: SentCallback): string {
    if (status === 404) {
      return ' (the application has no such route: compare the path with its controller, its global prefix and the `callbackPath` of the sandbox)';
    }
    const isAccepted = 200 <= status && status < 400;
    // Redirected to the shop's page for refused callbacks, or published.
    const isExplained = this.#recorded.some(
      (recorded) =>
        recorded.name === 'rejected' ||
        (recorded.name !== 'created' && invoiceNoOf(recorded) === invoiceNo),
    );
    if (!isAccepted || isExplained) return '';
    return ' (accepted, but not published by this application. If it uses a queue, another process on the same queue may have taken the payment, such as a running shop: give each test run a queue name of its own. Or it is still in the queue, or was a duplicate)';
  }

  #reportRecorded(): string {
    if (this.#recorded.length === 0) return 'Nothing was recorded.';
    const lines = this.#recorded.map((recorded) => {
      const { name, event, failures } = recorded;
      const remark = this.#taken.has(recorded)
        ? ' (taken by an earlier next)'
        : failures.length > 0
          ? ` (not delivered: ${failures.map(String).join('; ')})`
          : '';
      return `- ${name}${remark}: ${inspect(event, { breakLength: Infinity })}`;
    });
    return `Recorded were:\n${lines.join('\n')}`;
  }
}

function invoiceNoOf({ event }: RecordedPlutuEvent): string | undefined {
  if ('invoiceNo' in event) return event.invoiceNo;
  return 'payment' in event ? event.payment.invoiceNo : undefined;
}

function publisherOf(app: INestApplicationContext): PlutuEvents {
  try {
    return app.get(PlutuEvents, { strict: false });
  } catch {
    throw new Error(
      'recordPlutuEvents: this application does not import PlutuModule.',
    );
  }
}

/** The publisher decides which event has which name. */
function isPlutuEvent(recorded: {
  readonly name: PlutuEventName | undefined;
  readonly event: object;
  readonly failures: readonly unknown[];
}): recorded is RecordedPlutuEvent {
  return recorded.name !== undefined;
}
