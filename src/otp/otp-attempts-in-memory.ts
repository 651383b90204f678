import { randomBytes } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  PlutuAlreadyPaidError,
  PlutuOtpError,
} from '../errors/plutu-errors.js';
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

/** What this instance remembers: for longer than any token is good. */
const MEMORY = { max: 100_000, ttl: 24 * 60 * 60 * 1000 };

interface Attempt {
  state: 'open' | 'charging' | 'unknown' | 'refused';
  refusals: number;
}

/**
 * The attempts of one process, for an application without a journal. Another process
 * knows nothing of them, nor does the next one.
 */
@Injectable()
export class OtpAttemptsInMemory implements OtpAttempts, OnModuleInit {
  private readonly attempts = new LRUCache<string, Attempt>(MEMORY);
  private readonly paidOrders = new LRUCache<
    string,
    { readonly attempt: string; readonly payment: SignedPayment }
  >(MEMORY);
  /** By recipient, when which attempt sent a code. */
  private readonly sent = new LRUCache<string, Map<string, number>>(MEMORY);
  /** By order, the attempt that is being charged. */
  private readonly charging = new Map<string, string>();

  onModuleInit(): void {
    if (process.env['NODE_ENV'] !== 'production') return;
    new Logger('PlutuPayments').warn(
      'One-time passwords without the option "journal": who is being charged, and how often a code was tried, is known to this process alone, and forgotten when it ends.',
    );
  }

  async openingCheckout(
    checkout: CheckoutFacts,
    recipient?: OtpRecipient,
  ): Promise<CheckoutEntry> {
    this.refusePaid(checkout);
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
    if (attempt.state === 'unknown') return { state: 'unknown' };
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
    if (typeof end === 'object') {
      this.paidOrders.set(order, { attempt: charge.id, payment: end });
    } else if (attempt) {
      if (end === 'refused') attempt.refusals++;
      attempt.state = end === 'unknown' ? 'unknown' : 'open';
    }
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
