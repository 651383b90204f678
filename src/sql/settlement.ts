import type { EnabledGateways } from '../account/enabled-gateways.js';
import {
  PlutuAlreadyPaidError,
  PlutuError,
  PlutuInvalidRequestError,
  type FieldErrors,
} from '../errors/plutu-errors.js';
import { PaymentApprovedEvent, SIGNED_PAYMENTS } from '../payments/events.js';
import {
  SIGNED_OUTCOMES,
  type PaymentFacts,
  type SignedOutcome,
} from '../payments/payment.js';
import {
  signedPayment,
  type SignedPayment,
} from '../payments/payment-record.js';
import { dtoErrors } from '../utils/dto.js';
import type { AttemptStore } from './attempt-store.js';
import { bylineErrors, CLOSING, closingValues, type Byline } from './byline.js';
import { DUE_AGAIN } from './cases.js';
import { REFUSED_LAST, type JournalStore } from './journal-store.js';
import {
  optionalText,
  PAYMENT_COLUMNS,
  readPayment,
  text,
} from './payment-row.js';

/** How an invoice was paid, as a person saw it in Plutu's dashboard. */
export interface Settlement extends Byline {
  /** The tenant, with the module's option `tenants`. */
  readonly tenant?: string | undefined;
  /** The invoice number that Plutu was given. */
  readonly invoiceNo: string;
  /** Plutu's own number for the payment. */
  readonly transactionId: string;
  /** How the payment went. */
  readonly outcome: SignedOutcome;
  /** Plutu's name for the gateway. Default: that of the invoice's latest attempt. */
  readonly gateway?: string | undefined;
  /** What was paid, such as `25.50`. Default: as Plutu was asked, or has signed. */
  readonly amount?: string | undefined;
  /** ISO 4217. Default: as Plutu was asked, or has signed. */
  readonly currency?: string | undefined;
  /** How the customer paid. */
  readonly method?: string | undefined;
}

/** The result of booking a payment by hand. */
export interface Settled {
  /** Whether it was already accepted, so that nothing was done. */
  readonly duplicate: boolean;
  /** The payment, as it is published. */
  readonly payment: SignedPayment;
}

/** Books payments by hand. */
export class Settlements<Tx> {
  constructor(
    private readonly store: JournalStore<Tx>,
    private readonly attempts: AttemptStore<Tx>,
    private readonly gateways: EnabledGateways | undefined,
  ) {}

  /**
   * @throws {PlutuInvalidRequestError} for what is missing or wrong.
   * @throws {PlutuAlreadyPaidError} if another payment has paid the order.
   */
  async settle(settlement: Settlement): Promise<Settled> {
    check(settlement);
    const payment = await this.paymentOf(settlement);
    try {
      return await this.keep(payment, settlement);
    } catch (error) {
      if (error instanceof PlutuError) throw error;
      // A callback may have come at the same moment. Drivers' errors differ; the
      // table now tells what happened.
      return this.keep(payment, settlement);
    }
  }

  /** The payment, with everything that the journal knows about it. */
  private async paymentOf(settlement: Settlement): Promise<SignedPayment> {
    const { outcome, invoiceNo, transactionId, tenant } = settlement;
    const accepted = await this.findAccepted(settlement);
    const { gateway, amount, currency, method, orderNo } = {
      ...(await this.findAttempt(settlement)),
      ...accepted[0],
      ...given(settlement),
    };
    if (!gateway || !amount || !currency) {
      throw new PlutuInvalidRequestError(
        missingIn({ gateway, amount, currency }),
      );
    }
    const payment = new SIGNED_PAYMENTS[outcome]({
      account: this.store.account,
      tenant,
      gateway,
      invoiceNo,
      orderNo,
      transactionId,
      amount,
      currency,
      method,
      source: 'hand',
    });
    refuse({ ...dtoErrors(payment), ...this.gatewayErrors(payment) });
    const [first] = accepted;
    if (first && !accepted.some(({ id }) => id === payment.id)) {
      const problem = `amount must be what the transaction has in the journal: ${first.amount} ${first.currency}`;
      refuse({ amount: [problem] });
    }
    return payment;
  }

