import { createHash, randomBytes } from 'node:crypto';
import type { FirstPayment } from '../errors/plutu-errors.js';
import type { PaidInvoice } from '../payments/payment-delivery.js';
import type { UnreadableMessage } from '../payments/payment-journal.js';
import type {
  PaymentRecord,
  SignedPayment,
} from '../payments/payment-record.js';
import { asciiJson, asciiName } from './ascii.js';
import {
  DIALECTS,
  tablesOf,
  type Dialect,
  type TableNames,
  type Tables,
} from './dialect.js';
import type { SqlExecutor, SqlRow, SqlValue } from './executor.js';
import {
  integer,
  PAYMENT_COLUMNS,
  readPayment,
  text,
  writeFacts,
  type PaymentEntry,
} from './payment-row.js';

/** Another instance has taken the payment over. */
export class LeaseLostError extends Error {
  constructor() {
    super('Another instance has taken the payment over.');
    this.name = LeaseLostError.name;
  }
}

/** The result of an arrival. */
export interface Acceptance {
  readonly isNew: boolean;
  readonly entry: PaymentEntry;
}

/** How long a run may work on a payment without renewing its lease, in milliseconds. */
export const LEASE = 10_000;

/** How long `once` waits for another call that books the same, in milliseconds. */
const LOCK_WAIT = 5_000;

const MAX_ERROR_LENGTH = 1_000;

/** A unique name for the lease of one run, or for one booking. */
export function newToken(): string {
  return randomBytes(16).toString('hex');
}

/** An `ORDER BY` for attempts: a callback is hardly about one that Plutu refused. */
export const REFUSED_LAST = "CASE WHEN state = 'refused' THEN 1 ELSE 0 END";

/**
 * The statements of one registration's journal. Every change of a payment raises its
 * revision, so that the number of affected rows is right with any driver: some do not
 * count rows that stay the same.
 */
export class JournalStore<Tx> {
  readonly dialect: Dialect;
  readonly tables: Tables;
  private isMariaDb = false;

  /** @param account the `name` of the registration. */
  constructor(
    readonly executor: SqlExecutor<Tx>,
    names: TableNames,
    readonly account: string,
  ) {
    this.dialect = DIALECTS[executor.dialect];
    this.tables = tablesOf(this.dialect, names);
  }

  /** Finds out which database it is. Call it first. */
  async prepare(): Promise<void> {
    const [row] = await this.query('SELECT VERSION() AS version');
    this.isMariaDb = text(row?.['version']).includes('MariaDB');
  }

  async query(
    sql: string,
    values: readonly SqlValue[] = [],
    tx?: Tx,
  ): Promise<readonly SqlRow[]> {
    return this.executor.query(this.dialect.statement(sql, values), tx);
  }

  async execute(
    sql: string,
    values: readonly SqlValue[] = [],
    tx?: Tx,
  ): Promise<number> {
    return this.executor.execute(this.dialect.statement(sql, values), tx);
  }

  /**
   * Writes an arrival down, in one statement, with the order that its invoice is for.
   *
   * @param lease the lease of the run that goes on with the payment at once, if there
   *   is one.
   */
  async accept(
    payment: SignedPayment,
    lease: string | undefined,
  ): Promise<Acceptance> {
    const { payment: table } = this.tables;
    const key = this.key(payment.tenant, payment.invoiceNo);
    const { insert, values } = this.insertion(
      payment,
      [
        ...this.orderOf(payment, key),
        ['lease', '?', [lease ?? null]],
        ['leases', '?', [lease === undefined ? 0 : 1]],
      ],
      lease === undefined ? 0 : LEASE,
    );
    if (this.dialect.name === 'postgres') {
      const [row] = await this.query(
        `${insert} ON CONFLICT (id) DO UPDATE SET arrivals = ${table}.arrivals + 1 RETURNING arrivals, ${PAYMENT_COLUMNS}`,
        values,
      );
      if (!row) throw new Error('The journal did not keep the payment.');
      return {
        isNew: integer(row['arrivals']) === 1,
        entry: readPayment(row),
      };
    }
    const affected = await this.execute(
      `${insert} ON DUPLICATE KEY UPDATE arrivals = arrivals + 1`,
      values,
    );
    const entry = await this.find(payment.id);
    if (!entry) throw new Error('The journal did not keep the payment.');
    return { isNew: affected === 1, entry };
  }

