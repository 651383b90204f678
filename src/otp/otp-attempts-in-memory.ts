import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { PlutuAccount } from '../account/plutu-account.js';
import {
  PlutuAlreadyPaidError,
  PlutuOtpError,
  PlutuPaymentUnknownError,
  type UnknownPayment,
} from '../errors/plutu-errors.js';
import {
  PAYMENT_PROCESSOR,
  type PaymentProcessor,
} from '../payments/payment-delivery.js';
import type {
  ChargeEnd,
  ChargeLimits,
  ChargeStart,
  CheckoutEntry,
  CheckoutFacts,
  OtpAttempts,
  OtpCharge,
  OtpRecipient,
} from '../payments/payment-journal.js';
import type { SignedPayment } from '../payments/payment-record.js';
import { boundedMemory } from '../utils/bounded-memory.js';

/** What this instance remembers: for longer than any token is valid. */
const MEMORY = { max: 100_000, ttl: 24 * 60 * 60 * 1000 };

interface Attempt {
  state: 'open' | 'charging' | 'refused';
  refusals: number;
}

/**
 * The attempts of one process, for an application without a journal. No other process
 * knows about them, and a restart forgets them.
 */
@Injectable()
export class OtpAttemptsInMemory implements OtpAttempts, OnModuleInit {
  private readonly attempts = boundedMemory<Attempt>(MEMORY);
  private readonly paidOrders = boundedMemory<{
    readonly attempt: string;
    readonly payment: SignedPayment;
  }>(MEMORY);
  /** By recipient: each attempt, and when it sent a code. */
  private readonly sent = boundedMemory<Map<string, number>>(MEMORY);
  /** By order: the attempt that is being charged. */
  private readonly charging = new Map<string, string>();
  /** By order: what may have been charged. */
  private readonly unknown = boundedMemory<UnknownPayment>(MEMORY);

  constructor(
    private readonly account: PlutuAccount,
    @Inject(PAYMENT_PROCESSOR) private readonly processor: PaymentProcessor,
  ) {}

  onModuleInit(): void {
    if (process.env['NODE_ENV'] !== 'production') return;
    new Logger('PlutuPayments').warn(
      'One-time passwords without the option "journal": only this process knows who is being charged and how often a code was tried, and a restart forgets it.',
    );
  }

  async openingCheckout(
    checkout: CheckoutFacts,
    recipient?: OtpRecipient,
  ): Promise<CheckoutEntry> {
    this.refusePaid(checkout);
    const unknown = this.unknown.get(orderKey(checkout));
    if (unknown) throw new PlutuPaymentUnknownError(unknown);
    const id = randomBytes(16).toString('hex');
    if (recipient) this.countCode(recipient, id);
    const attempt: Attempt = { state: 'open', refusals: 0 };
    this.attempts.set(id, attempt);
    return {
      id,
      asked: async (opening) => {
        if (opening !== 'refused') return;
        attempt.state = 'refused';
        if (recipient) this.sent.get(recipient.key)?.delete(id);
      },
    };
  }

  async beginCharge(
    charge: OtpCharge,
    limits: ChargeLimits,
  ): Promise<ChargeStart> {
    const order = orderKey(charge);
    const paid = this.paidOrders.get(order);
    if (paid?.attempt === charge.id) {
      return { state: 'settled', payment: paid.payment };
    }
    const attempt = this.attempts.get(charge.id);
    if (!attempt || attempt.state === 'refused') return { state: 'over' };
    const unknown = this.unknown.get(order);
    if (unknown) return { state: 'unknown', payment: unknown };
    this.refusePaid(charge);
    const { refusals } = attempt;
    if (this.charging.has(order)) return { state: 'busy', refusals };
    if (refusals >= limits.refusals) return { state: 'exhausted' };
    attempt.state = 'charging';
    this.charging.set(order, charge.id);
    return { state: 'begun', refusals };
  }

  async endCharge(charge: OtpCharge, end: ChargeEnd): Promise<void> {
    const order = orderKey(charge);
    this.charging.delete(order);
    const attempt = this.attempts.get(charge.id);
    if (attempt) attempt.state = 'open';
    if (typeof end === 'object') {
      this.unknown.delete(order);
      this.paidOrders.set(order, { attempt: charge.id, payment: end });
    } else if (end === 'unknown') {
      const { id: _, ...facts } = charge;
      const payment = { ...facts, account: this.account.name };
      this.unknown.set(order, payment);
      // Not awaited: its handlers may take long.
      void this.processor.reportUnknown(payment);
    } else if (attempt && end === 'refused') attempt.refusals++;
  }

  private refusePaid(checkout: CheckoutFacts): void {
    const paid = this.paidOrders.get(orderKey(checkout));
    if (!paid) return;
    const { id, gateway, invoiceNo, transactionId } = paid.payment;
    throw new PlutuAlreadyPaidError(checkout.orderNo, {
      id,
      gateway,
      invoiceNo,
      transactionId,
    });
  }

  private countCode(
    { key, limit, within }: OtpRecipient,
    attempt: string,
  ): void {
    const since = Date.now() - within;
    const recent = [...(this.sent.get(key) ?? [])].filter(
      ([, at]) => at > since,
    );
    if (recent.length >= limit) throw new PlutuOtpError('too-many-codes');
    this.sent.set(key, new Map([...recent, [attempt, Date.now()]]));
  }
}

function orderKey({ tenant, orderNo }: CheckoutFacts): string {
  return JSON.stringify([tenant ?? null, orderNo]);
}
