import { Injectable, Logger } from '@nestjs/common';
import { EnabledGateways } from '../account/enabled-gateways.js';
import {
  publishBooked,
  publishCase,
  publishJudged,
  type PlutuCase,
} from '../diagnostics/channels.js';
import type { UnknownPayment } from '../errors/plutu-errors.js';
import { logFields } from '../utils/log-fields.js';
import { BookedInvoices } from './booked-invoices.js';
import { BookingWaiters } from './booking-waiters.js';
import { describePayment, summaryOf } from './describe-payment.js';
import {
  DeliveryFailedEvent,
  PAYMENT_EVENT_NAMES,
  PaymentUnknownEvent,
  PLUTU_EVENTS,
  type Mismatch,
  type PaymentEvent,
} from './events.js';
import { Invoices, isSameAmount } from './invoices.js';
import type { DeliveryFailure, PaymentProcessor } from './payment-delivery.js';
import type { Payment } from './payment.js';
import {
  checkRecord,
  judgedPayment,
  type PaymentRecord,
} from './payment-record.js';
import { PlutuEvents } from './plutu-events.js';

/** Judges an accepted payment and publishes it to the application's consumers. */
@Injectable()
export class EventPaymentProcessor implements PaymentProcessor {
  private readonly logger = new Logger('PlutuPayments');

  constructor(
    private readonly events: PlutuEvents,
    private readonly invoices: Invoices,
    private readonly gateways: EnabledGateways,
    private readonly waiters: BookingWaiters,
    private readonly bookedInvoices: BookedInvoices,
  ) {}

  async process(
    record: PaymentRecord,
    save: (record: PaymentRecord) => Promise<PaymentRecord | void>,
    handlerTimeout: number,
    attempt?: number,
  ): Promise<PaymentRecord> {
    // An instance with another release may have written it.
    checkRecord(record);
    let current = record;
    const keep = async (change: Partial<PaymentRecord>): Promise<void> => {
      current = { ...current, ...change };
      const kept = await save(current);
      // Only its verdict: consumers run side by side, and others may have finished
      // since.
      if (kept) current = { ...current, verdict: kept.verdict };
    };
    if (!current.verdict) {
      await keep({ verdict: await this.judge(record) });
      this.logMismatch(current);
      publishJudgement(current);
    }
    const payment = judgedPayment(current);
    let isBooked = current.booked;
    const booked = (): void => {
      if (!isBooked) publishBooked(() => summaryOf(payment));
      isBooked = true;
      this.booked(payment);
    };
    if (!current.verdict?.isLate) {
      await this.events.publish(
        PAYMENT_EVENT_NAMES[payment.outcome],
        payment,
        {
          done: current.done,
          save: async (done, isEveryOneDone, finished) => {
            await keep({
              done,
              booked: isEveryOneDone,
              ...(finished && { finished }),
            });
            if (isEveryOneDone) booked();
          },
        },
        {
          handlerTimeout,
          attempt,
          needsConsumer: payment.outcome === 'approved',
        },
      );
    }
    current = { ...current, booked: true };
    booked();
    return current;
  }

  async reportFailure({
    record,
    attempts,
    reason,
  }: DeliveryFailure): Promise<void> {
    const payment = judgedPayment(record);
    publishCase(() => paymentCase('failed', payment));
    await this.events.notify(
      PLUTU_EVENTS.deliveryFailed,
      new DeliveryFailedEvent({ payment, attempts, reason }),
    );
  }

  async reportUnknown(payment: UnknownPayment): Promise<void> {
    this.logger.error(
      `It is unknown whether ${payment.gateway} invoice ${payment.invoiceNo}, ${payment.amount}, was charged: look it up in Plutu's dashboard`,
      ...logFields(payment),
    );
    publishCase(() => unknownCase(payment));
    await this.events.notify(
      PLUTU_EVENTS.paymentUnknown,
      new PaymentUnknownEvent(payment),
    );
  }

  /** Customers who wait for it are led on. */
  private booked(payment: PaymentEvent): void {
    this.waiters.booked(payment);
    this.bookedInvoices.booked(payment);
  }

  private async judge({
    payment,
  }: PaymentRecord): Promise<NonNullable<PaymentRecord['verdict']>> {
    if (payment.outcome !== 'approved') return {};
    const { requestedAmount: requested, amount, currency } = payment;
    if (requested !== undefined && !isSameAmount(amount, requested)) {
      const due = { amount: requested, currency };
      return { mismatch: { reason: 'amount', due } };
    }
    const due = await this.invoices.find(payment);
    const reason = this.mismatchOf(payment, due);
    return reason ? { mismatch: { reason, ...(due && { due }) } } : {};
  }

  private logMismatch({ payment, verdict }: PaymentRecord): void {
    if (!verdict?.mismatch) return;
    const { reason, due, first } = verdict.mismatch;
    const wasDue = due ? `, but ${due.amount} ${due.currency} was due` : '';
    const wasPaid = first
      ? `, but it was already paid: ${describePayment({ ...payment, ...first })}`
      : '';
    this.logger.error(
      `Payment mismatch (${reason}): ${describePayment(payment)}, ${payment.amount} ${payment.currency} was paid${wasDue}${wasPaid}`,
      ...logFields({
        ...summaryOf({ ...payment, outcome: 'mismatch' }),
        reason,
        due,
        first,
      }),
    );
  }

  private mismatchOf(
    { gateway, amount, currency }: PaymentRecord['payment'],
    due: Mismatch['due'],
  ): Mismatch['reason'] | undefined {
    const { currencies = [] } = this.gateways.find(gateway) ?? {};
    if (!currencies.includes(currency)) return 'currency';
    if (!this.invoices.isConfigured) return undefined;
    if (!due) return 'unknown-invoice';
    if (due.currency !== currency) return 'currency';
    return isSameAmount(amount, due.amount) ? undefined : 'amount';
  }
}

function publishJudgement(record: PaymentRecord): void {
  const { mismatch, isLate = false } = record.verdict ?? {};
  publishJudged(() => ({
    ...summaryOf(judgedPayment(record)),
    reason: mismatch?.reason,
    isLate,
  }));
  if (!mismatch) return;
  publishCase(() =>
    paymentCase('mismatch', judgedPayment(record), mismatch.reason),
  );
}

function paymentCase(
  kind: PlutuCase['kind'],
  { id: paymentId, account, tenant, gateway, invoiceNo }: Payment,
  reason?: string,
): PlutuCase {
  return { kind, account, tenant, gateway, invoiceNo, paymentId, reason };
}

function unknownCase({
  account,
  tenant,
  gateway,
  invoiceNo,
}: UnknownPayment): PlutuCase {
  return {
    kind: 'unknown',
    account,
    tenant,
    gateway,
    invoiceNo,
    paymentId: undefined,
    reason: undefined,
  };
}
