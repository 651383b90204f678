import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Worker, type Job, type Queue } from 'bullmq';
import { describePayment, summaryOf } from '../payments/describe-payment.js';
import type { PaymentProcessor } from '../payments/payment-delivery.js';
import { isRecord, type PaymentRecord } from '../payments/payment-record.js';
import { failedConsumers } from '../payments/plutu-events.js';
import { inTime } from '../utils/in-time.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf } from '../utils/stack-of.js';
import type { PaymentJob } from './bullmq-payment-delivery.js';
import { takesWrites } from './queue-redis.js';

/**
 * How often a job may lose its worker. A crash is not counted as a failure of the
 * consumers, but one payment must not crash instances forever.
 */
const MAX_CRASHES = 100;

/** How long a shutdown waits for the handlers, in milliseconds. */
const CLOSE_TIMEOUT = 10_000;

/** How much of a consumer's error message is kept, in characters. */
const MAX_MESSAGE = 1_000;
const MAX_STACK = 4_000;

/** Times in milliseconds. */
export interface PaymentWorkerOptions {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly handlerTimeout: number;
}

/**
 * Takes payments out of a queue and publishes them on this application's own emitter.
 * It is made from the queue itself, because the application may also have a queue
 * with the same name on another Redis.
 */
export class PaymentWorker
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(PaymentWorker.name);
  private readonly worker: Worker<PaymentJob>;

  constructor(
    private readonly queue: Queue<PaymentJob>,
    private readonly processor: PaymentProcessor,
    private readonly options: PaymentWorkerOptions,
  ) {
    const { connection, prefix, telemetry } = queue.opts;
    const { concurrency, lockDuration } = options;
    this.worker = new Worker(queue.name, (job) => this.process(job), {
      connection,
      prefix,
      telemetry,
      autorun: false,
      concurrency,
      lockDuration,
      stalledInterval: Math.ceil(lockDuration / 2),
      maxStalledCount: MAX_CRASHES,
    });
    this.worker.on('failed', (job, error) => void this.onFailed(job, error));
    this.worker.on('error', ({ message }) =>
      this.logger.error(
        `The worker of ${queue.name}: ${message}`,
        ...logFields({ queue: queue.name }),
      ),
    );
  }

  onApplicationBootstrap(): void {
    // Not awaited: it runs until the worker is closed.
    void this.worker.run();
  }

  /**
   * Finishes what is being published and takes no more, before Nest removes the
   * handlers from the emitter. It does not wait for a Redis that is away, or for a
   * handler that does not end.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const message = `Not finished in ${CLOSE_TIMEOUT} ms.`;
    const isForced = !(await takesWrites(this.queue));
    try {
      await inTime(this.worker.close(isForced), CLOSE_TIMEOUT, message);
    } catch (error) {
      this.logger.warn(
        `The worker of ${this.queue.name}: ${String(error)}`,
        ...logFields({ queue: this.queue.name }),
      );
      void this.worker.disconnect().catch(() => {});
    }
  }

  private async process(job: Job<PaymentJob>): Promise<void> {
    const { arrival } = job.data;
    const save = (record: PaymentRecord) => job.updateData({ record, arrival });
    try {
      const record = await this.processor.process(
        job.data.record,
        save,
        this.options.handlerTimeout,
        job.attemptsMade + 1,
      );
      // Without any consumer, it has not been saved as booked yet.
      if (!job.data.record.booked) await save(record);
    } catch (error) {
      throw new FailedAttempt(error);
    }
  }

  private async onFailed(
    job: Job<PaymentJob> | undefined,
    error: Error,
  ): Promise<void> {
    const { message } = error;
    if (!job) return;
    const { record } = job.data;
    // Somebody else, or another release, may have put the job into the queue.
    const about = isRecord(record)
      ? describePayment(record.payment)
      : `job ${job.id} of ${this.queue.name}`;
    const what = `${about}, attempt ${job.attemptsMade}: ${message}`;
    const fields = logFields({
      ...(isRecord(record) && summaryOf(record.payment)),
      queue: this.queue.name,
      attempt: job.attemptsMade,
      // Missing for a job that lost its worker too often.
      ...(error instanceof FailedAttempt && { consumers: error.consumers }),
      reason: message,
      stack: error.stack,
    });
    if (job.finishedOn === undefined) {
      this.logger.warn(`Consumers failed, trying again: ${what}`, ...fields);
      return;
    }
    this.logger.error(`Consumers failed, not tried again: ${what}`, ...fields);
    if (!isRecord(record)) return;
    await this.processor.reportFailure({
      record,
      attempts: job.attemptsMade,
      reason: message,
    });
  }
}

/**
 * BullMQ expects an error, and treats some classes specially. It keeps the message
 * and the stack of every attempt in Redis.
 */
class FailedAttempt extends Error {
  readonly consumers: readonly string[];

  constructor(error: unknown) {
    super(messageOf(error).slice(0, MAX_MESSAGE));
    if (error instanceof Error && error.stack !== undefined) {
      this.stack = error.stack.slice(0, MAX_STACK);
    }
    this.consumers = failedConsumers(error);
  }
}
