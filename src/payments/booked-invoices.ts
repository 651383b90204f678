import { Injectable } from '@nestjs/common';
import { boundedMemory } from '../utils/bounded-memory.js';
import type { PaymentEvent } from './events.js';
import { shownOutcome, type Payment } from './payment.js';
import type { PaidInvoice } from './payment-delivery.js';

/** How many customers may wait in one instance: each holds a connection. */
const MAX_WAITERS = 100;

/** How often to look at what another instance has done, in milliseconds. */
const LOOK_EVERY = 250;

/** What this instance remembers of the invoices that it has booked. */
const MEMORY = { max: 10_000, ttl: 60 * 60 * 1000 };

/** How the payment of an invoice went, and which order it was for. */
export type InvoiceResult = Pick<Payment, 'outcome' | 'orderNo'>;

/**
 * How the payments of invoices went: for customers who come back without the
 * callback, perhaps before it arrives.
 */
@Injectable()
export class BookedInvoices {
  private readonly results = boundedMemory<InvoiceResult>(MEMORY);
  private readonly waiters = new Set<{
    readonly key: string;
    readonly wake: () => void;
  }>();

  /** Remembers a booked payment. */
  booked(payment: PaymentEvent): void {
    const key = keyOf(payment);
    // A later payment never makes a paid invoice unpaid.
    const earlier = this.results.get(key);
    const result = resultOf(payment);
    if (earlier && rankOf(earlier) > rankOf(result)) return;
    this.results.set(key, result);
    for (const waiter of this.waiters) {
      if (waiter.key === key) waiter.wake();
    }
  }

  /**
   * Waits until the payment of an invoice is booked, here or in another instance.
   *
   * @param isPaidFor whether the customer is said to have paid: then only a paid
   *   outcome is an answer.
   * @param ms how long, in milliseconds; 0 to look once.
   * @param look says what another instance has done, if that can be known.
   * @returns `undefined` if it is not booked in time, or too many customers wait
   *   already.
   */
  async resultOf(
    invoice: PaidInvoice,
    {
      isPaidFor,
      ms,
      look,
    }: {
      readonly isPaidFor: boolean;
      readonly ms: number;
      readonly look: (() => Promise<PaymentEvent | undefined>) | undefined;
    },
  ): Promise<InvoiceResult | undefined> {
    const key = keyOf(invoice);
    const deadline = performance.now() + ms;
    for (;;) {
      // If this fails, it is tried again: no payment depends on it.
      const elsewhere = await look?.().catch(() => undefined);
      // From here to the wait, nothing can be booked unnoticed.
      const best = [this.results.get(key), elsewhere && resultOf(elsewhere)]
        .filter((result) => result !== undefined)
        .toSorted((one, other) => rankOf(other) - rankOf(one))
        .find((result) => !isPaidFor || rankOf(result) > 0);
      const left = deadline - performance.now();
      if (best || left <= 0 || this.waiters.size >= MAX_WAITERS) return best;
      await this.nextBooking(key, look ? Math.min(left, LOOK_EVERY) : left);
    }
  }

  private nextBooking(key: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        resolve();
      };
      const waiter = { key, wake };
      const timer = setTimeout(wake, ms);
      this.waiters.add(waiter);
    });
  }
}

function resultOf(payment: PaymentEvent): InvoiceResult {
  return { outcome: shownOutcome(payment), orderNo: payment.orderNo };
}

/**
 * What an invoice was paid with outweighs whatever else was tried for it; 0 if it
 * was not paid. A mismatch is paid, too.
 */
function rankOf({ outcome }: InvoiceResult): number {
  if (outcome === 'approved') return 2;
  return outcome === 'mismatch' ? 1 : 0;
}

function keyOf({ account, tenant, gateway, invoiceNo }: PaidInvoice): string {
  return JSON.stringify([account, tenant ?? null, gateway, invoiceNo]);
}
