import { Equals, IsIn, IsInt, IsOptional, Matches } from 'class-validator';
import { TENANT } from '../credentials/credentials-resolver.js';
import type { FieldErrors } from '../plutu.errors.js';
import { dollarsToCents, IsDollars } from '../validation/dollars.js';
import { dtoErrors } from '../validation/validate-dto.js';
import { MPGS_GATEWAY } from './mpgs-callback.rules.js';
import { INVOICE_NUMBER } from './mpgs-confirm.dto.js';

/**
 * How a payment went: paid, backed out of by the customer, or neither (a
 * declined card, an abandoned attempt). After `incomplete`, the same
 * transaction may still become `approved`.
 */
export type MpgsOutcome = 'approved' | 'canceled' | 'incomplete';

/** Every {@link MpgsOutcome}. */
export const OUTCOMES = [
  'approved',
  'canceled',
  'incomplete',
] as const satisfies MpgsOutcome[];

/** ISO 4217. */
export const CURRENCY = /^[A-Z]{3}$/;

export const TRANSACTION_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * A callback that Plutu signed: every property comes from a signed parameter.
 * Its decorators check and never transform, so that a pipe or a serializer of
 * the application's cannot make another callback of it.
 */
export class MpgsCallbackDto {
  /** Always `mpgs`. */
  @Equals(MPGS_GATEWAY)
  readonly gateway!: 'mpgs';

  /** How the payment went. */
  @IsIn(OUTCOMES, {
    message: 'approved and canceled must each be 0 or 1, and not both be 1',
  })
  readonly outcome!: MpgsOutcome;

  /** The amount as Plutu wrote it: `5`, `5.0` and `5.00` are equal. */
  @IsDollars()
  readonly amount!: string;

  /** The same in hundredths, to compare and to add up. */
  @IsInt({ message: 'amountCents cannot be told from the amount' })
  readonly amountCents!: number;

  /** ISO 4217. */
  @Matches(CURRENCY)
  readonly currency!: string;

  /** The invoice number that the checkout was opened with. */
  @Matches(INVOICE_NUMBER)
  readonly invoiceNo!: string;

  /** Plutu's own number for the payment: what to make a credit unique by. */
  @Matches(TRANSACTION_ID, {
    message: 'transactionId must be 1 to 128 visible ASCII characters',
  })
  readonly transactionId!: string;

  /** Whose keys signed it, where the module has `tenants`. */
  @IsOptional()
  @Matches(TENANT)
  readonly tenant?: string;
}

/**
 * Makes the typed callback of the parameters that the signature covers.
 *
 * @param tenant whose keys the signature was made with.
 * @returns the callback, or what is wrong by property: Plutu signed something
 *   that it does not document.
 */
export function toMpgsCallback(
  fields: ReadonlyMap<string, string>,
  tenant?: string,
): { callback: MpgsCallbackDto } | { errors: FieldErrors } {
  const callback = Object.assign(new MpgsCallbackDto(), {
    gateway: fields.get('gateway'),
    outcome: outcomeOf(fields.get('approved'), fields.get('canceled')),
    amount: fields.get('amount'),
    amountCents: dollarsToCents(fields.get('amount')),
    currency: fields.get('currency'),
    invoiceNo: fields.get('invoice_no'),
    transactionId: fields.get('transaction_id'),
    ...(tenant !== undefined && { tenant }),
  });
  const errors = dtoErrors(callback);
  return errors ? { errors } : { callback };
}

function outcomeOf(approved = '', canceled = ''): MpgsOutcome | undefined {
  const isPaid = isSet(approved);
  const isCanceled = isSet(canceled);
  if (isPaid === undefined || isCanceled === undefined) return undefined;
  if (isPaid && isCanceled) return undefined;
  if (isPaid) return 'approved';
  return isCanceled ? 'canceled' : 'incomplete';
}

/** A flag of Plutu's: `undefined` where the text is none. */
function isSet(flag: string): boolean | undefined {
  if (flag === '1') return true;
  return flag === '0' || flag === '' ? false : undefined;
}
