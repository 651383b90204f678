import {
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { LRUCache } from 'lru-cache';
import { boundedMemory } from '../utils/bounded-memory.js';
import { inTime } from '../utils/in-time.js';
import {
  checkOptionNames,
  checkWholeNumber,
  MAX_TIMER,
  namesOf,
} from '../utils/options.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf, stackOf } from '../utils/stack-of.js';
import { describePayment, summaryOf } from './describe-payment.js';
import {
  PAYMENT_PROCESSOR,
  type PaymentDelivery,
  type PaymentDeliveryDefinition,
  type PaymentProcessor,
  type PaymentReceipt,
} from './payment-delivery.js';
import {
  judgedPayment,
  newRecord,
  type PaymentRecord,
  type SignedPayment,
} from './payment-record.js';
import { failedConsumers } from './plutu-events.js';

/** How much the process remembers, and how long consumers may take. */
export interface InProcessDeliveryOptions {
  /**
   * How many payments to remember: the latest ones. Each takes about 290 bytes. At
   * most 8388608.
   *
   * @default 100000
   */
  max?: number | undefined;

  /**
   * How long to remember them, in milliseconds. A customer may reload the page days
   * later.
   *
   * @default 2592000000 (30 days)
   */
  rememberFor?: number | undefined;

  /**
   * How long one consumer may take, in milliseconds, before it counts as failed.
   * It goes on, and is called again: some seconds later, or when the payment
   * arrives again.
   *
   * @default 30000
   */
  handlerTimeout?: number | undefined;
}

const OPTIONS = namesOf<InProcessDeliveryOptions>({
  max: true,
  rememberFor: true,
  handlerTimeout: true,
});

/**
 * The cache keeps its keys in a `Map`. With more keys than this, and others deleted all
 * the time, V8's `Map` throws `Map maximum size exceeded` after 16 777 216 keys in all:
 * when a payment has already been published.
 */
const MOST_REMEMBERED = 2 ** 23;

/** The pauses before what failed is tried again, in milliseconds. */
const PAUSES = [1_000, 10_000, 60_000, 600_000];

/** How many payments with failed consumers are remembered. */
const MAX_UNFINISHED = 10_000;

/** How long a shutdown waits for the consumers, in milliseconds. */
const CLOSE_TIMEOUT = 10_000;

/**
 * The default: publishes each payment before its callback is answered, and remembers
 * it in this process. After a restart it is forgotten, and other instances do not
 * know about it.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function inProcessDelivery(
  options: InProcessDeliveryOptions = {},
): PaymentDeliveryDefinition {
  checkOptionNames(options, OPTIONS, 'inProcessDelivery');
  const {
    max = 100_000,
    rememberFor = 30 * 24 * 60 * 60 * 1000,
    handlerTimeout = 30_000,
  } = options;
  checkWholeNumber('delivery.max', max, { most: MOST_REMEMBERED });
  checkWholeNumber('delivery.rememberFor', rememberFor);
  checkWholeNumber('delivery.handlerTimeout', handlerTimeout, {
    most: MAX_TIMER,
  });
  return {
    inject: [PAYMENT_PROCESSOR],
    useFactory: (processor: PaymentProcessor) =>
      new InProcessDelivery(
        processor,
        boundedMemory<Verdict>({ max, ttl: rememberFor }),
        handlerTimeout,
      ),
  };
}

/** Loaded once in an application, however many registrations it has. */
@Module({})
class DefaultDeliveryModule implements OnApplicationBootstrap {
  private readonly logger = new Logger('PlutuPayments');

  onApplicationBootstrap(): void {
    if (process.env['NODE_ENV'] !== 'production') return;
    this.logger.warn(
      'Payments are remembered in the memory of this process: after a restart, or in another instance, a callback that arrives again is published again. For several instances, or to keep what was accepted, set the option "delivery". If this is what you want, set it to inProcessDelivery().',
    );
  }
}

/**
 * For a registration without `delivery` and `journal`: in the process, with a
 * warning.
 */
export function defaultDelivery(): PaymentDeliveryDefinition {
  return { ...inProcessDelivery(), imports: [DefaultDeliveryModule] };
}

/** A payment whose consumers are being called. */
interface Run {
  /** Resolves once it is booked; rejects if that fails. */
  readonly booked: Promise<PaymentRecord>;
  /** Resolves when nothing is being called any more. */
  readonly ended: Promise<void>;
}

type Verdict = NonNullable<PaymentRecord['verdict']>;

const AS_SIGNED: Verdict = {};

export class InProcessDelivery
  implements PaymentDelivery, BeforeApplicationShutdown
{
  private readonly logger = new Logger('PlutuPayments');
  /**
   * Kept apart from the bounded memory, which might drop a payment that is not
   * finished.
   */
  private readonly running = new Map<string, Run>();
  /** Payments that some consumers have done, and others have not. */
  private readonly unfinished = new Map<string, PaymentRecord>();
  private readonly retries = new Map<string, NodeJS.Timeout>();
  private isClosing = false;

  /** @param handlerTimeout in milliseconds. */
  constructor(
    private readonly processor: PaymentProcessor,
    private readonly finished: LRUCache<string, Verdict>,
    private readonly handlerTimeout: number,
  ) {}

  async accept(payment: SignedPayment): Promise<PaymentReceipt> {
    const { id } = payment;
    const verdict = this.finished.get(id);
    if (verdict) {
      return { duplicate: true, booked: judgedPayment({ payment, verdict }) };
    }
    const running = this.running.get(id);
    if (running) {
      return { duplicate: true, booked: judgedPayment(await running.booked) };
    }
    const unfinished = this.unfinished.get(id);
    const run = this.start(unfinished ?? newRecord(payment));
    return unfinished?.booked
      ? { duplicate: true, booked: judgedPayment(unfinished) }
      : { duplicate: false, booked: judgedPayment(await run.booked) };
  }

  /**
   * Finishes what is being published. What the consumers need has to be there
   * until then: close databases in `onApplicationShutdown`.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    for (const retry of this.retries.values()) clearTimeout(retry);
    const runs = [...this.running.values()].map(({ ended }) => ended);
    await inTime(Promise.all(runs), CLOSE_TIMEOUT, '').catch(() =>
      this.logger.warn(
        `Consumers did not finish in ${CLOSE_TIMEOUT} ms and are abandoned.`,
      ),
    );
    const halfDone = [...this.unfinished.values()].filter(
      ({ booked }) => booked,
    );
    for (const { payment } of halfDone) {
      this.logger.warn(
        `Booked, but some consumers with "after" have not succeeded and are not called again after this shutdown: ${describePayment(payment)}`,
        ...logFields(summaryOf(payment)),
      );
    }
  }

  private start(record: PaymentRecord, attempt = 1): Run {
    const id = record.payment.id ?? '';
    clearTimeout(this.retries.get(id));
    this.retries.delete(id);
    let ended = Promise.resolve();
    const booked = new Promise<PaymentRecord>((resolve, reject) => {
      ended = this.run(id, record, attempt, { resolve, reject });
    });
    // Nobody may be waiting for it any more.
    booked.catch(() => {});
    const run = { booked, ended };
    this.running.set(id, run);
    return run;
  }

  private async run(
    id: string,
    record: PaymentRecord,
    attempt: number,
    booked: {
      readonly resolve: (record: PaymentRecord) => void;
      readonly reject: (reason: unknown) => void;
    },
  ): Promise<void> {
    let latest = record;
    try {
      const done = await this.processor.process(
        record,
        async (saved) => {
          latest = saved;
          if (saved.booked) booked.resolve(saved);
        },
        this.handlerTimeout,
        attempt,
      );
      // One shared object, so that each payment takes little memory.
      const verdict = done.verdict?.mismatch ? done.verdict : AS_SIGNED;
      this.finished.set(id, verdict);
      this.unfinished.delete(id);
      this.running.delete(id);
      booked.resolve(done);
    } catch (error) {
      this.keep(id, latest);
      this.running.delete(id);
      booked.reject(error);
      this.retryLater(latest, attempt, error);
    }
  }

  private keep(id: string, record: PaymentRecord): void {
    this.unfinished.set(id, record);
    const [oldest] = this.unfinished.keys();
    if (this.unfinished.size > MAX_UNFINISHED && oldest !== undefined) {
      this.unfinished.delete(oldest);
    }
  }

  /** There may be no other arrival: Plutu documents no retry. */
  private retryLater(
    record: PaymentRecord,
    attempt: number,
    error: unknown,
  ): void {
    if (this.isClosing) return;
    const { payment } = record;
    const reason = messageOf(error);
    const pause = PAUSES[attempt - 1];
    const fields = logFields({
      ...summaryOf(payment),
      attempt,
      consumers: failedConsumers(error),
      reason,
      stack: stackOf(error),
    });
    if (pause === undefined) {
      this.logger.error(
        `Consumers failed, not tried again: ${describePayment(payment)}: ${reason}`,
        ...fields,
      );
      void this.processor.reportFailure({ record, attempts: attempt, reason });
      return;
    }
    this.logger.warn(
      `Consumers failed, trying again in ${pause / 1000} s: ${describePayment(payment)}: ${reason}`,
      ...fields,
    );
    const retry = setTimeout(() => this.start(record, attempt + 1), pause);
    retry.unref();
    this.retries.set(payment.id ?? '', retry);
  }
}