  /**
   * The statement that writes a payment down.
   *
   * @param more further columns besides the payment's own, each with the SQL of its
   *   value.
   * @param dueIn in how many milliseconds it is due.
   */
  insertion(
    payment: SignedPayment,
    more: readonly (readonly [
      column: string,
      sql: string,
      values: readonly SqlValue[],
    ])[],
    dueIn = 0,
  ): { readonly insert: string; readonly values: readonly SqlValue[] } {
    const { now } = this.dialect;
    const own = [
      ['id', payment.id],
      ['account', this.account],
      ['tenant', payment.tenant ?? null],
      ['gateway', payment.gateway],
      ['outcome', payment.outcome],
      ['invoice_key', this.key(payment.tenant, payment.invoiceNo)],
      ['invoice_no', payment.invoiceNo],
      ['transaction_id', payment.transactionId],
      ['amount_minor', payment.amountMinor],
      ['currency', payment.currency],
      ['source', payment.source],
      ['facts', writeFacts(payment)],
      ['consumers', '[]'],
    ] as const satisfies readonly (readonly [string, SqlValue])[];
    const columns = [...own, ...more].map(([name]) => name).join(', ');
    const sql = [...own.map(() => '?'), ...more.map(([, value]) => value)];
    return {
      insert: `INSERT INTO ${this.tables.payment} (${columns}, arrived_at, due_at) VALUES (${sql.join(', ')}, ${now}, ${now} + ${dueIn})`,
      values: [
        ...own.map(([, value]) => value),
        ...more.flatMap(([, , values]) => values),
      ],
    };
  }

  /**
   * The order of a payment: a charge names it; for a callback, it is the order of the
   * invoice's attempt, or else the invoice.
   */
  private orderOf(
    { source, tenant, invoiceNo, orderNo }: SignedPayment,
    invoiceKey: string,
  ): (readonly [string, string, readonly SqlValue[]])[] {
    if (source !== 'callback') {
      return [
        ['order_key', '?', [this.key(tenant, orderNo)]],
        ['order_no', '?', [orderNo]],
      ];
    }
    const find = (column: string) =>
      `COALESCE((SELECT ${column} FROM ${this.tables.checkout} WHERE invoice_key = ? ORDER BY ${REFUSED_LAST}, opened_at, id LIMIT 1), ?)`;
    return [
      ['order_key', find('order_key'), [invoiceKey, invoiceKey]],
      ['order_no', find('order_no'), [invoiceKey, invoiceNo]],
    ];
  }

  async find(id: string): Promise<PaymentEntry | undefined> {
    const [row] = await this.query(
      `SELECT ${PAYMENT_COLUMNS} FROM ${this.tables.payment} WHERE id = ?`,
      [id],
    );
    return row && readPayment(row);
  }

  /** The payment of an invoice that is booked: one that was paid, or the latest. */
  async findByInvoice({
    account,
    tenant,
    gateway,
    invoiceNo,
  }: PaidInvoice): Promise<PaymentEntry | undefined> {
    const [row] = await this.query(
      `SELECT ${PAYMENT_COLUMNS} FROM ${this.tables.payment} WHERE invoice_key = ? AND account = ? AND gateway = ? AND booked = 1 ORDER BY CASE WHEN outcome <> 'approved' THEN 2 WHEN reason IS NULL THEN 0 ELSE 1 END, arrived_at DESC, id LIMIT 1`,
      [this.key(tenant, invoiceNo), account, gateway],
    );
    return row && readPayment(row);
  }

  /** Whether a payment is due. */
  async hasDue(): Promise<boolean> {
    const { now } = this.dialect;
    const rows = await this.query(
      `SELECT 1 AS due FROM ${this.tables.payment} WHERE account = ? AND due_at <= ${now} LIMIT 1`,
      [this.account],
    );
    return rows.length > 0;
  }

