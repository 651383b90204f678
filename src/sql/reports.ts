import { PlutuInvalidRequestError } from '../errors/plutu-errors.js';
import type { PaymentEvent } from '../payments/events.js';
import { judgedPayment } from '../payments/payment-record.js';
import type { PaymentSource } from '../payments/payment.js';
import { checkWholeNumber } from '../utils/options.js';
import { ATTEMPT_COLUMNS, readAttempt, type ReportOptions } from './cases.js';
import type { JournalStore } from './journal-store.js';
import { rowsByTime } from './pages.js';
import { integer, PAYMENT_COLUMNS, readPayment, text } from './payment-row.js';

/** Which attempts a report has. */
export interface UnsettledOptions extends ReportOptions {
  /** Only those that were opened longer ago than this, in milliseconds. */
  readonly olderThan: number;
}

/**
 * How far an attempt without a result has got.
 *
 * - `asked`: Plutu was asked, and its answer was not written down
 * - `open`: the customer was sent to the checkout
 * - `sent`: the one-time password was sent
 * - `charging`: Plutu is being asked to charge right now
 * - `unknown`: Plutu gave no clear answer
 */
export type UnsettledState = (typeof UNSETTLED)[number];

const UNSETTLED = ['asked', 'open', 'sent', 'charging', 'unknown'] as const;

/** A payment attempt without a result so far. */
export interface UnsettledAttempt {
  /** Identifies the attempt: 32 hexadecimal digits. */
  readonly id: string;
  /** How far it has got. */
  readonly state: UnsettledState;
  /** When it was opened. */
  readonly openedAt: Date;
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** The tenant, with the module's option `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number that Plutu was given. */
  readonly invoiceNo: string;
  /** The order that the invoice is for. */
  readonly orderNo: string;
  /** What Plutu was asked to charge, such as `25.50`. */
  readonly amount: string;
  /** ISO 4217; `undefined` if the account decides between several. */
  readonly currency: string | undefined;
}

/** Which payments a report has. */
export interface PaymentsOptions extends ReportOptions {
  /** Only those that arrived at this time or later. */
  readonly from: Date;
  /** Only those that arrived before this time. */
  readonly to: Date;
}

/** A payment, and how it came in. */
export interface JournalPayment {
  /** With its verdict, or as it arrived if it has not been judged yet. */
  readonly payment: PaymentEvent;
  /** When it first arrived. */
  readonly arrivedAt: Date;
  /** Who reported it first. */
  readonly source: PaymentSource;
  /** How often it has arrived. */
  readonly arrivals: number;
  /** Whether every consumer without `after` has succeeded. */
  readonly booked: boolean;
}

/** The attempts of the account without a result, oldest first. */
export function unsettled<Tx>(
  store: JournalStore<Tx>,
  { olderThan, tenant }: UnsettledOptions,
): AsyncGenerator<UnsettledAttempt> {
  checkWholeNumber('olderThan', olderThan, { least: 0 });
  return unsettledAttempts(store, olderThan, tenant);
}

/** The payments of the account that arrived within a time, oldest first. */
export function payments<Tx>(
  store: JournalStore<Tx>,
  { from, to, tenant }: PaymentsOptions,
): AsyncGenerator<JournalPayment> {
  const errors = Object.fromEntries(
    Object.entries({ from, to })
      .filter(([, date]) => !isDate(date))
      .map(([name]) => [name, [`${name} must be a valid Date`]]),
  );
  if (Object.keys(errors).length > 0) {
    throw new PlutuInvalidRequestError(errors);
  }
  return paymentsBetween(store, from.getTime(), to.getTime(), tenant);
}

async function* unsettledAttempts<Tx>(
  store: JournalStore<Tx>,
  olderThan: number,
  tenant: string | undefined,
): AsyncGenerator<UnsettledAttempt> {
  const { checkout, payment } = store.tables;
  const rows = rowsByTime(store, {
    table: checkout,
    columns: `${ATTEMPT_COLUMNS}, t.state`,
    time: 'opened_at',
    where: `t.state IN (${UNSETTLED.map((state) => `'${state}'`).join(', ')}) AND t.opened_at < ${store.dialect.now} - ${olderThan} AND t.closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM ${payment} p WHERE p.invoice_key = t.invoice_key AND p.gateway = t.gateway)`,
    tenant,
  });
  for await (const timed of rows) {
    const state = UNSETTLED.find((one) => one === text(timed.row['state']));
    if (state) yield { ...readAttempt(store, timed), state };
  }
}

async function* paymentsBetween<Tx>(
  store: JournalStore<Tx>,
  from: number,
  to: number,
  tenant: string | undefined,
): AsyncGenerator<JournalPayment> {
  const rows = rowsByTime(store, {
    table: store.tables.payment,
    columns: `${PAYMENT_COLUMNS}, arrivals`,
    time: 'arrived_at',
    where: 't.arrived_at < ?',
    values: [to],
    tenant,
    from,
  });
  for await (const { at, row } of rows) {
    const { record } = readPayment(row);
    const payment = judgedPayment(record);
    yield {
      payment,
      arrivedAt: new Date(at),
      source: payment.source,
      arrivals: integer(row['arrivals']),
      booked: record.booked,
    };
  }
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}