  /** The payment of the same transaction and outcome that was accepted earlier. */
  private async findAccepted({
    tenant,
    invoiceNo,
    transactionId,
    outcome,
    gateway,
  }: Settlement): Promise<readonly PaymentFacts[]> {
    const { store } = this;
    const rows = await store.query(
      `SELECT ${PAYMENT_COLUMNS} FROM ${store.tables.payment} WHERE invoice_key = ? AND transaction_id = ? AND outcome = ?${gateway === undefined ? '' : ' AND gateway = ?'} ORDER BY arrived_at, id`,
      [
        store.key(tenant, invoiceNo),
        transactionId,
        outcome,
        ...(gateway === undefined ? [] : [gateway]),
      ],
    );
    return rows.map((row) => readPayment(row).record.payment);
  }

  /** What Plutu was asked to charge. */
  private async findAttempt({
    tenant,
    invoiceNo,
  }: Settlement): Promise<Partial<PaymentFacts>> {
    const { store } = this;
    const [row] = await store.query(
      `SELECT gateway, order_no, amount, currency FROM ${store.tables.checkout} WHERE invoice_key = ? ORDER BY ${REFUSED_LAST}, opened_at DESC, id DESC LIMIT 1`,
      [store.key(tenant, invoiceNo)],
    );
    return row
      ? {
          gateway: text(row['gateway']),
          orderNo: text(row['order_no']),
          amount: text(row['amount']),
          currency: optionalText(row['currency']),
        }
      : {};
  }

  /**
   * @returns the errors, if the registration does not have the gateway or its
   *   currency.
   */
  private gatewayErrors({ gateway, currency }: SignedPayment): FieldErrors {
    if (!this.gateways) return {};
    const enabled = this.gateways.find(gateway);
    if (!enabled) {
      const names = this.gateways.names.join(', ');
      return { gateway: [`gateway must be one of these: ${names}`] };
    }
    if (enabled.currencies.includes(currency)) return {};
    const currencies = enabled.currencies.join(', ');
    return { currency: [`currency must be one of these: ${currencies}`] };
  }

  /** Everything at once, or nothing. */
  private async keep(payment: SignedPayment, byline: Byline): Promise<Settled> {
    const { store } = this;
    const orderKey = store.key(payment.tenant, payment.orderNo);
    return store.executor.transaction(async (tx) => {
      // No call can begin to charge for the order meanwhile.
      await this.attempts.lockOrder(orderKey, tx);
      const [row] = await store.query(
        `SELECT ${PAYMENT_COLUMNS}, paid_order FROM ${store.tables.payment} WHERE id = ? FOR UPDATE`,
        [payment.id],
        tx,
      );
      const accepted = row && signedPayment(readPayment(row).record.payment);
      const isPaid = row && optionalText(row['paid_order']) !== undefined;
      if (accepted && (isPaid || payment.outcome !== 'approved')) {
        return { duplicate: true, payment: accepted };
      }
      const first = await store.findPaid(orderKey, payment.id, tx);
      if (first) throw new PlutuAlreadyPaidError(payment.orderNo, first);
      if (accepted) await this.acceptAnyway(payment, byline, tx);
      else await this.insert(payment, orderKey, byline, tx);
      await this.endAttempts(payment, byline, tx);
      return { duplicate: false, payment: accepted ?? payment };
    });
  }

  private async insert(
    payment: SignedPayment,
    orderKey: string,
    byline: Byline,
    tx: Tx,
  ): Promise<void> {
    const [by, note] = closingValues(byline);
    const isApproved = payment.outcome === 'approved';
    const { insert, values } = this.store.insertion(payment, [
      ['order_key', '?', [orderKey]],
      ['order_no', '?', [payment.orderNo]],
      // Whether it was due is the person's decision.
      ['verdict', '?', [isApproved ? '{}' : null]],
      ['paid_order', '?', [isApproved ? orderKey : null]],
      // There is no case to close, but the row keeps who decided this.
      ['closed_by', '?', [by]],
      ['closed_note', '?', [note]],
    ]);
    await this.store.execute(insert, values, tx);
  }

