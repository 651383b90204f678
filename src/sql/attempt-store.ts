import { randomBytes } from 'node:crypto';
import {
  PlutuAlreadyPaidError,
  PlutuInvalidRequestError,
  PlutuOtpError,
  PlutuPaymentUnknownError,
  type UnknownPayment,
} from '../errors/plutu-errors.js';
import type {
  ChargeEnd,
  ChargeLimits,
  ChargeStart,
  CheckoutFacts,
  CheckoutOpening,
  OtpCharge,
  OtpRecipient,
} from '../payments/payment-journal.js';
import {
  signedPayment,
  type SignedPayment,
} from '../payments/payment-record.js';
import type { SqlRow, SqlValue } from './executor.js';
import { places, type JournalStore } from './journal-store.js';
import {
  integer,
  optionalText,
  PAYMENT_COLUMNS,
  readPayment,
  text,
} from './payment-row.js';

/** How long one instance has to report an unknown outcome, in milliseconds. */
const REPORT_TIME = 60_000;

/** How many charges without a recorded end are taken at a time. */
const MOST_AT_ONCE = 100;

/** An attempt whose outcome is unknown and has to be reported. */
export interface SilentCharge {
  readonly id: string;
  readonly payment: UnknownPayment;
}

/** The statements about payment attempts: checkouts and one-time passwords. */
export class AttemptStore<Tx> {
  constructor(private readonly store: JournalStore<Tx>) {}

  /**
   * Writes an attempt down before Plutu is asked.
   *
   * @returns its id.
   * @throws {PlutuAlreadyPaidError} if the order is paid.
   * @throws {PlutuPaymentUnknownError} if the order may have been charged.
   * @throws {PlutuInvalidRequestError} if the invoice belongs to another order.
   * @throws {PlutuOtpError} if too many codes were sent to the recipient.
   */
  async open(
    checkout: CheckoutFacts,
    recipient?: OtpRecipient,
  ): Promise<string> {
    const { store } = this;
    const { tenant, gateway, invoiceNo, orderNo, amount, currency } = checkout;
    const invoiceKey = store.key(tenant, invoiceNo);
    const orderKey = store.key(tenant, orderNo);
    await this.refuseIfPaid(orderNo, orderKey);
    await this.refuseIfUnknown(orderKey);
    const id = newAttemptId();
    const { now } = store.dialect;
    await store.execute(
      `INSERT INTO ${store.tables.checkout} (id, account, tenant, gateway, invoice_key, order_key, invoice_no, order_no, amount, currency, recipient_key, state, opened_at, changed_at) VALUES (${places(12)}, ${now}, ${now})`,
      [
        id,
        store.account,
        tenant ?? null,
        gateway,
        invoiceKey,
        orderKey,
        invoiceNo,
        orderNo,
        amount,
        currency ?? null,
        recipient?.key ?? null,
        'asked',
      ],
    );
    // Checked after it is written down, so that two at the same moment cannot both
    // pass.
    if (await this.isOfAnotherOrder(invoiceKey, orderKey)) {
      await this.keepOpening(id, 'refused');
      throw new PlutuInvalidRequestError({
        invoiceNo: [`invoiceNo ${invoiceNo} belongs to another order`],
      });
    }
    // Counted after it is written down, so that many at the same moment cannot all
    // pass.
    if (recipient && (await this.codesSentTo(recipient)) > recipient.limit) {
      await this.keepOpening(id, 'refused');
      throw new PlutuOtpError('too-many-codes');
    }
    return id;
  }

  async keepOpening(id: string, opening: CheckoutOpening): Promise<void> {
    await this.change(id, 'state = ?', [opening], "state = 'asked'");
  }

