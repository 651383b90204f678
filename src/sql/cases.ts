import {
  PlutuInvalidRequestError,
  type FieldErrors,
} from '../errors/plutu-errors.js';
import type { MismatchReason, PaymentEvent } from '../payments/events.js';
import { judgedPayment } from '../payments/payment-record.js';
import { checkByline, CLOSING, closingValues, type Byline } from './byline.js';
import type { JournalStore } from './journal-store.js';
import { mergedByTime, rowsByTime, type TimedRow } from './pages.js';
import {
  optionalText,
  PAYMENT_COLUMNS,
  readPayment,
  text,
} from './payment-row.js';

/**
 * What a person has to look into.
 *
 * - `mismatch`: something was paid that was not due
 * - `failed`: the consumers of a payment failed as often as allowed
 * - `unknown`: Plutu gave no clear answer, so the customer may have paid
 * - `unreadable`: Plutu signed a message that makes no sense
 */
export type OpenCaseKind = 'mismatch' | 'failed' | 'unknown' | 'unreadable';

/** Something that a person has to look into, and has not closed yet. */
export interface OpenCase {
  /** For `retryCase` and `closeCase`. Its format may change. */
  readonly id: string;
  /** The kind of case. */
  readonly kind: OpenCaseKind;
  /** When the attempt was opened, or the payment or the message arrived. */
  readonly at: Date;
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** The tenant, with the module's option `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number; `undefined` if an unreadable message has none. */
  readonly invoiceNo: string | undefined;
  /** The order that the invoice is for; `undefined` for an unreadable message. */
  readonly orderNo: string | undefined;
  /**
   * The amount that was paid, or else that Plutu was asked for; may be any text if
   * unreadable.
   */
  readonly amount: string | undefined;
  /** ISO 4217, if it is known. */
  readonly currency: string | undefined;
  /** Plutu's own number for the payment, if it is known. */
  readonly transactionId: string | undefined;
  /** The payment as it was judged, if there is one. */
  readonly payment: PaymentEvent | undefined;
  /** Why it is a mismatch, if it is one. */
  readonly reason: MismatchReason | undefined;
  /** What is wrong, for a person to read. Contains no personal data. */
  readonly problem: string;
}

/** Which rows a report has. */
export interface ReportOptions {
  /** Only those of this tenant. Default: all, with and without a tenant. */
  readonly tenant?: string | undefined;
}

/** Every open case of the account, oldest first. */
export function openCases<Tx>(
  store: JournalStore<Tx>,
  { tenant }: ReportOptions,
): AsyncGenerator<OpenCase> {
  return mergedByTime([
    paymentCases(store, tenant, 'mismatch'),
    paymentCases(store, tenant, 'failed'),
    unknownCases(store, tenant),
    unreadableCases(store, tenant),
  ]);
}

/**
 * Makes the journal judge a payment again, or hand it to its consumers again.
 *
 * @returns whether there was such an open case.
 * @throws {PlutuInvalidRequestError}
 */
export async function retryCase<Tx>(
  store: JournalStore<Tx>,
  caseId: string,
  byline: Byline,
): Promise<boolean> {
  checkByline(byline);
  const found = parseCaseId(caseId);
  if (found?.kind === 'unknown' || found?.kind === 'unreadable') {
    const problem = `a case of the kind "${found.kind}" cannot be tried again: look it up in Plutu's dashboard, then settle the invoice or close the case`;
    throw new PlutuInvalidRequestError({ id: [problem] });
  }
  if (!found) return false;
  // The consumers of *approved* have not run, even if those of *mismatch* have.
  const anew =
    found.kind === 'mismatch'
      ? "verdict = NULL, reason = NULL, consumers = '[]', booked = 0, done_at = NULL, "
      : '';
  const retried = await store.execute(
    `UPDATE ${store.tables.payment} SET ${anew}${DUE_AGAIN}, ${CLOSING}, due_at = ${store.dialect.now} WHERE id = ? AND account = ? AND ${OPEN[found.kind]}`,
    [...closingValues(byline), found.id, store.account],
  );
  return retried === 1;
}

/**
 * Closes a case.
 *
 * @returns whether there was such an open case.
 * @throws {PlutuInvalidRequestError}
 */
export async function closeCase<Tx>(
  store: JournalStore<Tx>,
  caseId: string,
  byline: Byline,
): Promise<boolean> {
  checkByline(byline);
  const found = parseCaseId(caseId);
  if (!found) return false;
  const { checkout, payment, unreadable } = store.tables;
  const table = {
    mismatch: payment,
    failed: payment,
    unknown: checkout,
    unreadable,
  }[found.kind];
  const closed = await store.execute(
    `UPDATE ${table} SET closed_at = ${store.dialect.now}, ${CLOSING} WHERE id = ? AND account = ? AND ${OPEN[found.kind]}`,
    [...closingValues(byline), found.id, store.account],
  );
  return closed === 1;
}

/** Resets a payment as if nobody had worked on it. */
export const DUE_AGAIN =
  'dead_at = NULL, error = NULL, lease = NULL, attempts = 0, leases = 0, revision = revision + 1';

/**
 * Which rows are open cases of each kind. A mismatch whose consumers failed is
 * `failed`.
 */
const OPEN: Readonly<Record<OpenCaseKind, string>> = {
  mismatch: 'reason IS NOT NULL AND dead_at IS NULL AND closed_at IS NULL',
  failed: 'dead_at IS NOT NULL AND closed_at IS NULL',
  unknown: "state = 'unknown' AND closed_at IS NULL",
  unreadable: 'closed_at IS NULL',
};

