import { LRUCache } from 'lru-cache';
import {
  deliveryKey,
  type CallbackDelivery,
  type CallbackPublisher,
  type CallbackReceipt,
  type DeliverableCallback,
} from './callback-delivery.js';

/** How many published callbacks are remembered; each takes a few hundred bytes. */
const REMEMBERED = 10_000;

/** For how long, in milliseconds: a customer may reload the page days later. */
const REMEMBERED_FOR = 30 * 24 * 60 * 60 * 1000;

/**
 * Publishes before it answers, and remembers what was published in this
 * process: a restart forgets it, and another instance does not know of it.
 */
export class InProcessCallbackDelivery<
  C extends DeliverableCallback,
> implements CallbackDelivery<C> {
  /** Apart from the bounded memory, which might drop what is not finished. */
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly published = new LRUCache<string, true>({
    max: REMEMBERED,
    ttl: REMEMBERED_FOR,
  });

  constructor(private readonly publish: CallbackPublisher<C>) {}

  async accept(callback: C): Promise<CallbackReceipt> {
    const key = deliveryKey(callback);
    if (this.published.has(key)) return { duplicate: true };
    const underWay = this.underWay.get(key);
    if (underWay) {
      await underWay;
      return { duplicate: true };
    }
    const publishing = this.publishOnce(key, callback);
    this.underWay.set(key, publishing);
    await publishing;
    return { duplicate: false };
  }

  /** Waits for what is being published, so that a shutdown does not cut it off. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.underWay.values());
  }

  private async publishOnce(key: string, callback: C): Promise<void> {
    try {
      await this.publish(callback);
      this.published.set(key, true);
    } finally {
      this.underWay.delete(key);
    }
  }
}
