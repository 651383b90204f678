import { ValidateBy, type ValidationOptions } from 'class-validator';

/** Twelve digits before the point: its cents are still an exact integer. */
export const DOLLARS = /^(0|[1-9]\d{0,11})(?:\.(\d{1,2}))?$/;

/**
 * The cents of an amount of US dollars, such as 550 for `'5.5'` or `5.5`.
 *
 * @returns `undefined` for what is no amount: zero, negative, more than two
 *   decimals, an exponent, separators, spaces. Nothing is ever rounded.
 */
export function dollarsToCents(amount: unknown): number | undefined {
  if (typeof amount !== 'string' && typeof amount !== 'number')
    return undefined;
  const [, dollars, decimals = ''] = DOLLARS.exec(String(amount)) ?? [];
  if (dollars === undefined) return undefined;
  const cents = Number(dollars) * 100 + Number(decimals.padEnd(2, '0'));
  return cents > 0 ? cents : undefined;
}

/**
 * An amount due as Plutu takes it: `25.50` for `'25.500'`, and anything that is
 * fit already as it is.
 *
 * @param amount a decimal number as text.
 * @returns `undefined` for what Plutu cannot charge, such as zero or a third
 *   decimal that is not zero.
 */
export function chargeable(amount: string): string | undefined {
  const fit = amount.replace(/(\.\d{2})0+$/, '$1');
  return dollarsToCents(fit) === undefined ? undefined : fit;
}

/** What is wrong with what is no amount; class-validator's `$property` in it. */
export const DOLLARS_MESSAGE =
  '$property must be US dollars, more than 0, with at most two decimals, such as "5" or "5.50"';

/** Validates that a property is US dollars, as text or as a number. */
export function IsDollars(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isDollars',
      validator: {
        validate: (value) => dollarsToCents(value) !== undefined,
        defaultMessage: () => DOLLARS_MESSAGE,
      },
    },
    options,
  );
}
