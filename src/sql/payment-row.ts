import type {
  PaymentRecord,
  SignedPayment,
} from '../payments/payment-record.js';
import { asciiJson } from './ascii.js';
import type { SqlRow } from './executor.js';

/** A payment in the journal, and how far its delivery has got. */
export interface PaymentEntry {
  readonly record: PaymentRecord;
  /** How often its consumers have failed. */
  readonly attempts: number;
  /** How often a run began to work on it. */
  readonly leases: number;
  readonly isDead: boolean;
}

/** The columns that {@link readPayment} reads. */
export const PAYMENT_COLUMNS =
  'id, order_no, facts, verdict, consumers, booked, attempts, leases, dead_at';

export function readPayment(row: SqlRow): PaymentEntry {
  const verdict = row['verdict'];
  const { version, ...facts }: StoredFacts = JSON.parse(text(row['facts']));
  const done: readonly string[] = JSON.parse(text(row['consumers']));
  const isJudged = verdict !== null && verdict !== undefined;
  return {
    record: {
      // The version of the release that wrote it: the processor refuses any other.
      version,
      payment: {
        ...facts,
        id: text(row['id']),
        orderNo: text(row['order_no']),
      },
      ...(isJudged && { verdict: readVerdict(verdict) }),
      done,
      booked: integer(row['booked']) === 1,
    },
    attempts: integer(row['attempts']),
    leases: integer(row['leases']),
    isDead: row['dead_at'] !== null,
  };
}

type StoredFacts = PaymentRecord['payment'] & Pick<PaymentRecord, 'version'>;
type Verdict = NonNullable<PaymentRecord['verdict']>;

function readVerdict(value: unknown): Verdict {
  const verdict: Verdict = JSON.parse(text(value));
  return verdict;
}

/** The facts as JSON, with the version of the record. */
export function writeFacts(payment: SignedPayment): string {
  const {
    account,
    tenant,
    gateway,
    outcome,
    invoiceNo,
    transactionId,
    amount,
    requestedAmount,
    currency,
    method,
    source,
  } = payment;
  return asciiJson({
    version: 1,
    account,
    tenant,
    gateway,
    outcome,
    invoiceNo,
    transactionId,
    amount,
    requestedAmount,
    currency,
    method,
    source,
  });
}

/** Text or nothing, as any driver returns it. */
export function optionalText(value: unknown): string | undefined {
  return value === null ? undefined : text(value);
}

/** Text, as any driver returns it. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  throw new TypeError('A column of the journal is not text.');
}

/** A whole number, as any driver returns it: 64-bit ones are often text. */
export function integer(value: unknown): number {
  const number = Number(value);
  if (value === null || !Number.isSafeInteger(number)) {
    throw new TypeError('A column of the journal is not a whole number.');
  }
  return number;
}