async function* paymentCases<Tx>(
  store: JournalStore<Tx>,
  tenant: string | undefined,
  kind: 'mismatch' | 'failed',
): AsyncGenerator<OpenCase> {
  const rows = rowsByTime(store, {
    table: store.tables.payment,
    columns: `${PAYMENT_COLUMNS}, error`,
    time: 'arrived_at',
    where: OPEN[kind],
    tenant,
  });
  for await (const { id, at, row } of rows) {
    const payment = judgedPayment(readPayment(row).record);
    const { account, gateway, invoiceNo, orderNo } = payment;
    yield {
      id: `${kind}:${id}`,
      kind,
      at: new Date(at),
      account,
      tenant: payment.tenant,
      gateway,
      invoiceNo,
      orderNo,
      amount: payment.amount,
      currency: payment.currency,
      transactionId: payment.transactionId,
      payment,
      reason: payment.outcome === 'mismatch' ? payment.reason : undefined,
      problem:
        kind === 'failed'
          ? `Its consumers failed: ${optionalText(row['error']) ?? ''}`
          : problemOf(payment),
    };
  }
}

async function* unknownCases<Tx>(
  store: JournalStore<Tx>,
  tenant: string | undefined,
): AsyncGenerator<OpenCase> {
  const { checkout, payment } = store.tables;
  const rows = rowsByTime(store, {
    table: checkout,
    columns: `${ATTEMPT_COLUMNS}, t.process_id`,
    time: 'opened_at',
    // If the payment has arrived, its outcome is known.
    where: `${OPEN.unknown} AND NOT EXISTS (SELECT 1 FROM ${payment} p WHERE p.invoice_key = t.invoice_key AND p.gateway = t.gateway AND p.outcome = 'approved')`,
    tenant,
  });
  for await (const timed of rows) {
    const { id, openedAt, ...attempt } = readAttempt(store, timed);
    const wasCharged = optionalText(timed.row['process_id']) !== undefined;
    yield {
      ...attempt,
      id: `unknown:${id}`,
      kind: 'unknown',
      at: openedAt,
      transactionId: undefined,
      payment: undefined,
      reason: undefined,
      problem: `Plutu gave no clear answer when it was asked to ${wasCharged ? 'charge' : 'open the payment'}.`,
    };
  }
}

async function* unreadableCases<Tx>(
  store: JournalStore<Tx>,
  tenant: string | undefined,
): AsyncGenerator<OpenCase> {
  const rows = rowsByTime(store, {
    table: store.tables.unreadable,
    columns: 't.id, t.tenant, t.gateway, t.problems, t.message',
    time: 'arrived_at',
    where: OPEN.unreadable,
    tenant,
  });
  for await (const { id, at, row } of rows) {
    const problems: FieldErrors = JSON.parse(text(row['problems']));
    const message: Readonly<Record<string, string>> = JSON.parse(
      text(row['message']),
    );
    yield {
      id: `unreadable:${id}`,
      kind: 'unreadable',
      at: new Date(at),
      account: store.account,
      tenant: optionalText(row['tenant']),
      gateway: text(row['gateway']),
      invoiceNo: message['invoice_no'],
      orderNo: undefined,
      amount: message['amount'],
      currency: message['currency'],
      transactionId: message['transaction_id'],
      payment: undefined,
      reason: undefined,
      problem: `Plutu signed a message that makes no sense: ${Object.values(problems).flat().join('; ')}.`,
    };
  }
}

/** The columns that {@link readAttempt} reads. */
export const ATTEMPT_COLUMNS =
  't.id, t.tenant, t.gateway, t.invoice_no, t.order_no, t.amount, t.currency';

export function readAttempt<Tx>(
  { account }: JournalStore<Tx>,
  { id, at, row }: TimedRow,
) {
  return {
    id,
    openedAt: new Date(at),
    account,
    tenant: optionalText(row['tenant']),
    gateway: text(row['gateway']),
    invoiceNo: text(row['invoice_no']),
    orderNo: text(row['order_no']),
    amount: text(row['amount']),
    currency: optionalText(row['currency']),
  };
}

function problemOf(payment: PaymentEvent): string {
  if (payment.outcome !== 'mismatch') return '';
  const { reason, due, first, amount, currency } = payment;
  const wasDue = due ? `${due.amount} ${due.currency} was due` : undefined;
  const wasPaid =
    first &&
    `: ${first.gateway} invoice ${first.invoiceNo}, transaction ${first.transactionId}`;
  const but = {
    'unknown-invoice': 'there is no such invoice',
    'already-paid': `the order was already paid${wasPaid ?? ''}`,
    currency: wasDue ?? 'the gateway does not take the currency',
    amount: wasDue ?? 'another amount was due',
  }[reason];
  return `${amount} ${currency} was paid, but ${but}.`;
}

function parseCaseId(
  id: string,
): { readonly kind: OpenCaseKind; readonly id: string } | undefined {
  const [, kind, rowId = ''] =
    /^(mismatch|failed|unknown|unreadable):([\w-]{1,255})$/.exec(id) ?? [];
  return isKind(kind) ? { kind, id: rowId } : undefined;
}

function isKind(kind: string | undefined): kind is OpenCaseKind {
  return kind !== undefined && kind in OPEN;
}