  /** Takes payments that are due, each under a lease of its own. */
  async claim(
    most: number,
  ): Promise<{ readonly lease: string; readonly entry: PaymentEntry }[]> {
    const { payment } = this.tables;
    const { now } = this.dialect;
    return this.executor.transaction(async (tx) => {
      const rows = await this.query(
        `SELECT ${PAYMENT_COLUMNS} FROM ${payment} WHERE account = ? AND due_at <= ${now} ORDER BY due_at LIMIT ${most} FOR UPDATE SKIP LOCKED`,
        [this.account],
        tx,
      );
      const claimed = [];
      for (const row of rows) {
        const entry = readPayment(row);
        const lease = newToken();
        await this.execute(
          `UPDATE ${payment} SET lease = ?, due_at = ${now} + ${LEASE}, leases = leases + 1, revision = revision + 1 WHERE id = ?`,
          [lease, text(row['id'])],
          tx,
        );
        claimed.push({ lease, entry });
      }
      return claimed;
    });
  }

  /** @throws {LeaseLostError} */
  async renew(id: string, lease: string): Promise<void> {
    await this.change(`due_at = ${this.dialect.now} + ${LEASE}`, [], id, lease);
  }

  /**
   * Gives back a payment that was not begun, for another instance.
   *
   * @throws {LeaseLostError}
   */
  async release(id: string, lease: string): Promise<void> {
    await this.change(
      `due_at = ${this.dialect.now}, lease = NULL`,
      [],
      id,
      lease,
    );
  }

  /**
   * Stores the verdict on a payment. The database lets only one approved payment hold
   * an order; a second one is a mismatch. A canceled or incomplete payment is late if
   * the order is paid.
   *
   * @returns the record as it is kept.
   * @throws {LeaseLostError}
   */
  async judge(record: PaymentRecord, lease: string): Promise<PaymentRecord> {
    const { payment, verdict = {} } = record;
    const id = payment.id ?? '';
    if (payment.outcome !== 'approved') {
      // No consumer may cancel the order because of it.
      const isLate = await this.isOrderPaid(id);
      const kept = { ...verdict, ...(isLate && ({ isLate } as const)) };
      await this.keepVerdict(id, lease, kept);
      return { ...record, verdict: kept };
    }
    if (verdict.mismatch) {
      await this.keepVerdict(id, lease, verdict);
      return record;
    }
    try {
      await this.change(
        'verdict = ?, paid_order = order_key',
        [asciiJson(verdict)],
        id,
        lease,
      );
      return record;
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      // Drivers' errors differ, so the table tells what happened.
      const first = await this.findHolder(id);
      if (!first) throw error;
      const late = { mismatch: { reason: 'already-paid', first } } as const;
      await this.keepVerdict(id, lease, late);
      return { ...record, verdict: late };
    }
  }

  /**
   * Judges a canceled or incomplete payment again before its consumers are called
   * again: its order may have been paid since.
   *
   * @returns the record as it is kept.
   * @throws {LeaseLostError}
   */
  async judgeLate(
    record: PaymentRecord,
    lease: string,
  ): Promise<PaymentRecord> {
    const { payment, verdict } = record;
    const id = payment.id ?? '';
    if (payment.outcome === 'approved' || !verdict || verdict.isLate) {
      return record;
    }
    if (!(await this.isOrderPaid(id))) return record;
    const late = { ...verdict, isLate: true } as const;
    await this.keepVerdict(id, lease, late);
    return { ...record, verdict: late };
  }

  /**
   * Stores which consumers are done.
   *
   * @throws {LeaseLostError}
   */
  async keepProgress(
    { payment, done, booked }: PaymentRecord,
    lease: string,
  ): Promise<void> {
    await this.change(
      'consumers = ?, booked = ?',
      [asciiJson(done), booked ? 1 : 0],
      payment.id ?? '',
      lease,
    );
  }

  /** @throws {LeaseLostError} */
  async finish({ payment, done }: PaymentRecord, lease: string): Promise<void> {
    await this.change(
      `consumers = ?, booked = 1, done_at = ${this.dialect.now}, due_at = NULL, lease = NULL, error = NULL`,
      [asciiJson(done)],
      payment.id ?? '',
      lease,
    );
  }