  /**
   * Begins to charge, if that is allowed. Charging locks all attempts of the order,
   * so that only one is charged at a time.
   *
   * @throws {PlutuAlreadyPaidError} if another invoice has paid the order.
   */
  async beginCharge(
    charge: OtpCharge,
    { refusals: mostRefusals, silence }: ChargeLimits,
  ): Promise<ChargeStart> {
    const { store } = this;
    const { now } = store.dialect;
    const orderKey = store.key(charge.tenant, charge.orderNo);
    return store.executor.transaction(async (tx): Promise<ChargeStart> => {
      const attempts = await this.lockOrder(orderKey, tx);
      const own = attempts.find(({ id }) => id === charge.id);
      if (!own || own.state === 'refused') return { state: 'over' };
      const payment = await this.findPayment(own, tx);
      if (payment) {
        await this.change(
          own.id,
          SETTLED,
          [payment.id],
          "state <> 'settled'",
          tx,
        );
        return { state: 'settled', payment };
      }
      const unknown = attempts.find(isUnknown);
      if (unknown) {
        return { state: 'unknown', payment: this.unknownPayment(unknown.row) };
      }
      if (own.failures >= mostRefusals) return { state: 'exhausted' };
      await this.refuseIfPaid(charge.orderNo, orderKey, tx);
      if (attempts.some(({ isUnderWay }) => isUnderWay)) {
        return { state: 'busy', refusals: own.failures };
      }
      const hasBegun = await this.change(
        own.id,
        `state = 'charging', process_id = ?, due_at = ${now} + ${Math.round(silence)}`,
        [charge.processId],
        "state IN ('asked', 'sent')",
        tx,
      );
      return hasBegun
        ? { state: 'begun', refusals: own.failures }
        : { state: 'over' };
    });
  }

  /** Records how a charge ended. */
  async endCharge(id: string, end: ChargeEnd): Promise<void> {
    switch (end) {
      case 'refused':
      case 'not-sent':
        await this.change(
          id,
          `state = 'sent', failures = failures + ${end === 'refused' ? 1 : 0}, due_at = NULL`,
          [],
          "state = 'charging'",
        );
        return;
      case 'unknown':
        // Due at once, so that an instance that watches the charges reports it.
        await this.change(
          id,
          `state = 'unknown', due_at = ${this.store.dialect.now}`,
          [],
          "state = 'charging'",
        );
        return;
      default:
        // Even if it took so long that its outcome counts as unknown.
        await this.change(
          id,
          SETTLED,
          [end.id],
          "state IN ('charging', 'unknown')",
        );
    }
  }

  /**
   * Takes the charges whose time is over without a recorded end, each for one
   * instance. Their outcome is unknown now, unless the payment is there.
   */
  async takeSilent(): Promise<SilentCharge[]> {
    const { store } = this;
    const { now } = store.dialect;
    const isDue = `state IN ('charging', 'unknown') AND due_at <= ${now}`;
    const rows = await store.query(
      `SELECT ${ATTEMPT_FACTS} FROM ${store.tables.checkout} WHERE account = ? AND ${isDue} ORDER BY due_at LIMIT ${MOST_AT_ONCE}`,
      [store.account],
    );
    const taken: SilentCharge[] = [];
    for (const row of rows) {
      const id = text(row['id']);
      const payment = await this.findPayment(readInvoice(row));
      if (payment) {
        await this.change(id, SETTLED, [payment.id], isDue);
        continue;
      }
      // It stays due until it is reported: the process may end before that.
      const isTaken = await this.change(
        id,
        `state = 'unknown', due_at = ${now} + ${REPORT_TIME}`,
        [],
        isDue,
      );
      if (isTaken) taken.push({ id, payment: this.unknownPayment(row) });
    }
    return taken;
  }

  /** Only a person can do something about it now. */
  async keepReported(id: string): Promise<void> {
    await this.change(id, 'due_at = NULL', [], "state = 'unknown'");
  }

  /** Locks every attempt of an order, and reads how far each has got. */
  async lockOrder(orderKey: string, tx: Tx): Promise<Attempt[]> {
    const { checkout } = this.store.tables;
    const rows = await this.store.query(
      `SELECT ${ATTEMPT_FACTS}, state, failures, closed_at, CASE WHEN state = 'charging' AND due_at > ${this.store.dialect.now} THEN 1 ELSE 0 END AS is_under_way FROM ${checkout} WHERE order_key = ? ORDER BY id FOR UPDATE`,
      [orderKey],
      tx,
    );
    return rows.map((row) => ({
      ...readInvoice(row),
      id: text(row['id']),
      state: text(row['state']),
      failures: integer(row['failures']),
      isUnderWay: integer(row['is_under_way']) === 1,
      isClosed: row['closed_at'] !== null,
      row,
    }));
  }

  /**
   * Sets columns of an attempt.
   *
   * @param only changes it only under this condition.
   * @returns whether it was changed.
   */
  private async change(
    id: string,
    assignments: string,
    values: readonly SqlValue[],
    only: string,
    tx?: Tx,
  ): Promise<boolean> {
    const { tables, dialect } = this.store;
    const changed = await this.store.execute(
      `UPDATE ${tables.checkout} SET ${assignments}, changed_at = ${dialect.now} WHERE id = ? AND ${only}`,
      [...values, id],
      tx,
    );
    return changed === 1;
  }

