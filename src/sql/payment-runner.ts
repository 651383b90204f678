import { Logger } from '@nestjs/common';
import { describePayment, summaryOf } from '../payments/describe-payment.js';
import type { PaymentProcessor } from '../payments/payment-delivery.js';
import type { PaymentRecord } from '../payments/payment-record.js';
import { failedConsumers } from '../payments/plutu-events.js';
import { inTime } from '../utils/in-time.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf, stackOf } from '../utils/stack-of.js';
import { errorSummaryOf } from './error-summary.js';
import {
  LEASE,
  LeaseLostError,
  newToken,
  type Acceptance,
  type JournalStore,
} from './journal-store.js';
import type { PaymentEntry } from './payment-row.js';

/**
 * How often a payment may lose the process that works on it. A crash is not counted
 * as a failure of the consumers, but one payment must not crash instances forever.
 */
const MAX_CRASHES = 100;

/** In milliseconds. */
const POLL_EVERY = 1_000;

/** How much of a pause is random, so that instances do not all look at once. */
const JITTER = 0.5;

/** The longest pause between two attempts, in milliseconds. */
const MAX_PAUSE = 60 * 60 * 1000;

/**
 * How many accepted payments one instance may hold for each that it publishes. They
 * wait for their turn.
 */
const WAITING = 10;

/** How long a shutdown waits for the consumers, in milliseconds. */
const CLOSE_TIMEOUT = 10_000;

/** Times in milliseconds. */
export interface PaymentRunnerOptions {
  readonly worker: boolean;
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoff: number;
  readonly handlerTimeout: number;
}

/**
 * Hands payments to the consumers: those accepted here at once, and those that are
 * due in the table. While consumers run, it holds no connection and no lock, only
 * leases.
 */
export class PaymentRunner<Tx> {
  private readonly logger = new Logger('PlutuJournal');
  private readonly runs = new Set<Promise<void>>();
  /** Places reserved for payments that are being accepted or claimed. */
  private reserved = 0;
  /** How many payments are with the consumers. */
  private active = 0;
  private readonly waiting: ((hasPlace: boolean) => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;
  /** Whether more payments may be due than there were places for. */
  private hasBacklog = false;
  private isStarted = false;
  private isDraining = false;
  private isFailing = false;
  private drained: Promise<void> | undefined;

  constructor(
    private readonly store: JournalStore<Tx>,
    private readonly processor: PaymentProcessor,
    private readonly options: PaymentRunnerOptions,
  ) {}

  /** Begins to look for due payments. */
  start(): void {
    if (!this.options.worker || this.isDraining) return;
    this.isStarted = true;
    this.schedule();
  }

  /**
   * Accepts a payment and publishes it at once if there is a place; if not, any
   * instance takes it.
   *
   * @param accept writes it down, under the lease if one is given.
   */
  async accept(
    accept: (lease: string | undefined) => Promise<Acceptance>,
  ): Promise<Acceptance> {
    const isFull = this.held >= this.options.concurrency * (1 + WAITING);
    const lease = isFull || !this.isOpen ? undefined : newToken();
    if (lease === undefined) {
      const acceptance = await accept(undefined);
      this.wake();
      return acceptance;
    }
    this.reserved++;
    try {
      const acceptance = await accept(lease);
      if (acceptance.isNew) this.run(acceptance.entry, lease);
      return acceptance;
    } finally {
      this.reserved--;
      this.wakeIfBacklog();
    }
  }

  /** Looks for due payments now, without waiting for the next time. */
  wake(): void {
    this.hasBacklog = true;
    this.wakeIfBacklog();
  }

  /** Takes no more, and waits for what is under way. */
  drain(): Promise<void> {
    this.drained ??= this.end();
    return this.drained;
  }

  private async end(): Promise<void> {
    this.isDraining = true;
    clearTimeout(this.timer);
    // Another instance takes what was not begun.
    for (const resolve of this.waiting.splice(0)) resolve(false);
    const ended = async () => {
      await this.polling;
      await Promise.all(this.runs);
    };
    await inTime(ended(), CLOSE_TIMEOUT, '').catch(() =>
      this.logger.warn(
        `Consumers did not finish in ${CLOSE_TIMEOUT} ms. Another instance takes over their payments.`,
      ),
    );
  }

  /** Whether it takes payments. */
  private get isOpen(): boolean {
    return this.isStarted && !this.isDraining;
  }

  /** How many payments it has, or is about to have. */
  private get held(): number {
    return this.runs.size + this.reserved;
  }

  /** How many more it would publish now. */
  private get places(): number {
    return this.isOpen ? this.options.concurrency - this.held : 0;
  }

  private wakeIfBacklog(): void {
    if (!this.hasBacklog || this.places <= 0) return;
    this.polling ??= this.poll();
  }

  private schedule(): void {
    if (this.isDraining) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => {
        this.polling ??= this.poll();
      },
      POLL_EVERY * (1 + Math.random() * JITTER),
    );
    this.timer.unref();
  }

