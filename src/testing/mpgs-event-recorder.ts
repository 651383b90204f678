import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { PlutuEvents, type PublishedEvent } from '../events/plutu-events.js';
import { describeEvent } from '../sandbox/sandbox-event.js';
import { sentCallbacksOf, type SentCallback } from './sent-callbacks.js';
import {
  MPGS_EVENTS,
  type MpgsCallbackRejectedEvent,
  type MpgsCheckoutCreatedEvent,
  type MpgsDeliveryFailedEvent,
  type MpgsPaymentApprovedEvent,
  type MpgsPaymentCanceledEvent,
  type MpgsPaymentIncompleteEvent,
  type MpgsPaymentMismatchEvent,
} from '../mpgs/mpgs.events.js';

/** The module's events, by the names that a recorder has for them. */
export interface MpgsEventsByName {
  /** The invoice is paid. */
  approved: MpgsPaymentApprovedEvent;
  /** The customer backed out. */
  canceled: MpgsPaymentCanceledEvent;
  /** Neither, such as a declined card. */
  incomplete: MpgsPaymentIncompleteEvent;
  /** Something was paid that was not due. */
  mismatch: MpgsPaymentMismatchEvent;
  /** A callback was refused. */
  rejected: MpgsCallbackRejectedEvent;
  /** A checkout is open. */
  created: MpgsCheckoutCreatedEvent;
  /** A queue gave up on a payment. */
  deliveryFailed: MpgsDeliveryFailedEvent;
}

/** What a recorder calls an event. */
export type MpgsEventName = keyof MpgsEventsByName;

/** An event that the module published, and what came of it. */
export type RecordedMpgsEvent = {
  [Name in MpgsEventName]: {
    /** Which event it is. */
    readonly name: Name;
    /** The event as its handlers got it. */
    readonly event: MpgsEventsByName[Name];
    /**
     * What its handlers threw, or that an approved payment had none; empty
     * where the event was delivered.
     */
    readonly failures: readonly unknown[];
  };
}[MpgsEventName];

/** What {@link MpgsEventRecorder.next} waits for, and how long. */
export interface NextEventOptions {
  /** Only an event about this invoice. Default: any event of the name. */
  invoiceNo?: string | undefined;

  /**
   * How long to wait, in milliseconds.
   *
   * @default 2000, less than a test may take in Vitest and Jest
   */
  timeout?: number | undefined;
}

const NAMES = new Map<string, MpgsEventName>([
  [MPGS_EVENTS.paymentApproved, 'approved'],
  [MPGS_EVENTS.paymentCanceled, 'canceled'],
  [MPGS_EVENTS.paymentIncomplete, 'incomplete'],
  [MPGS_EVENTS.paymentMismatch, 'mismatch'],
  [MPGS_EVENTS.callbackRejected, 'rejected'],
  [MPGS_EVENTS.checkoutCreated, 'created'],
  [MPGS_EVENTS.deliveryFailed, 'deliveryFailed'],
]);

/**
 * Records what the module publishes from now on. It is no handler: an approved
 * payment that nothing else listens to is answered with 503, in the test as in
 * production.
 *
 * @param app the application, or the testing module that it is made of.
 * @throws {Error} where it does not import `PlutuModule`.
 */
export function recordMpgsEvents(
  app: INestApplicationContext,
): MpgsEventRecorder {
  return new MpgsEventRecorder(publishersOf(app), () => sentCallbacksOf(app));
}

/** What {@link recordMpgsEvents} makes. */
export class MpgsEventRecorder {
  #recorded: RecordedMpgsEvent[] = [];
  /** What `next` has resolved to. */
  readonly #taken = new WeakSet<RecordedMpgsEvent>();
  /** Sent before the recorder was made or cleared. */
  #sentEarlier: ReadonlySet<SentCallback>;
  // Every call of `next` listens, and Node would warn of a leak at eleven.
  readonly #arrivals = new EventEmitter().setMaxListeners(0);

  /** @param sent what the application's sandboxes have sent until now. */
  constructor(
    publishers: readonly PlutuEvents[],
    private readonly sent: () => readonly SentCallback[],
  ) {
    this.#sentEarlier = new Set(sent());
    for (const { published } of publishers) {
      published.subscribe((event) => this.#record(event));
    }
  }

  /** Everything recorded, in the order in which the handlers ended. */
  get all(): readonly RecordedMpgsEvent[] {
    return [...this.#recorded];
  }

  /**
   * Forgets everything recorded so far, so that no test finds an event of an
   * earlier one: call it in `beforeEach`.
   */
  clear(): void {
    this.#recorded = [];
    this.#sentEarlier = new Set(this.sent());
  }

  /**
   * Resolves to the next event of a name, which may have been recorded already;
   * each call takes another. All its handlers have ended by then, and none has
   * failed.
   *
   * @throws {Error} if none comes in time. It says what came instead, and what
   *   the application answered to the callbacks of its sandbox.
   */
  async next<Name extends MpgsEventName>(
    name: Name,
    { invoiceNo, timeout = 2000 }: NextEventOptions = {},
  ): Promise<MpgsEventsByName[Name]> {
    // Not a timer, which the test may have replaced by a fake one.
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
    if (!isMpgsEvent(recorded)) return;
    this.#recorded.push(recorded);
    this.#arrivals.emit('arrival');
  }

  #take<Name extends MpgsEventName>(
    name: Name,
    invoiceNo: string | undefined,
  ): { readonly event: MpgsEventsByName[Name] } | undefined {
    const found = this.#recorded.find(
      (
        recorded,
      ): recorded is RecordedMpgsEvent & { event: MpgsEventsByName[Name] } =>
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
    return ' (accepted, but not published by this application. If it uses a queue, another process on the same queue may have taken the payment, such as a running shop: give each test run a queue name of its own. Or it still waits in the queue, or was a duplicate)';
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

function invoiceNoOf({ event }: RecordedMpgsEvent): string | undefined {
  if ('invoiceNo' in event) return event.invoiceNo;
  return 'callback' in event ? event.callback.invoiceNo : undefined;
}

/** One for each account of the application's. */
function publishersOf(app: INestApplicationContext): PlutuEvents[] {
  try {
    return app.get(PlutuEvents, { strict: false, each: true });
  } catch {
    throw new Error(
      'recordMpgsEvents: this application does not import PlutuModule.',
    );
  }
}

/** Which event goes by which name is the publisher's affair. */
function isMpgsEvent(recorded: {
  readonly name: MpgsEventName | undefined;
  readonly event: object;
  readonly failures: readonly unknown[];
}): recorded is RecordedMpgsEvent {
  return recorded.name !== undefined;
}
