import type { BeforeApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  CALLBACK_PUBLISHER,
  deliveryKey,
  type CallbackDelivery,
  type CallbackDeliveryDefinition,
  type CallbackPublisher,
  type CallbackReceipt,
  type VerifiedCallback,
} from './callback-delivery.js';
import { inTime } from './in-time.js';

/** How much the process remembers, and how long arrivals wait. */
export interface InProcessDeliveryOptions {
  /**
   * How many callbacks to remember, the latest; each takes about 200 bytes.
   *
   * @default 100000
   */
  max?: number;

  /**
   * For how long, in milliseconds. A customer may reload the page days later.
   *
   * @default 2592000000 (30 days)
   */
  rememberFor?: number;

  /**
   * How long an arrival waits for the event handlers, in milliseconds, before
   * it is answered with 503. They go on, and the next arrival waits for them
   * again.
   *
   * @default 30000
   */
  acceptTimeout?: number;
}

/**
 * The default: publishes each callback before it is answered, and remembers it
 * in this process. A restart forgets it, and no other instance knows of it.
 */
export function inProcessDelivery({
  max = 100_000,
  rememberFor = 30 * 24 * 60 * 60 * 1000,
  acceptTimeout = 30_000,
}: InProcessDeliveryOptions = {}): CallbackDeliveryDefinition {
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
  private readonly underWay = new Map<string, Promise<void>>();

  /** @param acceptTimeout in milliseconds. */
  constructor(
    private readonly publisher: CallbackPublisher,
    private readonly published: LRUCache<string, true>,
    private readonly acceptTimeout: number,
  ) {}

  async accept(
    callback: VerifiedCallback,
    admit: () => Promise<void>,
  ): Promise<CallbackReceipt> {
    const key = deliveryKey(callback);
    if (this.published.has(key)) return { duplicate: true };
    const underWay = this.underWay.get(key);
    await this.inTime(underWay ?? this.start(key, callback, admit));
    return { duplicate: underWay !== undefined };
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
    callback: VerifiedCallback,
    admit: () => Promise<void>,
  ): Promise<void> {
    const publishing = this.publishOnce(key, callback, admit).finally(() =>
      this.underWay.delete(key),
    );
    this.underWay.set(key, publishing);
    return publishing;
  }

  private async publishOnce(
    key: string,
    callback: VerifiedCallback,
    admit: () => Promise<void>,
  ): Promise<void> {
    await admit();
    await this.publisher.publish(callback);
    this.published.set(key, true);
  }

  private inTime(publishing: Promise<void>): Promise<void> {
    return inTime(
      publishing,
      this.acceptTimeout,
      `The event handlers did not finish in ${this.acceptTimeout} ms.`,
    );
  }
}
