import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

/** A payment as an instance of the shop reports it. */
export interface Payment {
  /** The payment's `id`. */
  readonly paymentId: string;
  readonly transactionId: string;
  readonly invoiceNo: string;
  readonly amountMinor: number;
}

/**
 * A shop's database: PostgreSQL, with the tables and the statement that the
 * README gives for an idempotent handler.
 */
export class Books {
  private constructor(
    private readonly db: PGlite,
    private readonly insertPayment: string,
  ) {}

  /** @param invoices the numbers of the invoices that are open. */
  static async open(invoices: readonly string[]): Promise<Books> {
    const readme = readFileSync(
      new URL('../../README.md', import.meta.url),
      'utf8',
    );
    const [, createPayment, insertPayment] =
      /```sql\n(CREATE TABLE payment[^;]*;)[^`]*?(INSERT INTO payment[^;]*;)/.exec(
        readme,
      ) ?? [];
    if (!createPayment || !insertPayment) {
      throw new Error('The README has no SQL for an idempotent handler.');
    }
    const db = new PGlite();
    await db.exec(`
      CREATE TABLE invoice (
        invoice_no varchar(128) PRIMARY KEY,
        calls      int NOT NULL DEFAULT 0,
        credits    int NOT NULL DEFAULT 0
      );
      ${createPayment}
    `);
    await db.query('INSERT INTO invoice SELECT unnest($1::text[])', [invoices]);
    return new Books(db, insertPayment);
  }

  /** Credits the invoice of a payment, in one database transaction with it. */
  async credit(payment: Payment): Promise<void> {
    const { paymentId, transactionId, invoiceNo, amountMinor } = payment;
    await this.db.transaction(async (transaction) => {
      await transaction.query(
        'UPDATE invoice SET calls = calls + 1 WHERE invoice_no = $1',
        [invoiceNo],
      );
      const inserted = await transaction.query(this.insertPayment, [
        paymentId,
        transactionId,
        invoiceNo,
        amountMinor,
      ]);
      if (inserted.affectedRows === 0) return;
      await transaction.query(
        'UPDATE invoice SET credits = credits + 1 WHERE invoice_no = $1',
        [invoiceNo],
      );
    });
  }

  /**
   * How many invoices there are for each number of a counter: `{ 1: 2000 }`
   * where it is 1 for all of them.
   *
   * @param counter `calls` of the handler, or `credits` of the invoice.
   */
  async count(counter: 'calls' | 'credits'): Promise<Record<number, number>> {
    const { rows } = await this.db.query<{ counted: number; times: number }>(
      `SELECT ${counter} AS counted, count(*)::int AS times FROM invoice GROUP BY 1`,
    );
    return Object.fromEntries(
      rows.map(({ counted, times }) => [counted, times]),
    );
  }

  /** The numbers of the invoices that were credited, however often. */
  async credited(): Promise<string[]> {
    const { rows } = await this.db.query<{ invoice_no: string }>(
      'SELECT invoice_no FROM invoice WHERE credits > 0',
    );
    return rows.map(({ invoice_no }) => invoice_no);
  }

  close(): Promise<void> {
    return this.db.close();
  }
}
