import { randomUUID } from 'node:crypto';
import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Queue } from 'bullmq';
import {
  deliveryKey,
  type CallbackDelivery,
  type CallbackReceipt,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import { inTime } from '../callbacks/in-time.js';
import {
  abandon,
  storageWarnings,
  takesWrites,
  writeProbe,
} from './queue-redis.js';
import { runAgainIfStuck, runStuckAgain } from './stuck-jobs.js';

/** What a job carries. */
export interface CallbackJob {
  readonly callback: VerifiedCallback;
  /** The arrival that made the job, to tell it from its duplicates. */
  readonly arrival: string;
}

/** How many arrivals may wait for Redis: what an outage can cost in memory. */
const MAX_UNDER_WAY = 1000;

/**
 * Accepts a callback by putting it into a queue in Redis, under its delivery
 * key, so that its duplicates collapse there whichever instance they come to.
 */
export class BullMqCallbackDelivery
  implements CallbackDelivery, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(BullMqCallbackDelivery.name);
  private readonly underWay = new Map<string, Promise<CallbackReceipt>>();
  private probing: Promise<void> | undefined;

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
   * For health checks: in which ways Redis may lose what was accepted, as far as
   * it tells. Never rejects.
   */
  async warnings(): Promise<readonly string[]> {
    return this.inTime(storageWarnings(this.queue)).catch(() => []);
  }

  /**
   * Runs every callback again that was given up on, and every one that Redis
   * lost from the lists of the queue, such as when it evicted one of them. Looks
   * at the name of every key in that Redis.
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

  /** Lets go of a Redis that is away: closing the queue would wait for it. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!(await takesWrites(this.queue))) await abandon(this.queue);
  }

  private async logWarnings(): Promise<void> {
    try {
      const warnings = await storageWarnings(this.queue);
      for (const warning of warnings) this.logger.warn(warning);
    } catch {
      // If Redis never comes, the queue says so.
    }
  }

  private async enqueue(
    key: string,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackReceipt> {
    const known = await this.queue.getJob(key);
    if (known) {
      // Somebody is waiting for a payment that may have got stuck.
      await runAgainIfStuck(this.queue, key);
      return { duplicate: true, outcome: known.data.callback.outcome };
    }
    const callback = await admit();
    const arrival = randomUUID();
    await this.queue.add(
      callback.outcome,
      { callback, arrival },
      { jobId: key },
    );
    // Another instance may have added it in between: then that one is kept.
    const kept = await this.queue.getJob(key);
    if (!kept) throw new Error(`Redis did not keep ${key}.`);
    const { data } = kept;
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