  /**
   * Puts a payment back, with its progress. If it is given up, it is an open case.
   *
   * @param error what went wrong, without personal data.
   * @param pause until it is tried again, in milliseconds; `undefined` if it is
   *   given up.
   * @throws {LeaseLostError}
   */
  async putBack(
    { payment, done, booked }: PaymentRecord,
    lease: string,
    error: string,
    pause: number | undefined,
  ): Promise<void> {
    const { now } = this.dialect;
    const next =
      pause === undefined
        ? `due_at = NULL, dead_at = ${now}, closed_at = NULL`
        : `due_at = ${now} + ${Math.round(pause)}`;
    await this.change(
      `consumers = ?, booked = ?, attempts = attempts + 1, lease = NULL, error = ?, ${next}`,
      [
        asciiJson(done),
        booked ? 1 : 0,
        // PostgreSQL does not accept a NUL character in text.
        error.slice(0, MAX_ERROR_LENGTH).replaceAll('\0', ''),
      ],
      payment.id ?? '',
      lease,
    );
  }

  /**
   * Makes payments that were given up due again, unless their case is closed.
   *
   * @param id only this one.
   * @returns how many there were.
   */
  async revive(id?: string): Promise<number> {
    const { now } = this.dialect;
    return this.execute(
      `UPDATE ${this.tables.payment} SET dead_at = NULL, due_at = ${now}, lease = NULL, attempts = 0, leases = 0, revision = revision + 1 WHERE account = ? AND dead_at IS NOT NULL AND closed_at IS NULL${id === undefined ? '' : ' AND id = ?'}`,
      [this.account, ...(id === undefined ? [] : [id])],
    );
  }

  async insertUnreadable({
    tenant,
    gateway,
    fields,
    signed,
  }: UnreadableMessage): Promise<void> {
    const table = this.tables.unreadable;
    const message = asciiJson(signed);
    const id = hash([this.account, tenant ?? null, gateway, message]);
    const onDuplicate =
      this.dialect.name === 'postgres'
        ? `ON CONFLICT (id) DO UPDATE SET arrivals = ${table}.arrivals + 1`
        : 'ON DUPLICATE KEY UPDATE arrivals = arrivals + 1';
    await this.execute(
      `INSERT INTO ${table} (id, account, tenant, gateway, problems, message, arrived_at) VALUES (${places(6)}, ${this.dialect.now}) ${onDuplicate}`,
      [id, this.account, tenant ?? null, gateway, asciiJson(fields), message],
    );
  }

  /**
   * Marks in a transaction that a consumer books a payment.
   *
   * @param token identifies this booking among others that try.
   * @returns whether it is the first booking.
   * @throws {Error} the database's error, if another transaction that books the same
   *   does not end in time.
   */
  async mark(
    tx: Tx,
    consumer: string,
    payment: { readonly id: string; readonly outcome: string },
    token: string,
  ): Promise<boolean> {
    const { mark } = this.tables;
    const { now } = this.dialect;
    const values = [...markKey(consumer, payment), token];
    const columns = 'payment_id, outcome, consumer, token, booked_at';
    if (this.dialect.name === 'mysql') {
      const insert = `INSERT INTO ${mark} (${columns}) VALUES (?, ?, ?, ?, ${now}) ON DUPLICATE KEY UPDATE hits = hits + 1`;
      return (await this.execute(this.waiting(insert), values, tx)) === 1;
    }
    // The limit applies to this statement only: the following ones are the
    // application's own.
    const [row] = await this.query(
      `WITH earlier AS MATERIALIZED (SELECT current_setting('lock_timeout') AS wait, set_config('lock_timeout', '${LOCK_WAIT}', true)), added AS (INSERT INTO ${mark} (${columns}) SELECT ?, ?, ?, ?, ${now} FROM earlier ON CONFLICT DO NOTHING RETURNING 1) SELECT (SELECT count(*) FROM added) AS added, earlier.wait AS wait FROM earlier`,
      values,
      tx,
    );
    await this.query(
      `SELECT set_config('lock_timeout', ?, true) AS wait`,
      [text(row?.['wait'])],
      tx,
    );
    return integer(row?.['added']) === 1;
  }

