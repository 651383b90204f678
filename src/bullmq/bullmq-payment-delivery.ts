import { randomUUID } from 'node:crypto';
import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { ArrivalsUnderWay } from '../payments/arrivals-under-way.js';
import type { PaymentEvent } from '../payments/events.js';
import type {
  PaymentDelivery,
  PaymentReceipt,
} from '../payments/payment-delivery.js';
import {
  isRecord,
  judgedPayment,
  newRecord,
  type PaymentRecord,
  type SignedPayment,
} from '../payments/payment-record.js';
import { logFields } from '../utils/log-fields.js';
import {
  abandon,
  storageWarnings,
  takesWrites,
  writeProbe,
} from './queue-redis.js';
import { runAgainIfStuck, runStuckAgain } from './stuck-jobs.js';

/** What a job carries. */
export interface PaymentJob {
  readonly record: PaymentRecord;
  /** The arrival that created the job, to tell it from its duplicates. */
  readonly arrival: string;
}

/**
 * Accepts a payment by putting it into a queue in Redis, under its identity, so that
 * duplicates become one job there, whichever instance they come to.
 */
export class BullMqPaymentDelivery
  implements PaymentDelivery, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(BullMqPaymentDelivery.name);
  private readonly arrivals: ArrivalsUnderWay;
  private probing: Promise<void> | undefined;

  /** @param acceptTimeout in milliseconds. */
  constructor(
    private readonly queue: Queue<PaymentJob>,
    acceptTimeout: number,
  ) {
    // Redis clients wait for a lost connection; a browser does not.
    this.arrivals = new ArrivalsUnderWay('Redis', acceptTimeout);
    queue.on('error', ({ message }) =>
      this.logger.error(
        `The queue ${queue.name}: ${message}`,
        ...logFields({ queue: queue.name }),
      ),
    );
  }

  /**
   * @throws {Error} if Redis did not confirm it in time. It may be in the queue
   *   anyway.
   */
  async accept(payment: SignedPayment): Promise<PaymentReceipt> {
    return this.arrivals.accept(payment.id, () => this.enqueue(payment));
  }

  async findBooked(id: string): Promise<PaymentEvent | undefined> {
    const job = await this.arrivals.inTime(this.queue.getJob(id));
    return job && bookedPayment(job.data);
  }

  /** @throws {Error} if Redis cannot be reached, or accepts no writes. */
  async ready(): Promise<void> {
    // One at a time: while Redis is away, each would wait in memory.
    this.probing ??= writeProbe(this.queue).finally(
      () => (this.probing = undefined),
    );
    await this.arrivals.inTime(this.probing);
  }

  /**
   * For health checks: how Redis may lose what was accepted, as far as its settings
   * are known. Never rejects.
   */
  async warnings(): Promise<readonly string[]> {
    return this.arrivals.inTime(storageWarnings(this.queue)).catch(() => []);
  }

  /**
   * Runs every payment again that was given up on, and every one that Redis lost from
   * the lists of the queue, such as when it evicted one of them. It looks at the name
   * of every key in that Redis.
   *
   * @returns how many there were.
   * @throws {Error} if Redis cannot be reached; what was found until then is run
   *   again.
   */
  async retryFailed(): Promise<number> {
    return runStuckAgain(this.queue);
  }

  /** Logs {@link warnings}, without holding up the start. */
  onApplicationBootstrap(): void {
    // Redis may come later than the application.
    void this.logWarnings();
  }

  /**
   * Drops the connection to a Redis that is away: closing the queue would wait for
   * it.
   */
  async beforeApplicationShutdown(): Promise<void> {
    if (!(await takesWrites(this.queue))) await abandon(this.queue);
  }

  private async logWarnings(): Promise<void> {
    try {
      const warnings = await storageWarnings(this.queue);
      for (const warning of warnings) this.logger.warn(warning);
    } catch {
      // If Redis never comes, the queue logs that.
    }
  }

  private async enqueue(payment: SignedPayment): Promise<PaymentReceipt> {
    const { id, outcome } = payment;
    const arrival = randomUUID();
    await this.queue.add(
      outcome,
      { record: newRecord(payment), arrival },
      { jobId: id },
    );
    // An earlier arrival may have added it, here or elsewhere: then that job is kept.
    const kept = await this.queue.getJob(id);
    if (!kept) throw new Error(`Redis did not keep ${id}.`);
    const duplicate = kept.data.arrival !== arrival;
    // Somebody is waiting for a payment that may be stuck.
    if (duplicate && !isCompleted(kept)) await runAgainIfStuck(this.queue, id);
    return { duplicate, booked: bookedPayment(kept.data) };
  }
}

function bookedPayment({ record }: PaymentJob): PaymentEvent | undefined {
  return isRecord(record) && record.booked ? judgedPayment(record) : undefined;
}

function isCompleted({ finishedOn, failedReason }: Job<PaymentJob>): boolean {
  return finishedOn !== undefined && failedReason === undefined;
}
