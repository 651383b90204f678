import { randomUUID } from 'node:crypto';
import { Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import {
  deliveryKey,
  type CallbackDelivery,
  type CallbackReceipt,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import { inTime } from '../callbacks/in-time.js';
import { PlutuConfigurationError } from '../plutu.errors.js';
import { abandon, takesWrites, writeProbe } from './queue-redis.js';

/** What a job carries. */
export interface CallbackJob {
  readonly callback: VerifiedCallback;
  /** The arrival that made the job, to tell it from its duplicates. */
  readonly arrival: string;
}

/** How many arrivals may wait for Redis: what an outage can cost in memory. */
const MAX_UNDER_WAY = 1000;

/** How many failed callbacks are read from Redis at a time. */
const PAGE = 100;

/**
 * Accepts a callback by putting it into a queue in Redis, under its delivery
 * key, so that its duplicates collapse there whichever instance they come to.
 */
export class BullMqCallbackDelivery
  implements CallbackDelivery, BeforeApplicationShutdown
{
  private readonly logger = new Logger(BullMqCallbackDelivery.name);
  private readonly underWay = new Map<string, Promise<CallbackReceipt>>();
  private probing: Promise<void> | undefined;

  /**
   * @param acceptTimeout in milliseconds.
   * @throws {PlutuConfigurationError} where nobody said where Redis is.
   */
  constructor(
    private readonly queue: Queue<CallbackJob>,
    private readonly acceptTimeout: number,
  ) {
    // Typed as if it were always there, and absent all the same.
    const connection: unknown = queue.opts.connection;
    if (!connection) {
      throw new PlutuConfigurationError(
        'delivery.connection',
        'bullMqDelivery needs the option "connection", or a BullModule.forRoot with one in the root module.',
      );
    }
    queue.on('error', ({ message }) =>
      this.logger.error(`The queue ${queue.name}: ${message}`),
    );
  }

  /**
   * @throws whatever `admit` throws.
   * @throws {Error} where Redis did not confirm it in time. It may be in the
   *   queue all the same.
   */
  async accept(
    callback: VerifiedCallback,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackReceipt> {
    const key = deliveryKey(callback);
    const underWay = this.underWay.get(key);
    if (underWay) {
      const { outcome } = await this.inTime(underWay);
      return { duplicate: true, outcome };
    }
    if (this.underWay.size >= MAX_UNDER_WAY) {
      throw new Error(`${MAX_UNDER_WAY} callbacks are waiting for Redis.`);
    }
    // Stays here until Redis has answered, also when the arrival has given up.
    const enqueued = this.enqueue(key, admit).finally(() =>
      this.underWay.delete(key),
    );
    this.underWay.set(key, enqueued);
    return this.inTime(enqueued);
  }

  /** @throws {Error} where Redis cannot be reached, or takes no writes. */
  async ready(): Promise<void> {
    // One at a time: while Redis is away, each would wait in memory.
    this.probing ??= writeProbe(this.queue).finally(
      () => (this.probing = undefined),
    );
    await this.inTime(this.probing);
  }

  /**
   * Runs every callback again that was given up on.
   *
   * @returns how many there were.
   */
  async retryFailed(): Promise<number> {
    const failed: Job<CallbackJob>[] = [];
    for (let start = 0; ; start += PAGE) {
      const page = await this.queue.getFailed(start, start + PAGE - 1);
      failed.push(...page);
      if (page.length < PAGE) break;
    }
    for (const job of failed) await retry(job);
    return failed.length;
  }

  /** Lets go of a Redis that is away: closing the queue would wait for it. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!(await takesWrites(this.queue))) await abandon(this.queue);
  }

  private async enqueue(
    key: string,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackReceipt> {
    const known = await this.queue.getJob(key);
    if (known) {
      // Somebody is waiting for a payment that was given up on.
      if (await known.isFailed()) await retry(known);
      return { duplicate: true, outcome: known.data.callback.outcome };
    }
    const callback = await admit();
    const arrival = randomUUID();
    const adding = this.queue.add(
      callback.outcome,
      { callback, arrival },
      { jobId: key },
    );
    // Another instance may have added it in between. Asked in the same breath,
    // which saves a round trip, and again where the question came first.
    const [, found] = await Promise.all([adding, this.queue.getJob(key)]);
    const { data } = found ??
      (await this.queue.getJob(key)) ?? { data: { callback, arrival } };
    return {
      duplicate: data.arrival !== arrival,
      outcome: data.callback.outcome,
    };
  }

  /** Redis clients wait for a lost connection; a browser does not. */
  private inTime<T>(promise: Promise<T>): Promise<T> {
    return inTime(
      promise,
      this.acceptTimeout,
      `Redis did not answer in ${this.acceptTimeout} ms.`,
    );
  }
}

/** Runs a failed job again, unless somebody else has just done so. */
async function retry(job: Job<CallbackJob>): Promise<void> {
  try {
    await job.retry('failed', { resetAttemptsMade: true });
  } catch (error) {
    if (await job.isFailed()) throw error;
  }
}
