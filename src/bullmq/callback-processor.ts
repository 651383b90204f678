import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import {
  Logger,
  type BeforeApplicationShutdown,
  type Type,
} from '@nestjs/common';
import type { Job } from 'bullmq';
import {
  deliveryKey,
  InjectCallbackPublisher,
  type CallbackPublisher,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';

/** What a job carries. */
export interface CallbackJob {
  readonly callback: VerifiedCallback;
  /** The arrival that made the job, to tell it from its duplicates. */
  readonly arrival: string;
}

/**
 * How often a job may lose its worker. A crash is not the handlers' failure,
 * but one callback shall not crash instances for ever.
 */
const MAX_CRASHES = 100;

/**
 * Makes the worker of one queue: publishes its callbacks on this application's
 * own emitter.
 */
export function createCallbackProcessor(
  queueName: string,
  {
    concurrency,
    lockDuration,
  }: { readonly concurrency: number; readonly lockDuration: number },
): Type<WorkerHost> {
  @Processor(queueName, {
    concurrency,
    lockDuration,
    stalledInterval: lockDuration,
    maxStalledCount: MAX_CRASHES,
  })
  class CallbackProcessor
    extends WorkerHost
    implements BeforeApplicationShutdown
  {
    private readonly logger = new Logger(CallbackProcessor.name);

    constructor(
      @InjectCallbackPublisher() private readonly publisher: CallbackPublisher,
    ) {
      super();
    }

    /** @throws whatever a handler threw, so that it is tried again. */
    override async process({ data }: Job<CallbackJob>): Promise<void> {
      await this.publisher.publish(data.callback);
    }

    @OnWorkerEvent('failed')
    async onFailed(
      job: Job<CallbackJob> | undefined,
      { message }: Error,
    ): Promise<void> {
      if (!job) return;
      const { callback } = job.data;
      const what = `${deliveryKey(callback)}, invoice ${callback.invoiceNo}, attempt ${job.attemptsMade}: ${message}`;
      if (job.finishedOn === undefined) {
        this.logger.warn(`Not published, will be tried again: ${what}`);
        return;
      }
      this.logger.error(`Not published, given up: ${what}`);
      await this.publisher.reportFailure({
        callback,
        attempts: job.attemptsMade,
        reason: message,
      });
    }

    @OnWorkerEvent('error')
    onError({ message }: Error): void {
      this.logger.error(`The worker of ${queueName}: ${message}`);
    }

    /**
     * Finishes what is being published and takes no more, before Nest takes the
     * handlers off the emitter.
     */
    async beforeApplicationShutdown(): Promise<void> {
      await this.worker.close();
    }
  }

  return CallbackProcessor;
}
