import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Worker, type Job, type Queue } from 'bullmq';
import type { CallbackPublisher } from '../callbacks/callback-delivery.js';
import { inTime } from '../callbacks/in-time.js';
import type { CallbackJob } from './bullmq-callback-delivery.js';
import { takesWrites } from './queue-redis.js';

/**
 * How often a job may lose its worker. A crash is not the handlers' failure,
 * but one callback shall not crash instances for ever.
 */
const MAX_CRASHES = 100;

/** How long a shutdown waits for the handlers, in milliseconds. */
const CLOSE_TIMEOUT = 10_000;

/** Times in milliseconds. */
export interface CallbackWorkerOptions {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly handlerTimeout: number;
}

/**
 * Takes callbacks out of a queue and publishes them on this application's own
 * emitter. Made from the queue itself, and not found by its name, which the
 * application may have given to a queue on another Redis.
 */
export class CallbackWorker
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(CallbackWorker.name);
  private readonly worker: Worker<CallbackJob>;

  constructor(
    private readonly queue: Queue<CallbackJob>,
    private readonly publisher: CallbackPublisher,
    private readonly options: CallbackWorkerOptions,
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
      this.logger.error(`The worker of ${queue.name}: ${message}`),
    );
  }

  onApplicationBootstrap(): void {
    // Not waited for: it runs until the worker is closed.
    void this.worker.run();
  }

  /**
   * Finishes what is being published and takes no more, before Nest takes the
   * handlers off the emitter; but waits neither for a Redis that is away nor for
   * a handler that does not end.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const message = `Not finished in ${CLOSE_TIMEOUT} ms.`;
    const isForced = !(await takesWrites(this.queue));
    try {
      await inTime(this.worker.close(isForced), CLOSE_TIMEOUT, message);
    } catch (error) {
      this.logger.warn(`The worker of ${this.queue.name}: ${String(error)}`);
      void this.worker.disconnect().catch(() => {});
    }
  }

  private async process({ data }: Job<CallbackJob>): Promise<void> {
    const { handlerTimeout } = this.options;
    try {
      await inTime(
        this.publisher.publish(data.callback),
        handlerTimeout,
        `The event handlers did not finish in ${handlerTimeout} ms.`,
      );
    } catch (error) {
      // BullMQ expects an error, and reads more into the class of some.
      const plain = new Error(messageOf(error));
      if (error instanceof Error) plain.stack = error.stack;
      throw plain;
    }
  }

  private async onFailed(
    job: Job<CallbackJob> | undefined,
    { message }: Error,
  ): Promise<void> {
    const what = `${job?.id}, attempt ${job?.attemptsMade}: ${message}`;
    if (job?.finishedOn === undefined) {
      this.logger.warn(`Not published, will be tried again: ${what}`);
      return;
    }
    this.logger.error(`Not published, given up: ${what}`);
    await this.publisher.reportFailure({
      callback: job.data.callback,
      attempts: job.attemptsMade,
      reason: message,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
