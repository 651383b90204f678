import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import {
  deliveryKey,
  type CallbackDelivery,
  type CallbackReceipt,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import { inTime } from '../callbacks/in-time.js';
import type { CallbackJob } from './callback-processor.js';

/** How many arrivals may wait for Redis: what an outage can cost in memory. */
const MAX_UNDER_WAY = 1000;

/** How many failed callbacks are read from Redis at a time. */
const PAGE = 100;

/**
 * Accepts a callback by putting it into a queue in Redis, under its delivery
 * key, so that its duplicates collapse there whichever instance they come to.
 */
export class BullMqCallbackDelivery implements CallbackDelivery {
  private readonly logger = new Logger(BullMqCallbackDelivery.name);
  private readonly underWay = new Map<string, Promise<CallbackReceipt>>();

  /** @param acceptTimeout in milliseconds. */
  constructor(
    private readonly queue: Queue<CallbackJob>,
    private readonly acceptTimeout: number,
  ) {
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
    admit: () => Promise<void>,
  ): Promise<CallbackReceipt> {
    const key = deliveryKey(callback);
    const underWay = this.underWay.get(key);
    if (underWay) {
      await this.inTime(underWay);
      return { duplicate: true };
    }
    if (this.underWay.size >= MAX_UNDER_WAY) {
      throw new Error(`${MAX_UNDER_WAY} callbacks are waiting for Redis.`);
    }
    // Stays here until Redis has answered, also when the arrival has given up.
    const enqueued = this.enqueue(key, callback, admit).finally(() =>
      this.underWay.delete(key),
    );
    this.underWay.set(key, enqueued);
    return this.inTime(enqueued);
  }

  /** @throws {Error} where Redis cannot be reached, or takes no writes. */
  async ready(): Promise<void> {
    // A write that changes nothing: a Redis that only answers is not enough.
    await this.inTime(this.queue.remove('health-check'));
  }

  /**
   * Runs every callback again that was given up on.
   *
   * @returns how many there were.
   */
  async retryFailed(): Promise<number> {
    const total = await this.queue.getFailedCount();
    let retried = 0;
    while (retried < total) {
      const jobs = await this.queue.getFailed(0, PAGE - 1);
      if (jobs.length === 0) break;
      await Promise.all(
        jobs.map((job) => job.retry('failed', { resetAttemptsMade: true })),
      );
      retried += jobs.length;
    }
    return retried;
  }

  private async enqueue(
    key: string,
    callback: VerifiedCallback,
    admit: () => Promise<void>,
  ): Promise<CallbackReceipt> {
    const job = await this.queue.getJob(key);
    if (job) {
      // Somebody is waiting for a payment that was given up on.
      if (await job.isFailed()) {
        await job.retry('failed', { resetAttemptsMade: true });
      }
      return { duplicate: true };
    }
    await admit();
    const arrival = randomUUID();
    await this.queue.add(
      callback.outcome,
      { callback, arrival },
      { jobId: key },
    );
    // Another instance may have added it in between.
    const added = await this.queue.getJob(key);
    return { duplicate: added !== undefined && added.data.arrival !== arrival };
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
