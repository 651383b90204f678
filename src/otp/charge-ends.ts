import { Inject, Injectable, Logger } from '@nestjs/common';
import { PlutuAccount } from '../account/plutu-account.js';
import type { PlutuConfirmTrace } from '../diagnostics/channels.js';
import { PlutuPaymentNotDeliveredError } from '../errors/plutu-errors.js';
import { summaryOf } from '../payments/describe-payment.js';
import type { PaymentReceipt } from '../payments/payment-delivery.js';
import {
  PAYMENT_INTAKE,
  type PaymentIntake,
} from '../payments/payment-intake.js';
import {
  OTP_ATTEMPTS,
  type ChargeEnd,
  type OtpAttempts,
  type OtpCharge,
} from '../payments/payment-journal.js';
import type { SignedPayment } from '../payments/payment-record.js';
import type { Payment } from '../payments/payment.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf } from '../utils/stack-of.js';

/** How long a caller waits for a payment to be booked, in milliseconds. */
const BOOKING_WAIT = 5_000;

/** The first pause before a payment is handed over again, in milliseconds. */
const FIRST_PAUSE = 1_000;

/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 60_000;

/** A payment that was charged but is not accepted yet. */
interface Undelivered {
  readonly charge: OtpCharge;
  readonly payment: SignedPayment;
  /** The timer of the next try. */
  readonly timer: NodeJS.Timeout;
}

/** The ends of charges: writes each down, and hands over what was paid. */
@Injectable()
export class ChargeEnds {
  private readonly logger = new Logger('PlutuPayments');
  /** By attempt. Never dropped: nothing else brings them. */
  private readonly undelivered = new Map<string, Undelivered>();

  constructor(
    private readonly account: PlutuAccount,
    @Inject(PAYMENT_INTAKE) private readonly intake: PaymentIntake,
    @Inject(OTP_ATTEMPTS) private readonly attempts: OtpAttempts,
  ) {}

  /** What was charged for an attempt but could not be handed over yet. */
  undeliveredOf(attempt: string): SignedPayment | undefined {
    return this.undelivered.get(attempt)?.payment;
  }

  /**
   * Hands over what was charged, and remembers it until that is done.
   *
   * @returns the payment, with its verdict if that is known soon.
   * @throws {PlutuPaymentNotDeliveredError} if it was not accepted. That is tried again.
   */
  async deliver(
    charge: OtpCharge,
    payment: SignedPayment,
    trace: PlutuConfirmTrace | undefined,
  ): Promise<Payment> {
    if (trace) trace.payment = summaryOf(payment);
    let receipt: PaymentReceipt;
    try {
      receipt = await this.intake.takeCharged(payment);
    } catch (error) {
      this.remember(charge, payment);
      throw new PlutuPaymentNotDeliveredError(payment, error);
    }
    await this.delivered(charge, payment);
    const { duplicate } = receipt;
    if (trace) trace.arrival = duplicate ? 'duplicate' : 'new';
    const booked =
      receipt.booked ?? (await this.intake.whenBooked(payment, BOOKING_WAIT));
    if (trace && booked) trace.payment = summaryOf(booked);
    return booked ?? payment;
  }

  /** Never rejects: if the end is not written down, the outcome becomes unknown later. */
  async end(charge: OtpCharge, end: ChargeEnd): Promise<void> {
    try {
      await this.attempts.endCharge(charge, end);
    } catch (error) {
      const what = typeof end === 'string' ? end : 'paid';
      this.logger.error(
        `How the charge of ${charge.gateway} invoice ${charge.invoiceNo} ended (${what}) could not be written down: ${messageOf(error)}`,
        ...logFields({
          account: this.account.name,
          tenant: charge.tenant,
          gateway: charge.gateway,
          invoiceNo: charge.invoiceNo,
          orderNo: charge.orderNo,
          end: what,
        }),
      );
    }
  }

  /** Tries one last time before the application stops. */
  async drain(): Promise<void> {
    await Promise.all(
      [...this.undelivered.values()].map(({ charge, payment, timer }) => {
        clearTimeout(timer);
        // If this fails, a person has to book it: the intake has logged its
        // transaction.
        return this.retry(charge, payment).catch(() =>
          this.end(charge, 'unknown'),
        );
      }),
    );
  }

  private remember(
    charge: OtpCharge,
    payment: SignedPayment,
    pause = FIRST_PAUSE,
  ): void {
    clearTimeout(this.undelivered.get(charge.id)?.timer);
    const timer = setTimeout(() => {
      this.retry(charge, payment).catch(() =>
        this.remember(charge, payment, Math.min(pause * 2, LONGEST_PAUSE)),
      );
    }, pause);
    timer.unref();
    this.undelivered.set(charge.id, { charge, payment, timer });
  }

  private async retry(
    charge: OtpCharge,
    payment: SignedPayment,
  ): Promise<void> {
    await this.intake.takeCharged(payment);
    await this.delivered(charge, payment);
  }

  private async delivered(
    charge: OtpCharge,
    payment: SignedPayment,
  ): Promise<void> {
    clearTimeout(this.undelivered.get(charge.id)?.timer);
    this.undelivered.delete(charge.id);
    await this.end(charge, payment);
  }
}
