import { inTime } from '../utils/in-time.js';
import type { PaymentReceipt } from './payment-delivery.js';

/**
 * How many payments may wait for a store: this limits the memory that an outage
 * takes.
 */
const MAX_UNDER_WAY = 1000;

/**
 * The payments that a store is being asked to keep: each once, however many of its
 * arrivals come at the same time.
 */
export class ArrivalsUnderWay {
  private readonly receipts = new Map<string, Promise<PaymentReceipt>>();

  /**
   * @param store what it is called in errors, such as `Redis`.
   * @param timeout how long an arrival waits for it, in milliseconds.
   */
  constructor(
    private readonly store: string,
    private readonly timeout: number,
  ) {}

  /**
   * @param id of the payment.
   * @param keep asks the store. It is not called if the payment is under way.
   * @throws {Error} if too many are under way, or this one took too long. It goes
   *   on, and stays here until the store has answered.
   */
  async accept(
    id: string,
    keep: () => Promise<PaymentReceipt>,
  ): Promise<PaymentReceipt> {
    const underWay = this.receipts.get(id);
    if (underWay) {
      return { ...(await this.inTime(underWay)), duplicate: true };
    }
    if (this.receipts.size >= MAX_UNDER_WAY) {
      throw new Error(
        `${MAX_UNDER_WAY} payments are waiting for ${this.store}.`,
      );
    }
    const receipt = keep().finally(() => this.receipts.delete(id));
    this.receipts.set(id, receipt);
    return this.inTime(receipt);
  }

  /**
   * Waits for the store, as every arrival does.
   *
   * @throws {Error} if it takes too long.
   */
  inTime<T>(answer: Promise<T>): Promise<T> {
    const { store, timeout } = this;
    const name = store.charAt(0).toUpperCase() + store.slice(1);
    return inTime(answer, timeout, `${name} did not answer in ${timeout} ms.`);
  }
}