  private async refuseIfPaid(
    orderNo: string,
    orderKey: string,
    tx?: Tx,
  ): Promise<void> {
    const first = await this.store.findPaid(orderKey, '', tx);
    if (first) throw new PlutuAlreadyPaidError(orderNo, first);
  }

  /** The customer may have paid it: somebody has to find out first. */
  private async refuseIfUnknown(orderKey: string): Promise<void> {
    const [row] = await this.store.query(
      `SELECT ${ATTEMPT_FACTS} FROM ${this.store.tables.checkout} WHERE order_key = ? AND ${OPEN_UNKNOWN} LIMIT 1`,
      [orderKey],
    );
    if (row) throw new PlutuPaymentUnknownError(this.unknownPayment(row));
  }

  private async isOfAnotherOrder(
    invoiceKey: string,
    orderKey: string,
  ): Promise<boolean> {
    const rows = await this.store.query(
      `SELECT 1 AS found FROM ${this.store.tables.checkout} WHERE invoice_key = ? AND order_key <> ? LIMIT 1`,
      [invoiceKey, orderKey],
    );
    return rows.length > 0;
  }

  /** The payment of an invoice, whether it was due or not: the money is taken. */
  private async findPayment(
    { invoiceKey, gateway }: Invoice,
    tx?: Tx,
  ): Promise<SignedPayment | undefined> {
    const [row] = await this.store.query(
      `SELECT ${PAYMENT_COLUMNS} FROM ${this.store.tables.payment} WHERE invoice_key = ? AND gateway = ? AND outcome = 'approved' ORDER BY arrived_at, id LIMIT 1`,
      [invoiceKey, gateway],
      tx,
    );
    return row && signedPayment(readPayment(row).record.payment);
  }

  private async codesSentTo({ key, within }: OtpRecipient): Promise<number> {
    const { tables, dialect } = this.store;
    const [row] = await this.store.query(
      `SELECT COUNT(*) AS codes FROM ${tables.checkout} WHERE recipient_key = ? AND opened_at > ${dialect.now} - ${Math.round(within)} AND state <> 'refused'`,
      [key],
    );
    return integer(row?.['codes']);
  }

  private unknownPayment(row: SqlRow): UnknownPayment {
    return {
      account: this.store.account,
      tenant: optionalText(row['tenant']),
      gateway: text(row['gateway']),
      invoiceNo: text(row['invoice_no']),
      orderNo: text(row['order_no']),
      amount: text(row['amount']),
      currency: optionalText(row['currency']),
      processId: text(row['process_id']),
    };
  }
}

/** An invoice at a gateway. */
interface Invoice {
  readonly invoiceKey: string;
  readonly gateway: string;
}

/** How far an attempt has got. */
interface Attempt extends Invoice {
  readonly id: string;
  readonly state: string;
  readonly failures: number;
  /** Whether it is being charged, with time left. */
  readonly isUnderWay: boolean;
  /** Whether somebody has closed its case. */
  readonly isClosed: boolean;
  /** The whole row. */
  readonly row: SqlRow;
}

/** The columns that say what an attempt is. */
const ATTEMPT_FACTS =
  'id, tenant, gateway, invoice_key, invoice_no, order_no, amount, currency, process_id';

/** An `unknown` attempt that Plutu was asked to charge, and whose case is not closed. */
const OPEN_UNKNOWN =
  "state = 'unknown' AND process_id IS NOT NULL AND closed_at IS NULL";

/** Whether an attempt may have been charged, as far as anybody can tell. */
function isUnknown({ state, isUnderWay, isClosed, row }: Attempt): boolean {
  if (state === 'charging') return !isUnderWay;
  return state === 'unknown' && row['process_id'] !== null && !isClosed;
}

const SETTLED = "state = 'settled', payment_id = ?, due_at = NULL";

function readInvoice(row: SqlRow): Invoice {
  return {
    invoiceKey: text(row['invoice_key']),
    gateway: text(row['gateway']),
  };
}

/** Ordered by time, so that the rows of one day are stored together. */
function newAttemptId(): string {
  return (
    Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex')
  );
}
