import { randomUUID } from 'node:crypto';
import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Queue } from 'bullmq';
import { LRUCache } from 'lru-cache';
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
import { batched } from '../utils/batch.js';
import { logFields } from '../utils/log-fields.js';
import { readKept, type Arrival, type KeptJob } from './kept-jobs.js';
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

/** How many payments an instance expects to see again; each takes about 200 bytes. */
const MAX_SEEN = 10_000;

/**
 * Accepts a payment by putting it into a queue in Redis, under its identity, so that
 * duplicates become one job there, whichever instance they come to.
 */
export class BullMqPaymentDelivery
  implements PaymentDelivery, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(BullMqPaymentDelivery.name);
  private readonly arrivals: ArrivalsUnderWay;
  private readonly read = batched((arrivals: readonly Arrival[]) =>
    readKept(this.queue, arrivals),
  );
  /** Payments that came here lately: they are read before they are added again. */
  private readonly seen = new LRUCache<string, true>({ max: MAX_SEEN });
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
    return job && bookedPayment(job.data.record);
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
    const kept = await this.keep(outcome, id, {
      record: newRecord(payment),
      arrival,
    });
    if (kept === 'none') throw new Error(`Redis did not keep ${id}.`);
    if (kept === 'its own') return { duplicate: false, booked: undefined };
    // Somebody is waiting for a payment that may be stuck.
    if (kept.mayBeStuck) await runAgainIfStuck(this.queue, id);
    const { record }: PaymentJob = JSON.parse(kept.data);
    return { duplicate: true, booked: bookedPayment(record) };
  }

  /**
   * Adds a job, and reads which one the queue has: this one or an earlier one. The
   * command to read follows at the end of the turn, and does not wait for an answer.
   */
  private async keep(
    name: string,
    jobId: string,
    data: PaymentJob,
  ): Promise<KeptJob> {
    const { arrival } = data;
    if (this.seen.has(jobId)) {
      const earlier = await this.read({ jobId, arrival });
      if (earlier !== 'none') return earlier;
    }
    this.seen.set(jobId, true);
    const added = this.queue.add(name, data, { jobId });
    const [kept] = await Promise.all([this.read({ jobId, arrival }), added]);
    // Redis may have got the two in the other order, such as after a reconnect.
    return kept === 'none' ? this.read({ jobId, arrival }) : kept;
  }
}

function bookedPayment(record: PaymentRecord): PaymentEvent | undefined {
  return isRecord(record) && record.booked ? judgedPayment(record) : undefined;
}
