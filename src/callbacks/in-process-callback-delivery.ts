import type { BeforeApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  CALLBACK_PUBLISHER,
  deliveryKey,
  type CallbackDelivery,
  type CallbackDeliveryDefinition,
  type CallbackOutcome,
  type CallbackPublisher,
  type CallbackReceipt,
  type VerifiedCallback,
} from './callback-delivery.js';
import { checkOptionNames, namesOf } from '../plutu.option-names.js';
import { checkWholeNumber } from '../validation/options.js';
import { inTime } from './in-time.js';

/** How much the process remembers, and how long arrivals wait. */
export interface InProcessDeliveryOptions {
  /**
   * How many callbacks to remember, the latest; each takes about 270 bytes. At
   * most 8388608.
   *
   * @default 100000
   */
  max?: number | undefined;

  /**
   * For how long, in milliseconds. A customer may reload the page days later.
   *
   * @default 2592000000 (30 days)
   */
  rememberFor?: number | undefined;

  /**
   * How long an arrival waits for the event handlers, in milliseconds, before
   * it is answered with 503. They go on, and the next arrival waits for them
   * again.
   *
   * @default 30000
   */
  acceptTimeout?: number | undefined;
}

const OPTIONS = namesOf<InProcessDeliveryOptions>({
  max: true,
  rememberFor: true,
  acceptTimeout: true,
});

/**
 * The cache keeps its keys in a `Map`. One of V8's that holds more than this,
 * and has others deleted all the time, throws `Map maximum size exceeded` once
 * 16 777 216 have gone through it: after a payment was published.
 */
const MOST_REMEMBERED = 2 ** 23;

/**
 * The default: publishes each callback before it is answered, and remembers it
 * in this process. A restart forgets it, and no other instance knows of it.
 *
 * @throws {PlutuConfigurationError} for an option that cannot work.
 */
export function inProcessDelivery(
  options: InProcessDeliveryOptions = {},
): CallbackDeliveryDefinition {
  checkOptionNames(options, OPTIONS);
  const {
    max = 100_000,
    rememberFor = 30 * 24 * 60 * 60 * 1000,
    acceptTimeout = 30_000,
  } = options;
  checkWholeNumber('delivery.max', max, { most: MOST_REMEMBERED });
  checkWholeNumber('delivery.rememberFor', rememberFor);
  checkWholeNumber('delivery.acceptTimeout', acceptTimeout, {
    most: 2 ** 31 - 1,
  });
  return {
    inject: [CALLBACK_PUBLISHER],
    useFactory: (publisher: CallbackPublisher) =>
      new InProcessCallbackDelivery(
        publisher,
        new LRUCache({ max, ttl: rememberFor }),
        acceptTimeout,
      ),
  };
}

export class InProcessCallbackDelivery
  implements CallbackDelivery, BeforeApplicationShutdown
{
  /** Apart from the bounded memory, which might drop what is not finished. */
  private readonly underWay = new Map<string, Promise<CallbackOutcome>>();

  /** @param acceptTimeout in milliseconds. */
  constructor(
    private readonly publisher: CallbackPublisher,
    private readonly published: LRUCache<string, CallbackOutcome>,
    private readonly acceptTimeout: number,
  ) {}

  async accept(
    callback: VerifiedCallback,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackReceipt> {
    const key = deliveryKey(callback);
    const published = this.published.get(key);
    if (published) return { duplicate: true, outcome: published };
    const underWay = this.underWay.get(key);
    const outcome = await this.inTime(underWay ?? this.start(key, admit));
    return { duplicate: underWay !== undefined, outcome };
  }

  /**
   * Finishes what is being published. What the handlers need has to be there
   * until then: close databases in `onApplicationShutdown`.
   */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.allSettled(
      [...this.underWay.values()].map((publishing) => this.inTime(publishing)),
    );
  }

  private start(
    key: string,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackOutcome> {
    const publishing = this.publishOnce(key, admit).finally(() =>
      this.underWay.delete(key),
    );
    this.underWay.set(key, publishing);
    return publishing;
  }

  private async publishOnce(
    key: string,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackOutcome> {
    const callback = await admit();
    await this.publisher.publish(callback);
    this.published.set(key, callback.outcome);
    return callback.outcome;
  }

  private inTime<T>(publishing: Promise<T>): Promise<T> {
    return inTime(
      publishing,
      this.acceptTimeout,
      `The event handlers did not finish in ${this.acceptTimeout} ms.`,
    );
  }
}
