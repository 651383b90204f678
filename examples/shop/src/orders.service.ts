import { Injectable } from '@nestjs/common';
import {
  OnPaymentApproved,
  OnPaymentMismatch,
  OnPaymentUnknown,
  type InvoiceDue,
  type InvoiceQuery,
  type InvoiceSource,
  type PaymentApprovedEvent,
  type PaymentMismatchEvent,
  type PaymentUnknownEvent,
} from 'nestjs-plutu';
import { PaymentJournal, type SqlRow } from 'nestjs-plutu/sql';
import { Database, sql } from './database.js';

export interface Book {
  readonly id: string;
  readonly title: { readonly ar: string; readonly en: string };
  readonly price: { readonly USD: string; readonly LYD: string };
  readonly sold: number;
}

/** `unclear`: the customer may have paid, and a person has to find out. */
export type OrderState = 'open' | 'unclear' | 'paid';

export interface Order extends Pick<Book, 'title' | 'price'> {
  readonly orderNo: string;
  readonly state: OrderState;
  /** How it was paid, if it is. */
  readonly paid: OrderPayment | undefined;
}

export interface OrderPayment {
  /** Plutu's name for it, such as `mpgs`. */
  readonly gateway: string;
  readonly transactionId: string;
  readonly amount: string;
  readonly currency: string;
}

/** The orders, what they cost, and what happens when they are paid. */
@Injectable()
export class OrdersService implements InvoiceSource {
  constructor(
    private readonly db: Database,
    private readonly journal: PaymentJournal,
  ) {}

  /** What is due for an order. The module charges this, and nothing else is approved. */
  async findInvoice({
    orderNo,
    gateway,
  }: InvoiceQuery): Promise<InvoiceDue | undefined> {
    const order = await this.find(orderNo);
    return order && dueOf(order, gateway);
  }

  /** Both statements or neither, and once for each payment. */
  @OnPaymentApproved({ consumer: 'booking' })
  book(payment: PaymentApprovedEvent) {
    const { orderNo, gateway, transactionId, amount, currency } = payment;
    return this.journal.once('booking', payment, async (tx) => {
      await this.db.run(
        sql`UPDATE shop_order
            SET state = 'paid', gateway = ${gateway}, transaction_id = ${transactionId},
              amount = ${amount}, currency = ${currency}
            WHERE order_no = ${orderNo}`,
        tx,
      );
      await this.db.run(
        sql`UPDATE book SET sold = sold + 1
            WHERE id = (SELECT book_id FROM shop_order WHERE order_no = ${orderNo})`,
        tx,
      );
    });
  }

  /** Such as the second payment of an order: Plutu cannot pay back, so we have to. */
  @OnPaymentMismatch({ consumer: 'pay-back' })
  payBack(payment: PaymentMismatchEvent) {
    const { id, orderNo, gateway, transactionId, amount, currency } = payment;
    return this.journal.once('pay-back', payment, (tx) =>
      this.db.run(
        sql`INSERT INTO pay_back
            VALUES (${id}, ${orderNo}, ${gateway}, ${transactionId}, ${amount}, ${currency})`,
        tx,
      ),
    );
  }

  /**
   * The order must not be paid again until somebody has looked it up: with
   * `journal.settle` it becomes paid. If nobody was charged, close the case and open
   * the order again.
   */
  @OnPaymentUnknown()
  async keepFromPaying({ orderNo }: PaymentUnknownEvent): Promise<void> {
    await this.db.run(
      sql`UPDATE shop_order SET state = 'unclear'
          WHERE order_no = ${orderNo} AND state = 'open'`,
    );
  }

  async books(): Promise<readonly Book[]> {
    const rows = await this.db.run(sql`SELECT * FROM book ORDER BY title_en`);
    return rows.map(readBook);
  }

  /** @returns the order number; `undefined` if there is no such book. */
  async create(bookId: string): Promise<string | undefined> {
    const [row] = await this.db.run(
      sql`INSERT INTO shop_order (book_id) SELECT id FROM book WHERE id = ${bookId}
          RETURNING order_no`,
    );
    return row && String(row['order_no']);
  }

  async find(orderNo: string): Promise<Order | undefined> {
    const [row] = await this.db.run(
      sql`SELECT * FROM shop_order JOIN book ON book.id = book_id
          WHERE order_no = ${orderNo}`,
    );
    return row && readOrder(row);
  }

  /** The latest ones. A real shop shows customers their own. */
  async latest(): Promise<readonly Order[]> {
    const rows = await this.db.run(
      sql`SELECT * FROM shop_order JOIN book ON book.id = book_id
          ORDER BY ordered_at DESC LIMIT 10`,
    );
    return rows.map(readOrder);
  }

  /** What was paid for an order that was not due. */
  async toPayBack({ orderNo }: Order): Promise<readonly OrderPayment[]> {
    const rows = await this.db.run(
      sql`SELECT * FROM pay_back WHERE order_no = ${orderNo}`,
    );
    return rows.map(readPayment);
  }
}

/** Cards from abroad pay in US dollars, everything else in Libyan dinars. */
export function dueOf({ price }: Order, gateway: string): InvoiceDue {
  const currency = gateway === 'mpgs' ? 'USD' : 'LYD';
  return { amount: price[currency], currency };
}

function readBook(row: SqlRow): Book {
  return {
    id: String(row['id']),
    title: { ar: String(row['title_ar']), en: String(row['title_en']) },
    price: { USD: String(row['usd']), LYD: String(row['lyd']) },
    sold: Number(row['sold']),
  };
}

function readOrder(row: SqlRow): Order {
  const { title, price } = readBook(row);
  const state = (['unclear', 'paid'] as const).find(
    (one) => one === row['state'],
  );
  return {
    orderNo: String(row['order_no']),
    title,
    price,
    state: state ?? 'open',
    paid: state === 'paid' ? readPayment(row) : undefined,
  };
}

function readPayment(row: SqlRow): OrderPayment {
  return {
    gateway: String(row['gateway']),
    transactionId: String(row['transaction_id']),
    amount: String(row['amount']),
    currency: String(row['currency']),
  };
}
