import { BullModule, getQueueToken } from '@nestjs/bullmq';
import type { ConnectionOptions, Queue } from 'bullmq';
import { type CallbackDeliveryDefinition } from '../callbacks/callback-delivery.js';
import { BullMqCallbackDelivery } from './bullmq-callback-delivery.js';
import { createCallbackProcessor } from './callback-processor.js';

/** How callbacks go through Redis. All times are in milliseconds. */
export interface BullMqDeliveryOptions {
  /**
   * Where Redis is. It has to keep what it is given: `appendonly yes`,
   * `maxmemory-policy noeviction`.
   *
   * @default that of the application's `BullModule.forRoot`
   */
  connection?: ConnectionOptions;

  /**
   * The queue, the same in every instance.
   *
   * @default 'plutu-callbacks'
   */
  queueName?: string;

  /**
   * Whether this instance also takes callbacks out of the queue and publishes
   * them. Switch it off where the event handlers live in other processes.
   *
   * @default true
   */
  worker?: boolean;

  /**
   * How long a finished transaction is remembered. A customer may reload the
   * page days later.
   *
   * @default 2592000000 (30 days)
   */
  rememberFor?: number;

  /**
   * How often a callback is published before it is left in the failed set.
   *
   * @default 15, which with the default `backoff` takes two to five hours
   */
  attempts?: number;

  /**
   * The pause after the first failure. It doubles with each further one.
   *
   * @default 1000
   */
  backoff?: number;

  /**
   * How long an arrival may wait for Redis, before it is answered with 503.
   *
   * @default 5000
   */
  acceptTimeout?: number;

  /**
   * How many callbacks one instance publishes at the same time.
   *
   * @default 10
   */
  concurrency?: number;

  /**
   * How long a crashed instance keeps what it was publishing, before another
   * takes over. A handler that blocks the event loop for longer than this is
   * called twice.
   *
   * @default 30000
   */
  lockDuration?: number;
}

/**
 * For several instances: a callback is accepted once it is in Redis, and
 * published by a worker of any instance, again if a handler fails. For the
 * `delivery` option of `PlutuModule`.
 */
export function bullMqDelivery({
  connection,
  queueName = 'plutu-callbacks',
  worker = true,
  rememberFor = 30 * 24 * 60 * 60 * 1000,
  attempts = 15,
  backoff = 1000,
  acceptTimeout = 5000,
  concurrency = 10,
  lockDuration = 30_000,
}: BullMqDeliveryOptions = {}): CallbackDeliveryDefinition {
  const queue = BullModule.registerQueue({
    name: queueName,
    // Absent and not undefined, which would hide the application's own.
    ...(connection && { connection }),
    defaultJobOptions: {
      attempts,
      // Some are early, so that an outage does not end in a stampede.
      backoff: { type: 'exponential', delay: backoff, jitter: 0.5 },
      // A finished job is the memory of its transaction.
      removeOnComplete: { age: Math.ceil(rememberFor / 1000) },
      removeOnFail: false,
    },
  });
  return {
    imports: [queue],
    providers: worker
      ? [createCallbackProcessor(queueName, { concurrency, lockDuration })]
      : [],
    injectAs: BullMqCallbackDelivery,
    useFactory: (callbacks: Queue) =>
      new BullMqCallbackDelivery(callbacks, acceptTimeout),
    inject: [getQueueToken(queueName)],
  };
}
