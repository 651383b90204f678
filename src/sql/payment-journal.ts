import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import {
  publishCaseChange,
  type PlutuCaseChange,
} from '../diagnostics/channels.js';
import { ArrivalsUnderWay } from '../payments/arrivals-under-way.js';
import type { PaymentEvent } from '../payments/events.js';
import type {
  PaidInvoice,
  PaymentReceipt,
} from '../payments/payment-delivery.js';
import type {
  ChargeEnd,
  ChargeLimits,
  ChargeStart,
  CheckoutEntry,
  CheckoutFacts,
  JournalDelivery,
  OtpCharge,
  OtpRecipient,
  UnreadableMessage,
} from '../payments/payment-journal.js';
import {
  judgedPayment,
  type PaymentRecord,
  type SignedPayment,
} from '../payments/payment-record.js';
import { runningConsumer } from '../payments/running-consumer.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf } from '../utils/stack-of.js';
import type { AttemptStore } from './attempt-store.js';
import type { Byline } from './byline.js';
import {
  closeCase,
  openCases,
  retryCase,
  type ReportOptions,
  type OpenCase,
} from './cases.js';
import type { ChargeWatch } from './charge-watch.js';
import { ChargesUnderWay } from './charges-under-way.js';
import { checkDatabase, durabilityWarnings } from './database-checks.js';
import { newToken, type JournalStore } from './journal-store.js';
import type { PaymentRunner } from './payment-runner.js';
import { prune, type Pruned, type PruneOptions } from './prune.js';
import {
  payments,
  unsettled,
  type JournalPayment,
  type PaymentsOptions,
  type UnsettledAttempt,
  type UnsettledOptions,
} from './reports.js';
import type { Settled, Settlement, Settlements } from './settlement.js';

/** The result of booking a payment. */
export interface Booking<Result> {
  /** Whether the consumer booked the payment earlier. Then the work was not done. */
  readonly duplicate: boolean;
  /** What the work resolved to, if it was done. */
  readonly result?: Result | undefined;
}

/** The parts of a journal. */
export interface JournalParts<Tx> {
  readonly store: JournalStore<Tx>;
  readonly attempts: AttemptStore<Tx>;
  readonly runner: PaymentRunner<Tx>;
  /** Only in an instance that also publishes payments. */
  readonly watch: ChargeWatch<Tx> | undefined;
  readonly settlements: Settlements<Tx>;
  /** In milliseconds. */
  readonly acceptTimeout: number;
}

/**
 * The journal of one account: what the application books its payments through.
 * Injected by its class, and for an account with a name by
 * `@InjectPlutu(PaymentJournal, name)`.
 *
 * @typeParam Tx a transaction of the application's library, such as the
 *   `EntityManager` of TypeORM.
 */
