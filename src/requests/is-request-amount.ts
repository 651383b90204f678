import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isRequestAmount } from '../protocol/money.js';

/**
 * The message for an amount that Plutu cannot charge, with class-validator's
 * `$property`.
 */
export const REQUEST_AMOUNT_MESSAGE =
  '$property must be more than 0, with at most two decimals, such as "5" or "5.50"';

/** Validates that a property is what Plutu can charge, as text or as a number. */
export function IsRequestAmount(
  options?: ValidationOptions,
): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isRequestAmount',
      validator: {
        validate: (value) => isRequestAmount(value),
        defaultMessage: () => REQUEST_AMOUNT_MESSAGE,
      },
    },
    options,
  );
}