  /**
   * Makes a mismatch, or a payment that could not be judged, the payment of its
   * order.
   */
  private async acceptAnyway(
    { id }: SignedPayment,
    byline: Byline,
    tx: Tx,
  ): Promise<void> {
    const { tables, dialect } = this.store;
    await this.store.execute(
      `UPDATE ${tables.payment} SET verdict = '{}', reason = NULL, paid_order = order_key, consumers = '[]', booked = 0, done_at = NULL, ${DUE_AGAIN}, due_at = ${dialect.now}, closed_at = ${dialect.now}, ${CLOSING} WHERE id = ?`,
      [...closingValues(byline), id],
      tx,
    );
  }

  /** The outcome of the attempts for the invoice is known now. */
  private async endAttempts(
    { id, tenant, gateway, invoiceNo, outcome }: SignedPayment,
    byline: Byline,
    tx: Tx,
  ): Promise<void> {
    const { store } = this;
    const isApproved = outcome === 'approved';
    const ending = isApproved
      ? "state = 'settled', payment_id = ?, due_at = NULL"
      : 'due_at = NULL';
    const states = isApproved
      ? "'asked', 'open', 'sent', 'charging', 'unknown'"
      : "'unknown'";
    await store.execute(
      `UPDATE ${store.tables.checkout} SET ${ending}, closed_at = ${store.dialect.now}, ${CLOSING} WHERE invoice_key = ? AND gateway = ? AND state IN (${states})`,
      [
        ...(isApproved ? [id] : []),
        ...closingValues(byline),
        store.key(tenant, invoiceNo),
        gateway,
      ],
      tx,
    );
  }
}

const FACTS = [
  'tenant',
  'gateway',
  'invoiceNo',
  'transactionId',
  'amount',
  'currency',
  'method',
] as const;

/** What may come from the journal. */
const LATER = ['gateway', 'amount', 'currency', 'method'] as const;

const NOTHING: PaymentFacts = {
  gateway: '',
  invoiceNo: '',
  transactionId: '',
  amount: '',
  currency: '',
};

/** The facts that are given; the others come from the journal. */
function given(settlement: Settlement): Partial<PaymentFacts> {
  return Object.fromEntries(
    FACTS.filter((name) => settlement[name] !== undefined).map((name) => [
      name,
      settlement[name],
    ]),
  );
}

/**
 * Checks what is given, before the journal is asked for the rest.
 *
 * @throws {PlutuInvalidRequestError}
 */
function check(settlement: Settlement): void {
  const { outcome } = settlement;
  const errors: Record<string, readonly string[]> = {
    ...bylineErrors(settlement),
  };
  if (!SIGNED_OUTCOMES.includes(outcome)) {
    errors['outcome'] = [
      `outcome must be one of these: ${SIGNED_OUTCOMES.join(', ')}`,
    ];
  }
  if (typeof (settlement.amount ?? '') !== 'string') {
    errors['amount'] = ['amount must be text'];
  }
  const draft = new PaymentApprovedEvent({ ...NOTHING, ...given(settlement) });
  for (const [name, problems] of Object.entries(dtoErrors(draft) ?? {})) {
    // What is not given may be in the journal; these two have to be given.
    if (!LATER.some((later) => later === name) || name in given(settlement)) {
      errors[name] ??= problems;
    }
  }
  refuse(errors);
}

function missingIn(facts: Readonly<Record<string, unknown>>): FieldErrors {
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => !value)
      .map(([name]) => [
        name,
        [`${name} is missing, and the journal does not know it`],
      ]),
  );
}

function refuse(errors: FieldErrors): void {
  if (Object.keys(errors).length > 0) {
    throw new PlutuInvalidRequestError(errors);
  }
}
