import { BullModule, getQueueToken } from '@nestjs/bullmq';
import type { ConnectionOptions, Queue } from 'bullmq';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import {
  PAYMENT_PROCESSOR,
  type PaymentDeliveryDefinition,
  type PaymentProcessor,
} from '../payments/payment-delivery.js';
import {
  checkOptionNames,
  checkWholeNumber,
  MAX_TIMER,
  namesOf,
} from '../utils/options.js';
import {
  BullMqPaymentDelivery,
  type PaymentJob,
} from './bullmq-payment-delivery.js';
import { PaymentWorker } from './payment-worker.js';
import { abandon } from './queue-redis.js';

/** How payments go through Redis. All times are in milliseconds. */
export interface BullMqDeliveryOptions {
  /**
   * The name of the queue: the same in every instance of the application. No other
   * application on that Redis may use it, because it would take the payments.
   */
  queueName: string;

  /**
   * Where Redis is, as an object, such as `{ url }`. Set it up so that it loses
   * nothing: `appendonly yes`, `maxmemory-policy noeviction`, and for a failover
   * `min-replicas-to-write 1`.
   *
   * @default the connection of your `BullModule.forRoot`
   */
  connection?: ConnectionOptions | undefined;

  /**
   * Whether this instance also takes payments out of the queue and publishes
   * them. Switch it off if the consumers run in other processes.
   *
   * @default true
   */
  worker?: boolean | undefined;

  /**
   * How long a finished payment is remembered, at least 1000. A customer may reload
   * the page days later.
   *
   * @default 2592000000 (30 days)
   */
  rememberFor?: number | undefined;

  /**
   * How many times a payment is tried before it is left in the failed set.
   *
   * @default 15, which with the default `backoff` takes two to five hours
   */
  attempts?: number | undefined;

  /**
   * The pause after the first failure. It doubles with each further failure.
   *
   * @default 1000
   */
  backoff?: number | undefined;

  /**
   * How long an arrival may wait for Redis before it is answered with 503.
   *
   * @default 5000
   */
  acceptTimeout?: number | undefined;

  /**
   * How long one consumer may take before it counts as failed and is tried again.
   *
   * @default 60000
   */
  handlerTimeout?: number | undefined;

  /**
   * How many payments one instance publishes at the same time.
   *
   * @default 10
   */
  concurrency?: number | undefined;

  /**
   * How long the payments of a crashed instance wait before another instance takes
   * over. A handler that blocks the event loop for longer than this is called twice.
   *
   * @default 30000
   */
  lockDuration?: number | undefined;
}

const OPTIONS = namesOf<BullMqDeliveryOptions>({
  queueName: true,
  connection: true,
  worker: true,
  rememberFor: true,
  attempts: true,
  backoff: true,
  acceptTimeout: true,
  handlerTimeout: true,
  concurrency: true,
  lockDuration: true,
});

/**
 * For several instances: a payment is accepted when it is in Redis. A worker in any
 * instance publishes it, and repeats that if a handler fails. For the option
 * `delivery` of `PlutuModule`.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function bullMqDelivery(
  options: BullMqDeliveryOptions,
): PaymentDeliveryDefinition {
  checkOptionNames(options, OPTIONS, 'bullMqDelivery');
  const {
    queueName,
    connection,
    worker = true,
    rememberFor = 30 * 24 * 60 * 60 * 1000,
    attempts = 15,
    backoff = 1000,
    acceptTimeout = 5000,
    handlerTimeout = 60_000,
    concurrency = 10,
    lockDuration = 30_000,
  } = options;
  if (typeof queueName !== 'string' || !/^[^:\s]+$/.test(queueName)) {
    throw new PlutuConfigurationError(
      'delivery.queueName',
      'bullMqDelivery: the option "queueName" must name the queue of this application, without colons and spaces.',
    );
  }
  if (connection !== undefined && !isObject(connection)) {
    // The message does not quote a URL: it may contain a password.
    throw new PlutuConfigurationError(
      'delivery.connection',
      'bullMqDelivery: the option "connection" must be an object. If you have a URL, write "connection: { url }".',
    );
  }
  if (connection && 'url' in connection && !connection.url) {
    // Redis clients would silently take the one on this machine.
    throw new PlutuConfigurationError(
      'delivery.connection',
      'bullMqDelivery: the option "connection.url" is empty.',
    );
  }
  checkWholeNumber('delivery.rememberFor', rememberFor, { least: 1000 });
  for (const [name, value] of Object.entries({
    attempts,
    backoff,
    acceptTimeout,
    handlerTimeout,
    concurrency,
    lockDuration,
  })) {
    checkWholeNumber(`delivery.${name}`, value, { most: MAX_TIMER });
  }

  const registration = BullModule.registerQueue({
    name: queueName,
    // Absent, not undefined: that would hide the application's own.
    ...(connection && { connection }),
    defaultJobOptions: {
      attempts,
      // Jitter, so that the retries after an outage do not come all at once.
      backoff: { type: 'exponential', delay: backoff, jitter: 0.5 },
      // A finished job remembers its transaction.
      removeOnComplete: { age: Math.ceil(rememberFor / 1000) },
      removeOnFail: false,
    },
  });
  const workerProvider = {
    provide: PaymentWorker,
    useFactory: (queue: Queue<PaymentJob>, processor: PaymentProcessor) =>
      new PaymentWorker(connected(queue), processor, {
        concurrency,
        lockDuration,
        handlerTimeout,
      }),
    inject: [getQueueToken(queueName), PAYMENT_PROCESSOR],
  };
  return {
    imports: [registration],
    providers: worker ? [workerProvider] : [],
    injectAs: BullMqPaymentDelivery,
    useFactory: (queue: Queue<PaymentJob>) =>
      new BullMqPaymentDelivery(connected(queue), acceptTimeout),
    inject: [getQueueToken(queueName)],
  };
}

/**
 * The queue, if the options say where its Redis is. BullMQ itself would take the one
 * on this machine, or throw its own error.
 *
 * @throws {PlutuConfigurationError} if neither the options nor the application name a
 *   Redis.
 */
function connected(queue: Queue<PaymentJob>): Queue<PaymentJob> {
  // The type says that it is always there. It is not.
  const connection: unknown = queue.opts.connection;
  if (connection) return queue;
  void abandon(queue).catch(() => {});
  throw new PlutuConfigurationError(
    'delivery.connection',
    'bullMqDelivery needs the option "connection", or a BullModule.forRoot with one in the root module.',
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
