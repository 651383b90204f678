import { Inject, Injectable, Logger } from '@nestjs/common';
import { inTime } from '../utils/in-time.js';
import { logFields } from '../utils/log-fields.js';
import { stackOf } from '../utils/stack-of.js';
import { BookedInvoices, type InvoiceResult } from './booked-invoices.js';
import { BookingWaiters } from './booking-waiters.js';
import { describePayment, summaryOf } from './describe-payment.js';
import type { PaymentEvent } from './events.js';
import {
  PAYMENT_DELIVERY,
  type PaidInvoice,
  type PaymentDelivery,
  type PaymentReceipt,
} from './payment-delivery.js';
import type { PaymentSource } from './payment.js';
import type { SignedPayment } from './payment-record.js';

/** How long a customer waits if too many wait already, in milliseconds. */
const NO_PATIENCE = 50;

/** What brought a payment. */
const WHAT = {
  callback: 'callback',
  confirm: 'payment',
  hand: 'payment',
} as const satisfies Record<PaymentSource, string>;

/**
 * The injection token of an account's own {@link PaymentIntake}. In an account with a
 * name, the class stands for the intake of the default account.
 */
export const PAYMENT_INTAKE = Symbol('PAYMENT_INTAKE');

/** Takes genuine payments: hands them to the delivery, and waits for them. */
@Injectable()
export class PaymentIntake {
  private readonly logger = new Logger('PlutuPayments');

  constructor(
    @Inject(PAYMENT_DELIVERY) private readonly delivery: PaymentDelivery,
    private readonly waiters: BookingWaiters,
    private readonly bookedInvoices: BookedInvoices,
  ) {}

  /**
   * Hands a payment over, unless that has been done.
   *
   * @param patience how long a customer waits for it to be booked, in
   *   milliseconds; 0 for a program, which does not.
   * @throws {Error} if it was not accepted: the next arrival tries again.
   */
  async take(
    payment: SignedPayment,
    patience: number,
  ): Promise<PaymentReceipt> {
    if (patience === 0) return this.accept(payment, 0);
    const leave = this.waiters.enter();
    try {
      const start = performance.now();
      const wait = leave ? patience : NO_PATIENCE;
      const receipt = await this.accept(payment, wait);
      if (receipt.booked || !leave) return receipt;
      const booked = await this.untilBooked(
        payment,
        Math.max(0, patience - (performance.now() - start)),
      );
      return { ...receipt, booked };
    } finally {
      leave?.();
    }
  }

  /**
   * Hands over a payment that Plutu has charged on request. It has no time limit: if
   * the payment is not accepted, no other arrival brings it.
   *
   * @throws {Error} if it was not accepted.
   */
  async takeCharged(payment: SignedPayment): Promise<PaymentReceipt> {
    return this.accept(payment, 0);
  }

  /**
   * Waits for an accepted payment to be booked.
   *
   * @param patience how long, in milliseconds.
   * @returns `undefined` if it is not booked in time, or too many customers wait
   *   already.
   */
  async whenBooked(
    payment: SignedPayment,
    patience: number,
  ): Promise<PaymentEvent | undefined> {
    const leave = this.waiters.enter();
    if (!leave) return undefined;
    try {
      return await this.untilBooked(payment, patience);
    } finally {
      leave();
    }
  }

  /**
   * Says how the payment of an invoice went, for a customer who comes back without
   * the callback, and perhaps before it.
   *
   * @param isPaidFor whether the customer is said to have paid: then only a payment
   *   is an answer.
   * @param patience how long the customer waits, in milliseconds; 0 for a program.
   * @returns `undefined` if it is not booked, as far as this instance can know.
   */
  async resultOf(
    invoice: PaidInvoice,
    isPaidFor: boolean,
    patience: number,
  ): Promise<InvoiceResult | undefined> {
    const { delivery } = this;
    return this.bookedInvoices.resultOf(invoice, {
      isPaidFor,
      ms: patience,
      look:
        delivery.findByInvoice &&
        (async () => delivery.findByInvoice?.(invoice)),
    });
  }

  private async untilBooked(
    { id }: SignedPayment,
    ms: number,
  ): Promise<PaymentEvent | undefined> {
    return this.waiters.wait(
      id,
      async () => this.delivery.findBooked?.(id),
      ms,
    );
  }

  private async accept(
    payment: SignedPayment,
    patience: number,
  ): Promise<PaymentReceipt> {
    const start = performance.now();
    const took = () => Math.round(performance.now() - start);
    const about = () =>
      `${describePayment(payment)}, ${payment.outcome}, ${took()} ms`;
    const fields = (receipt?: PaymentReceipt) =>
      logFields({
        ...summaryOf(payment, receipt?.orderNo),
        source: payment.source,
        duplicate: receipt?.duplicate,
        ms: took(),
      });
    try {
      const accepting = this.delivery.accept(payment);
      const receipt = await (patience === 0
        ? accepting
        : inTime(accepting, patience, `not accepted in ${patience} ms`));
      const what = WHAT[payment.source];
      this.logger.log(
        `${receipt.duplicate ? `Duplicate ${what}` : `${capital(what)} accepted`}: ${about()}`,
        ...fields(receipt),
      );
      return receipt;
    } catch (error) {
      this.logger.error(
        `${capital(WHAT[payment.source])} not accepted: ${about()}`,
        stackOf(error),
        ...fields(),
      );
      throw error;
    }
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