  /**
   * Whether a transaction still has its own mark: some errors roll it back silently,
   * and then another transaction may have set one.
   */
  async hasMark(
    tx: Tx,
    consumer: string,
    payment: { readonly id: string; readonly outcome: string },
    token: string,
  ): Promise<boolean> {
    const rows = await this.query(
      `SELECT 1 AS marked FROM ${this.tables.mark} WHERE payment_id = ? AND outcome = ? AND consumer = ? AND token = ?`,
      [...markKey(consumer, payment), token],
      tx,
    );
    return rows.length > 0;
  }

  /** MariaDB can limit the wait of one statement. MySQL has its own limit: 50 s. */
  private waiting(insert: string): string {
    return this.isMariaDb
      ? `SET STATEMENT innodb_lock_wait_timeout = ${LOCK_WAIT / 1000} FOR ${insert}`
      : insert;
  }

  private async keepVerdict(
    id: string,
    lease: string,
    verdict: NonNullable<PaymentRecord['verdict']>,
  ): Promise<void> {
    await this.change(
      'verdict = ?, reason = ?',
      [asciiJson(verdict), verdict.mismatch?.reason ?? null],
      id,
      lease,
    );
  }

  /** The payment that holds the order of another payment. */
  private async findHolder(id: string): Promise<FirstPayment | undefined> {
    const { payment } = this.tables;
    const [row] = await this.query(
      `SELECT holder.id, holder.gateway, holder.invoice_no, holder.transaction_id FROM ${payment} late JOIN ${payment} holder ON holder.paid_order = late.order_key WHERE late.id = ? AND holder.id <> late.id`,
      [id],
    );
    return row && readFirst(row);
  }

  /** Whether the order of a payment is paid by another one, judged or not. */
  private async isOrderPaid(id: string): Promise<boolean> {
    const { payment } = this.tables;
    const [row] = await this.query(
      `SELECT order_key FROM ${payment} WHERE id = ?`,
      [id],
    );
    return (
      row !== undefined &&
      (await this.findPaid(text(row['order_key']), id)) !== undefined
    );
  }

  /**
   * The payment that paid an order; or else one that pays it unless it turns out to
   * be a mismatch.
   *
   * @param except the `id` of a payment to leave out.
   */
  async findPaid(
    orderKey: string,
    except = '',
    tx?: Tx,
  ): Promise<FirstPayment | undefined> {
    const [row] = await this.query(
      `SELECT id, gateway, invoice_no, transaction_id FROM ${this.tables.payment} WHERE order_key = ? AND id <> ? AND (paid_order IS NOT NULL OR (outcome = 'approved' AND verdict IS NULL)) ORDER BY CASE WHEN paid_order IS NULL THEN 1 ELSE 0 END, arrived_at, id LIMIT 1`,
      [orderKey, except],
      tx,
    );
    return row && readFirst(row);
  }

  /** @throws {LeaseLostError} */
  private async change(
    assignments: string,
    values: readonly SqlValue[],
    id: string,
    lease: string,
  ): Promise<void> {
    const changed = await this.execute(
      `UPDATE ${this.tables.payment} SET ${assignments}, revision = revision + 1 WHERE id = ? AND lease = ?`,
      [...values, id, lease],
    );
    if (changed !== 1) throw new LeaseLostError();
  }

  /** The key of an invoice or an order: its number, and whose it is. */
  key(tenant: string | undefined, number: string): string {
    return hash([this.account, tenant ?? null, number]);
  }
}

const MAX_CONSUMER_LENGTH = 255;

function markKey(
  consumer: string,
  { id, outcome }: { readonly id: string; readonly outcome: string },
): [string, string, string] {
  const name = asciiName(consumer);
  // Databases cut long text, or ignore spaces at the end.
  if (
    name.trim() !== name ||
    name === '' ||
    name.length > MAX_CONSUMER_LENGTH
  ) {
    throw new Error(
      `The name of a consumer must have 1 to ${MAX_CONSUMER_LENGTH} characters, and no spaces around it.`,
    );
  }
  return [id, outcome, name];
}

function hash(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function readFirst(row: SqlRow): FirstPayment {
  return {
    id: text(row['id']),
    gateway: text(row['gateway']),
    invoiceNo: text(row['invoice_no']),
    transactionId: text(row['transaction_id']),
  };
}

/** A placeholder for each of so many values. */
export function places(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}
