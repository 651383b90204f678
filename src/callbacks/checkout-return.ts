import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { TENANT } from '../account/tenant-parameter.js';
import { SIGNED_OUTCOMES } from '../payments/payment.js';
import { INVOICE_NUMBER } from '../protocol/values.js';

/** How a payment went, or that it is not known yet. */
export const RETURN_OUTCOMES = [
  ...SIGNED_OUTCOMES,
  'mismatch',
  'pending',
] as const;

/** How a payment went; `pending` if that is not known yet. */
export type ReturnOutcome = (typeof RETURN_OUTCOMES)[number];

/**
 * A customer who came back from the checkout. Plutu signed which invoice it is about;
 * how the payment went comes from its callback, if that is booked by now.
 */
export class CheckoutReturn {
  /** The `name` of the account; `default` if it has none. */
  @IsString()
  readonly account!: string;

  /** Whose checkout it was, if the application has tenants. */
  @IsOptional()
  @Matches(TENANT)
  readonly tenant: string | undefined;

  /** Plutu's name for the gateway, such as `tlync`. */
  @IsString()
  readonly gateway!: string;

  /** The invoice number that the checkout was opened with. */
  @Matches(INVOICE_NUMBER, {
    message: 'invoiceNo must be text made of A-Z a-z 0-9 . _ - only',
  })
  readonly invoiceNo!: string;

  /** As of the payment; `undefined` while that is not known. */
  @IsOptional()
  @IsString()
  readonly orderNo: string | undefined;

  /**
   * How the payment went; `pending` if that is not known yet, because its callback
   * has not been booked here.
   */
  @IsIn(RETURN_OUTCOMES)
  readonly outcome!: ReturnOutcome;

  constructor(facts: {
    readonly account: string;
    readonly tenant: string | undefined;
    readonly gateway: string;
    readonly invoiceNo: string;
    readonly orderNo?: string | undefined;
    readonly outcome: ReturnOutcome;
  }) {
    // Pipes and serializers make one without arguments, and copy into it.
    Object.assign(this, facts);
  }
}
