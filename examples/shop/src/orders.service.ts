import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import {
  MpgsService,
  OnMpgsPaymentApproved,
  OnMpgsPaymentCanceled,
  type MpgsPaymentApprovedEvent,
  type MpgsPaymentCanceledEvent,
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
export class OrdersService {
  private readonly logger = new Logger(OrdersService.name);
  private readonly orders = new Map<string, Order>();

  constructor(private readonly mpgs: MpgsService) {}

  /** @returns the checkout page to send the customer to. */
  async order(lang: PlutuLanguage): Promise<string> {
    // Plutu takes an invoice number once, so it is new for every attempt.
    const invoiceNo = `shop-${randomUUID()}`;
    this.orders.set(invoiceNo, { ...BOOK, invoiceNo, status: 'open' });
    const { redirectUrl } = await this.mpgs.confirm({
      amount: (BOOK.dueCents / 100).toFixed(2),
      invoiceNo,
      lang,
    });
    return redirectUrl;
  }

  find(invoiceNo: string): Order | undefined {
    return this.orders.get(invoiceNo);
  }

  @OnMpgsPaymentApproved()
  paid(event: MpgsPaymentApprovedEvent): void {
    const order = this.orders.get(event.invoiceNo);
    // The event says what was paid; only the shop knows what was due.
    if (order?.dueCents !== event.amountCents || event.currency !== 'USD') {
      this.logger.error(`Invoice ${event.invoiceNo}: paid, but not as due`);
      if (order) order.status = 'disputed';
      return;
    }
    // Setting a state, where adding to a balance would count twice.
    order.status = 'paid';
    order.transactionId = event.transactionId;
  }

  @OnMpgsPaymentCanceled()
  canceled(event: MpgsPaymentCanceledEvent): void {
    const order = this.orders.get(event.invoiceNo);
    if (order?.status === 'open') order.status = 'canceled';
  }
}
