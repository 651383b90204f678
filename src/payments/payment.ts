import { hash } from 'node:crypto';
import {
  Allow,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  ValidateBy,
} from 'class-validator';
import { TENANT } from '../account/tenant-parameter.js';
import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import { minorUnits } from '../protocol/money.js';
import {
  CURRENCY,
  INVOICE_NUMBER,
  TRANSACTION_ID,
} from '../protocol/values.js';

/** How a payment went, as Plutu signed it. */
export const SIGNED_OUTCOMES = ['approved', 'canceled', 'incomplete'] as const;

/**
 * How a payment went, as Plutu signed it: paid, backed out of by the customer, or
 * neither (a declined card, an abandoned attempt). After `incomplete`, the same
 * transaction may still become `approved`.
 */
export type SignedOutcome = (typeof SIGNED_OUTCOMES)[number];

/** How a payment went; `mismatch` is an approved payment that was not due. */
export type PaymentOutcome = SignedOutcome | 'mismatch';

/** Who can report a payment. */
export const PAYMENT_SOURCES = ['callback', 'confirm', 'hand'] as const;

/**
 * Who reported a payment: a signed callback, Plutu's answer to `confirm` with a
 * one-time password, or a person who looked at Plutu's dashboard.
 */
export type PaymentSource = (typeof PAYMENT_SOURCES)[number];

/** What a payment is made of. */
export interface PaymentFacts {
  /** Default: made of the other facts. */
  readonly id?: string | undefined;
  /** Default: `default`. */
  readonly account?: string | undefined;
  /** The tenant, if the application has tenants. */
  readonly tenant?: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number that the checkout was opened with. */
  readonly invoiceNo: string;
  /** The order that the invoice is for. Default: the invoice number. */
  readonly orderNo?: string | undefined;
  /** As {@link Payment.isLate}. */
  readonly isLate?: true | undefined;
  /** Plutu's own number for the payment. */
  readonly transactionId: string;
  /** As Plutu wrote it, such as `5.00`. */
  readonly amount: string;
  /** What Plutu was asked to charge, for a payment with a one-time password. */
  readonly requestedAmount?: string | undefined;
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
  /** Who reported it. Default: `callback`. */
  readonly source?: PaymentSource | undefined;
  /** How the customer paid, if the gateway says so. */
  readonly method?: string | undefined;
}

/**
 * A payment as Plutu signed it, or reported it over HTTPS; only `orderNo` comes from
 * the journal. The decorators check and never transform, so that the application's
 * pipes and serializers cannot change it. Each payment event is one.
 */
export class Payment {
  /**
   * The identity of the payment: the same whenever and however it is reported;
   * different if the outcome, the amount or any number differs. At most 255
   * characters of `A-Z a-z 0-9 _ -`.
   */
  @IsString()
  readonly id!: string;

  /** The `name` of the account; `default` if it has none. */
  @IsString()
  readonly account!: string;

  /**
   * The tenant whose keys signed it, if the application has tenants. Another
   * tenant may have an invoice of the same number.
   */
  @IsOptional()
  @Matches(TENANT)
  readonly tenant: string | undefined;

  /** Plutu's name for the gateway, such as `mpgs`. */
  @IsString()
  readonly gateway!: string;

  /** How the payment went. */
  @IsIn([...SIGNED_OUTCOMES, 'mismatch'])
  readonly outcome!: PaymentOutcome;

  /** The invoice number that the checkout was opened with. */
  @Matches(INVOICE_NUMBER, {
    message: 'invoiceNo must be text made of A-Z a-z 0-9 . _ - only',
  })
  readonly invoiceNo!: string;

  /**
   * The order that the invoice is for: with a journal, the `orderNo` of the request;
   * otherwise the invoice number.
   */
  @IsString()
  readonly orderNo!: string;

  /**
   * With a journal, `true` for a payment that was canceled or incomplete after its
   * order had been paid: the order stays paid.
   */
  @Allow()
  readonly isLate: true | undefined;

  /** Plutu's own number for the payment. */
  @Matches(TRANSACTION_ID, {
    message: 'transactionId must be 1 to 128 visible ASCII characters',
  })
  readonly transactionId!: string;

  /** The amount as Plutu wrote it: `5`, `5.0` and `5.00` are equal. */
  @ValidateBy({
    name: 'isAmount',
    validator: {
      validate: (_amount, args) => {
        const payment = args?.object;
        return (
          payment instanceof Payment &&
          (payment.amountMinor > 0 || !CURRENCY.test(payment.currency))
        );
      },
      defaultMessage: () =>
        'amount must be more than 0, with no more decimals than its currency has',
    },
  })
  readonly amount!: string;

  /**
   * The same in minor units of the currency (ISO 4217), to compare and to add up:
   * cents of USD, thousandths of LYD.
   */
  @Allow()
  readonly amountMinor!: number;

  /**
   * What Plutu was asked to charge, for a payment with a one-time password. If
   * `amount` is different, it is a mismatch.
   */
  @IsOptional()
  @IsString()
  readonly requestedAmount: string | undefined;

  /** ISO 4217, such as `USD`. */
  @Matches(CURRENCY, { message: 'currency must be an ISO 4217 code' })
  readonly currency!: string;

  /** How the customer paid, if the gateway says so, such as `mobicash`. */
  @IsOptional()
  @IsString()
  readonly method: string | undefined;

  /**
   * Who reported the payment: a signed `callback`, Plutu's answer to `confirm`, or a
   * person (`hand`).
   */
  @IsIn(PAYMENT_SOURCES)
  readonly source!: PaymentSource;

  constructor(facts: PaymentFacts, outcome: PaymentOutcome) {
    // Pipes and serializers make one without arguments, and copy into it.
    if (!isGiven(facts)) return;
    this.account = facts.account ?? DEFAULT_ACCOUNT;
    this.tenant = facts.tenant;
    this.gateway = facts.gateway;
    this.outcome = outcome;
    this.invoiceNo = facts.invoiceNo;
    this.orderNo = facts.orderNo ?? facts.invoiceNo;
    this.isLate = facts.isLate;
    this.transactionId = facts.transactionId;
    this.amount = facts.amount;
    this.amountMinor = CURRENCY.test(facts.currency)
      ? (minorUnits(facts.amount, facts.currency) ?? Number.NaN)
      : Number.NaN;
    this.requestedAmount = facts.requestedAmount;
    this.currency = facts.currency;
    this.method = facts.method;
    this.source = facts.source ?? 'callback';
    this.id = facts.id ?? this.identity();
  }

  /**
   * A hash of everything that tells payments apart, the amount by its value. How the
   * customer paid is left out: Plutu's dashboard does not say it as the callback
   * does.
   */
  private identity(): string {
    const facts = [
      this.account,
      // No tenant is not the tenant with an empty name.
      this.tenant ?? null,
      this.gateway,
      this.transactionId,
      this.invoiceNo,
      this.amountMinor,
      this.currency,
      // Never the verdict: the amount due may change later.
      this.outcome === 'mismatch' ? 'approved' : this.outcome,
    ];
    return hash('sha256', JSON.stringify(facts), 'base64url');
  }
}

function isGiven(facts: PaymentFacts | undefined): facts is PaymentFacts {
  return facts !== undefined;
}

/** The outcome to show to the customer. After a late cancel, the order is still paid. */
export function shownOutcome({
  outcome,
  isLate,
}: Pick<Payment, 'outcome' | 'isLate'>): PaymentOutcome {
  return isLate ? 'approved' : outcome;
}
