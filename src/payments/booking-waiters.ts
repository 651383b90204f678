import { Injectable } from '@nestjs/common';
import type { PaymentEvent } from './events.js';

/** How many customers may wait in one instance: each holds a connection. */
const MAX_WAITERS = 100;

/** How often to look at what another instance has done, in milliseconds. */
const LOOK_EVERY = 250;

/** Customers who wait for their payment to be booked. */
@Injectable()
export class BookingWaiters {
  private readonly waiters = new Set<{
    readonly id: string;
    readonly wake: (payment: PaymentEvent) => void;
  }>();

  private entered = 0;

  /**
   * Lets a customer wait, unless too many wait already.
   *
   * @returns a function to call when the wait is over; `undefined` if there is no
   *   room.
   */
  enter(): (() => void) | undefined {
    if (this.entered >= MAX_WAITERS) return undefined;
    this.entered++;
    return () => {
      this.entered--;
    };
  }

  /** Tells those who wait for a payment that it is booked. */
  booked(payment: PaymentEvent): void {
    if (this.waiters.size === 0) return;
    for (const { id, wake } of this.waiters) {
      if (id === payment.id) wake(payment);
    }
  }

  /**
   * Waits until a payment is booked, here or in another instance.
   *
   * @param look what another instance has done.
   * @param ms how long, in milliseconds.
   * @returns `undefined` if it is not booked in time.
   */
  async wait(
    id: string,
    look: () => Promise<PaymentEvent | undefined>,
    ms: number,
  ): Promise<PaymentEvent | undefined> {
    return new Promise((resolve) => {
      let looking: NodeJS.Timeout | undefined;
      const end = (payment: PaymentEvent | undefined): void => {
        clearTimeout(deadline);
        clearTimeout(looking);
        this.waiters.delete(waiter);
        resolve(payment);
      };
      const lookOften = async (): Promise<void> => {
        // If this fails, the customer is shown the page, which asks again.
        const payment = await look().catch(() => undefined);
        if (payment) end(payment);
        else if (this.waiters.has(waiter)) {
          looking = setTimeout(() => void lookOften(), LOOK_EVERY);
        }
      };
      const waiter = { id, wake: end };
      const deadline = setTimeout(() => end(undefined), ms);
      this.waiters.add(waiter);
      // It may have been booked before anybody waited.
      void lookOften();
    });
  }
}
