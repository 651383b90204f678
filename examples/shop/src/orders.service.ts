import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  MpgsService,
  OnPaymentApproved,
  OnPaymentCanceled,
  OnPaymentMismatch,
  type InvoiceDue,
  type InvoiceQuery,
  type InvoiceSource,
  type PaymentApprovedEvent,
  type PaymentCanceledEvent,
  type PaymentMismatchEvent,
  type PlutuLanguage,
} from 'nestjs-plutu';

export interface Order {
  readonly invoiceNo: string;
  readonly title: string;
  readonly dueCents: number;
  status: 'open' | 'paid' | 'canceled' | 'disputed';
  transactionId?: string;
}

export const BOOK = { title: 'A book of Libyan poems', dueCents: 2550 };

/** The shop's orders. A real shop keeps them in a database. */
@Injectable()
export class OrdersService implements InvoiceSource {
  private readonly orders = new Map<string, Order>();

  constructor(private readonly mpgs: MpgsService) {}

  /** @returns the checkout page to send the customer to. */
  async order(lang: PlutuLanguage): Promise<string> {
    // Plutu takes an invoice number once, so it is new for every attempt.
    const invoiceNo = `shop-${randomUUID()}`;
    this.orders.set(invoiceNo, { ...BOOK, invoiceNo, status: 'open' });
    const { redirectUrl } = await this.mpgs.createCheckout({ invoiceNo, lang });
    return redirectUrl;
  }

  find(invoiceNo: string): Order | undefined {
    return this.orders.get(invoiceNo);
  }

  /** What PlutuModule compares a payment with. */
  findInvoice({ invoiceNo }: InvoiceQuery): InvoiceDue | undefined {
    const order = this.orders.get(invoiceNo);
    return order && { amount: dollars(order.dueCents), currency: 'USD' };
  }

  @OnPaymentApproved()
  paid(event: PaymentApprovedEvent): void {
    const order = this.orders.get(event.invoiceNo);
    if (!order) throw new Error(`There is no order ${event.invoiceNo}.`);
    // Setting a state: adding to a balance could count twice.
    order.status = 'paid';
    order.transactionId = event.transactionId;
  }

  @OnPaymentMismatch()
  paidSomethingElse(event: PaymentMismatchEvent): void {
    const order = this.orders.get(event.invoiceNo);
    if (order?.status === 'open') order.status = 'disputed';
  }

  @OnPaymentCanceled()
  canceled(event: PaymentCanceledEvent): void {
    const order = this.orders.get(event.invoiceNo);
    if (order?.status === 'open') order.status = 'canceled';
  }
}

/** An amount as text, such as `25.50`. */
export function dollars(cents: number): string {
  return (cents / 100).toFixed(2);
}