export class PaymentJournal<Tx = unknown>
  implements
    JournalDelivery,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown
{
  private readonly logger = new Logger('PlutuJournal');
  private readonly store: JournalStore<Tx>;
  private readonly attempts: AttemptStore<Tx>;
  private readonly runner: PaymentRunner<Tx>;
  private readonly watch: ChargeWatch<Tx> | undefined;
  private readonly settlements: Settlements<Tx>;
  private readonly arrivals: ArrivalsUnderWay;
  private readonly charges = new ChargesUnderWay();
  private drained: Promise<void> | undefined;

  /** Made by `sqlJournal`. */
  constructor(parts: JournalParts<Tx>) {
    this.store = parts.store;
    this.attempts = parts.attempts;
    this.runner = parts.runner;
    this.watch = parts.watch;
    this.settlements = parts.settlements;
    this.arrivals = new ArrivalsUnderWay('the database', parts.acceptTimeout);
  }

  /**
   * Does a consumer's work exactly once for a payment, in a transaction of its own
   * that also records that it was done. If the work rejects, everything that it did
   * through `tx` is undone.
   *
   * @param consumer the name of the consumer that calls this.
   * @param work gets the transaction, which has the isolation level READ COMMITTED.
   * @throws {Error} what the work or the database threw; then nothing was done. Also
   *   if another consumer is running, or another call does not end in 5 seconds.
   */
  async once<Result>(
    consumer: string,
    payment: PaymentEvent,
    work: (tx: Tx) => Result | Promise<Result>,
  ): Promise<Booking<Result>> {
    return this.asRunningConsumer(consumer, payment, () =>
      this.store.executor.transaction((tx) =>
        this.book(tx, consumer, payment, work),
      ),
    );
  }

  /**
   * The same in a transaction that the application has opened. If it is rolled
   * back, the work counts as not done.
   *
   * @param tx what the library hands to the work of a transaction.
   * @throws {Error} if `tx` is not in a transaction, before anything is done; and as
   *   {@link once} does. Do not catch it, so that the transaction is rolled back.
   */
  async processInTransaction<Result>(
    tx: Tx,
    consumer: string,
    payment: PaymentEvent,
    work: (tx: Tx) => Result | Promise<Result>,
  ): Promise<Booking<Result>> {
    return this.asRunningConsumer(consumer, payment, async () => {
      if (!(await this.store.executor.isInTransaction(tx))) {
        throw new Error(
          'processInTransaction needs a transaction, but this handle is not in one. Open one first, or use once().',
        );
      }
      await this.store.execute('SAVEPOINT plutu_booking', [], tx);
      try {
        return await this.book(tx, consumer, payment, work);
      } catch (error) {
        // In case the application commits in spite of the error.
        await this.store
          .execute('ROLLBACK TO SAVEPOINT plutu_booking', [], tx)
          .catch(() => {});
        throw error;
      }
    });
  }

  /**
   * Makes the journal try every payment again that was given up, unless its case is
   * closed.
   *
   * @returns how many there were.
   */
  async retryFailed(): Promise<number> {
    const count = await this.store.revive();
    this.runner.wake();
    return count;
  }

  /**
   * Everything that a person has to look into, oldest first: payments that were not
   * due, payments that consumers failed to book, attempts without a clear answer from
   * Plutu, and signed messages that cannot be read. It is read page by page, so it
   * may be long and may change meanwhile.
   */
  openCases(options: ReportOptions = {}): AsyncIterable<OpenCase> {
    return openCases(this.store, options);
  }

  /**
   * Tries the payment of an open case again: a `mismatch` is judged again, so correct
   * the invoice first; a `failed` one is handed to its consumers again.
   *
   * @param id the `id` of an {@link OpenCase}.
   * @param byline who decided that, and why.
   * @returns `false` if there is no such case any more: somebody was faster.
   * @throws {PlutuInvalidRequestError} if the case is `unknown` or `unreadable`:
   *   settle its invoice, or close it. Also if `byline` is wrong.
   */
  async retryCase(id: string, byline: Byline): Promise<boolean> {
    const isRetried = await retryCase(this.store, id, byline);
    if (isRetried) {
      this.runner.wake();
      this.publishChange('retried', { caseId: id });
    }
    return isRetried;
  }

  /**
   * Closes an open case: nothing is left to do about it. A payment whose case is
   * closed stays as it is; a `failed` one is not tried again.
   *
   * @param id the `id` of an {@link OpenCase}.
   * @param byline who decided that, and why.
   * @returns `false` if there is no such case any more: somebody was faster.
   * @throws {PlutuInvalidRequestError} if `byline` is wrong.
   */
  async closeCase(id: string, byline: Byline): Promise<boolean> {
    const isClosed = await closeCase(this.store, id, byline);
    if (isClosed) this.publishChange('closed', { caseId: id });
    return isClosed;
  }

  /**
   * The payment attempts that Plutu was asked for and that have had no result since,
   * oldest first. Most are customers who left; to be sure, look the invoice up in
   * Plutu's dashboard.
   *
   * @throws {PlutuConfigurationError} if `olderThan` is not a whole number.
   */
  unsettled(options: UnsettledOptions): AsyncIterable<UnsettledAttempt> {
    return unsettled(this.store, options);
  }

  /**
   * The payments that arrived within a time, oldest first, such as to compare a day
   * with Plutu's dashboard.
   *
   * @throws {PlutuInvalidRequestError} if a `Date` is not valid.
   */
  payments(options: PaymentsOptions): AsyncIterable<JournalPayment> {
    return payments(this.store, options);
  }

  /**
   * Books a payment by hand, as Plutu's dashboard shows it, because its callback
   * never came or a charge has no clear outcome. It is published like any other, with
   * the `source` `hand`, and the callback is a duplicate if it comes after all. The
   * amount due is not checked: that it is right is your decision. A mismatch of the
   * same transaction becomes approved, and its case is closed.
   *
   * Gateway, amount and currency come from the journal if they are not given.
   *
   * @throws {PlutuInvalidRequestError} if something is wrong, or missing in the
   *   journal too; `fields` says what.
   * @throws {PlutuAlreadyPaidError} if another payment has paid the order.
   */
  async settle(settlement: Settlement): Promise<Settled> {
    const settled = await this.settlements.settle(settlement);
    this.runner.wake();
    const { duplicate, payment } = settled;
    if (!duplicate) this.publishChange('settled', { paymentId: payment.id });
    return settled;
  }

  /**
   * Removes checkouts that were never paid, and canceled or incomplete payments that
   * are finished. Approved payments stay, because a signed URL never expires.
   */
  async prune(options: PruneOptions): Promise<Pruned> {
    return prune(this.store, options);
  }

  /** For the module: accepts a payment, as a delivery does. */
  async accept(payment: SignedPayment): Promise<PaymentReceipt> {
    return this.arrivals.accept(payment.id, () => this.takeOver(payment));
  }

  /** For the module: a payment as it was judged, once it is booked. */
  async findBooked(id: string): Promise<PaymentEvent | undefined> {
    const entry = await this.arrivals.inTime(this.store.find(id));
    return entry && bookedPayment(entry.record);
  }

  /** For the module: how an invoice was paid, booked by any instance. */
  async findByInvoice(invoice: PaidInvoice): Promise<PaymentEvent | undefined> {
    const entry = await this.arrivals.inTime(this.store.findByInvoice(invoice));
    return entry && bookedPayment(entry.record);
  }

  /** For health checks: rejects if the database accepts no writes now. */
  async ready(): Promise<void> {
    await this.arrivals.inTime(checkDatabase(this.store));
  }

  /** For health checks: how the database may lose what it has confirmed. */
  async warnings(): Promise<readonly string[]> {
    return this.arrivals.inTime(durabilityWarnings(this.store)).catch(() => []);
  }

  /** For the module: writes an attempt down before Plutu is asked. */
  async openingCheckout(
    checkout: CheckoutFacts,
    recipient?: OtpRecipient,
  ): Promise<CheckoutEntry> {
    const { attempts, arrivals } = this;
    const id = await arrivals.inTime(attempts.open(checkout, recipient));
    return {
      id,
      asked: async (opening) => {
        try {
          await arrivals.inTime(attempts.keepOpening(id, opening));
        } catch (error) {
          this.logger.error(
            `Plutu's answer for ${checkout.gateway} invoice ${checkout.invoiceNo} (${opening}) could not be written to the journal: ${messageOf(error)}`,
            ...logFields({
              account: this.store.account,
              tenant: checkout.tenant,
              gateway: checkout.gateway,
              invoiceNo: checkout.invoiceNo,
              orderNo: checkout.orderNo,
              opening,
            }),
          );
        }
      },
    };
  }

  /** For the module: begins to charge an attempt, if that is allowed. */
  async beginCharge(
    charge: OtpCharge,
    limits: ChargeLimits,
  ): Promise<ChargeStart> {
    // Its end could not be written down any more.
    if (this.drained) throw new Error('The application is stopping.');
    const beginning = this.attempts.beginCharge(charge, limits);
    try {
      const start = await this.arrivals.inTime(beginning);
      if (start.state === 'begun') this.charges.begun(charge.id);
      return start;
    } catch (error) {
      // If it begins after all, no caller is left to charge.
      this.undoBeginning(charge, beginning).catch(() => {});
      throw error;
    }
  }

  /** For the module: writes down how a charge has ended. */
  async endCharge(charge: OtpCharge, end: ChargeEnd): Promise<void> {
    try {
      await this.arrivals.inTime(this.attempts.endCharge(charge.id, end));
    } finally {
      this.charges.ended(charge.id);
    }
    if (end === 'unknown') this.watch?.wake();
  }

  /** For the module: writes down a signed message that makes no sense. */
  async recordUnreadable(message: UnreadableMessage): Promise<void> {
    await this.arrivals.inTime(this.store.insertUnreadable(message));
  }

  /** Begins to publish accepted payments, once every consumer is known. */
  onApplicationBootstrap(): void {
    this.runner.start();
    this.watch?.start();
    void this.logWarnings();
  }

  /** Runs before the ORM disconnects, which many do in this hook. */
  async onModuleDestroy(): Promise<void> {
    await this.drain();
  }

  /** For an application whose database outlives `onModuleDestroy`. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  private publishChange(
    change: PlutuCaseChange['change'],
    {
      caseId,
      paymentId,
    }: Partial<Pick<PlutuCaseChange, 'caseId' | 'paymentId'>>,
  ): void {
    const { account } = this.store;
    publishCaseChange(() => ({ change, account, caseId, paymentId }));
  }

  private async undoBeginning(
    { id }: OtpCharge,
    beginning: Promise<ChargeStart>,
  ): Promise<void> {
    const { state } = await beginning;
    if (state === 'begun') await this.attempts.endCharge(id, 'not-sent');
  }

  private drain(): Promise<void> {
    this.drained ??= this.drainParts();
    return this.drained;
  }

  private async drainParts(): Promise<void> {
    await Promise.all([
      this.runner.drain(),
      this.watch?.drain(),
      this.charges.drain(),
    ]);
  }

  private async logWarnings(): Promise<void> {
    for (const warning of await this.warnings()) this.logger.warn(warning);
  }

  private async takeOver(payment: SignedPayment): Promise<PaymentReceipt> {
    const { isNew, entry } = await this.runner.accept((lease) =>
      this.store.accept(payment, lease),
    );
    if (entry.isDead) {
      // Somebody waits for a payment that was given up.
      await this.store.revive(payment.id);
      this.runner.wake();
    }
    return {
      duplicate: !isNew,
      booked: bookedPayment(entry.record),
      orderNo: entry.record.payment.orderNo,
    };
  }

  /** Checks the name, because a copied line must not silently do nothing. */
  private async asRunningConsumer<Result>(
    consumer: string,
    payment: PaymentEvent,
    book: () => Promise<Booking<Result>>,
  ): Promise<Booking<Result>> {
    const running = runningConsumer();
    if (running && running.name !== consumer) {
      throw new Error(
        `The consumer "${running.name}" books under the name "${consumer}". Give both the same name: @OnPaymentApproved({ consumer: '${consumer}' }).`,
      );
    }
    if (!running) return book();
    const underWay = `${payment.id} (under way)`;
    if (running.booked.has(underWay)) throw new BookedTwiceError(consumer);
    running.booked.add(underWay);
    try {
      const booking = await book();
      // If the transaction was rolled back since then, its mark is gone.
      if (booking.duplicate && running.booked.has(payment.id)) {
        throw new BookedTwiceError(consumer);
      }
      running.booked.add(payment.id);
      return booking;
    } finally {
      running.booked.delete(underWay);
    }
  }

  private async book<Result>(
    tx: Tx,
    consumer: string,
    payment: PaymentEvent,
    work: (tx: Tx) => Result | Promise<Result>,
  ): Promise<Booking<Result>> {
    const token = newToken();
    if (!(await this.store.mark(tx, consumer, payment, token))) {
      return { duplicate: true };
    }
    const result = await work(tx);
    // The work may have caught an error that rolled the transaction back.
    const isKept = await this.store
      .hasMark(tx, consumer, payment, token)
      .catch((error: unknown) => {
        throw new Error(
          `A statement of the consumer "${consumer}" failed, and so did its transaction: ${messageOf(error)}`,
          { cause: error },
        );
      });
    if (!isKept) {
      throw new Error(
        `The transaction of the consumer "${consumer}" was rolled back while it worked. Do not catch errors of the database.`,
      );
    }
    return { duplicate: false, result };
  }
}

/** Thrown because the second time would silently do nothing. */
class BookedTwiceError extends Error {
  constructor(consumer: string) {
    super(
      `The consumer "${consumer}" books one payment twice in one call, but the second time would do nothing. Do all of its work in one booking.`,
    );
  }
}

function bookedPayment(record: PaymentRecord): PaymentEvent | undefined {
  return record.booked ? judgedPayment(record) : undefined;
}