  private async poll(): Promise<void> {
    try {
      // An idle journal costs one short statement.
      if (this.hasBacklog || (await this.store.hasDue())) {
        await this.claimAll();
      }
      this.isFailing = false;
    } catch (error) {
      // Logged once in an outage, not every second.
      if (!this.isFailing) {
        this.logger.error(
          `The journal cannot be read, trying again every second: ${messageOf(error)}`,
        );
      }
      this.isFailing = true;
    } finally {
      this.polling = undefined;
      this.schedule();
    }
    // It may have been woken while it looked.
    if (!this.isFailing) this.wakeIfBacklog();
  }

  private async claimAll(): Promise<void> {
    for (;;) {
      const { places } = this;
      if (places <= 0) {
        this.hasBacklog = true;
        return;
      }
      this.hasBacklog = false;
      this.reserved += places;
      try {
        const claimed = await this.store.claim(places);
        for (const { entry, lease } of claimed) this.run(entry, lease);
        if (claimed.length < places) return;
      } finally {
        this.reserved -= places;
      }
    }
  }

  private run(entry: PaymentEntry, lease: string): void {
    const run = this.process(entry, lease)
      .catch((error: unknown) => {
        const { payment } = entry.record;
        if (error instanceof LeaseLostError) return;
        // Its lease ends by itself, and then the payment is tried again.
        this.logger.error(
          `The journal could not be written, the payment will be tried again: ${describePayment(payment)}: ${messageOf(error)}`,
          ...logFields(summaryOf(payment)),
        );
      })
      .finally(() => {
        this.runs.delete(run);
        this.wakeIfBacklog();
      });
    this.runs.add(run);
  }

  private async process(entry: PaymentEntry, lease: string): Promise<void> {
    const id = entry.record.payment.id ?? '';
    const renewal = setInterval(() => {
      this.store.renew(id, lease).catch((error: unknown) => {
        if (error instanceof LeaseLostError) clearInterval(renewal);
      });
    }, LEASE / 3);
    try {
      if (await this.takePlace()) await this.publish(entry, lease);
      else await this.store.release(id, lease);
    } finally {
      clearInterval(renewal);
    }
  }

