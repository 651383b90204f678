import type { Checkout } from './checkout.js';

const MAX_CHECKOUTS = 10_000;

/** The checkouts of one sandbox, in memory; the oldest goes when it is full. */
export class Checkouts {
  readonly #byInvoiceNo = new Map<string, Checkout>();
  readonly #byToken = new Map<string, Checkout>();

  add(checkout: Checkout): void {
    this.#byInvoiceNo.set(checkout.record.invoiceNo, checkout);
    this.#byToken.set(checkout.record.token, checkout);
    const [oldest] = this.#byToken.values();
    if (!oldest || this.#byToken.size <= MAX_CHECKOUTS) return;
    this.#byInvoiceNo.delete(oldest.record.invoiceNo);
    this.#byToken.delete(oldest.record.token);
  }

  clear(): void {
    this.#byInvoiceNo.clear();
    this.#byToken.clear();
  }

  withInvoiceNo(invoiceNo: string): Checkout | undefined {
    return this.#byInvoiceNo.get(invoiceNo);
  }

  withToken(token: string): Checkout | undefined {
    return this.#byToken.get(token);
  }

  [Symbol.iterator](): Iterator<Checkout> {
    return this.#byToken.values();
  }
}