  /** Waits for a place; resolves to `false` if there will be none. */
  private async takePlace(): Promise<boolean> {
    if (this.isDraining) return false;
    if (this.active < this.options.concurrency) {
      this.active++;
      return true;
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Passes the place on to a payment that waits for one. */
  private leavePlace(): void {
    const next = this.waiting.shift();
    if (next) next(true);
    else this.active--;
  }

  private async publish(
    { record, attempts, leases }: PaymentEntry,
    lease: string,
  ): Promise<void> {
    const progress = new KeptProgress(this.store, record, lease);
    try {
      if (leases - attempts > MAX_CRASHES) {
        throw new CrashError(
          `The process ended ${MAX_CRASHES} times while the payment was being published.`,
        );
      }
      const done = await this.processor.process(
        await progress.begin(),
        (next) => progress.save(next),
        this.options.handlerTimeout,
        attempts + 1,
      );
      await progress.finish(done);
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      await this.fail(progress.record, lease, attempts + 1, error);
    } finally {
      this.leavePlace();
    }
  }

  private async fail(
    record: PaymentRecord,
    lease: string,
    attempts: number,
    error: unknown,
  ): Promise<void> {
    const { payment } = record;
    const reason = messageOf(error);
    const summary = errorSummaryOf(error);
    const fields = logFields({
      ...summaryOf(payment),
      attempt: attempts,
      consumers: failedConsumers(error),
      reason,
      stack: stackOf(error),
    });
    // If another instance has the payment by now, this attempt does not count.
    await this.store.renew(payment.id ?? '', lease);
    if (error instanceof CrashError || attempts >= this.options.attempts) {
      this.logger.error(
        `Payment given up after ${attempts} attempts: ${describePayment(payment)}: ${reason}`,
        ...fields,
      );
      // Reported before it is put away: an alert may come twice, but must not be
      // lost.
      await inTime(
        this.processor.reportFailure({ record, attempts, reason }),
        this.options.handlerTimeout,
        `its handlers did not finish in ${this.options.handlerTimeout} ms`,
      ).catch((failure: unknown) =>
        this.logger.error(
          `The report of a payment that was given up failed: ${messageOf(failure)}`,
        ),
      );
      await this.store.putBack(record, lease, summary, undefined);
      return;
    }
    const pause = Math.min(
      this.options.backoff * 2 ** (attempts - 1),
      MAX_PAUSE,
    );
    this.logger.warn(
      `Consumers failed, trying again in about ${Math.ceil(pause / 1000)} s (attempt ${attempts} of ${this.options.attempts}): ${describePayment(payment)}: ${reason}`,
      ...fields,
    );
    await this.store.putBack(
      record,
      lease,
      summary,
      pause * (1 - JITTER * Math.random()),
    );
    this.wakeIn(pause);
  }

  /** Looks sooner than the next time, after a short pause. */
  private wakeIn(pause: number): void {
    if (pause < POLL_EVERY) setTimeout(() => this.wake(), pause).unref();
  }
}

/** A payment that ends one process after another. */
class CrashError extends Error {}

/** The progress that a run has stored, one change after another. */
class KeptProgress<Tx> {
  private saving: Promise<unknown> = Promise.resolve();
  private isFinished = false;

  constructor(
    private readonly store: JournalStore<Tx>,
    public record: PaymentRecord,
    private readonly lease: string,
  ) {}

  /** @throws {LeaseLostError} */
  async begin(): Promise<PaymentRecord> {
    this.record = await this.store.judgeLate(this.record, this.lease);
    return this.record;
  }

  /** @throws {LeaseLostError} */
  async save(next: PaymentRecord): Promise<PaymentRecord> {
    // Consumers run side by side, and the last one to finish stores the progress of
    // all.
    const saving = this.keepAfter(this.saving, next);
    this.saving = saving.catch(() => {});
    return saving;
  }

  /** @throws {LeaseLostError} */
  async finish(record: PaymentRecord): Promise<void> {
    if (!this.isFinished) await this.store.finish(record, this.lease);
  }

  private async keepAfter(
    previous: Promise<unknown>,
    next: PaymentRecord,
  ): Promise<PaymentRecord> {
    await previous;
    return this.keep(next);
  }

  private async keep(next: PaymentRecord): Promise<PaymentRecord> {
    const { store, lease } = this;
    if (!this.record.verdict) {
      this.record = await store.judge(next, lease);
    } else {
      // A consumer that is done stays done, even if this cannot be written now: then
      // `fail` writes it.
      this.record = next;
      // The last change also ends the lease, which saves a statement.
      if (next.finished) await store.finish(next, lease);
      else await store.keepProgress(next, lease);
      this.isFinished = next.finished ?? false;
    }
    return this.record;
  }
}
