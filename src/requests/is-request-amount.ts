import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isRequestAmount } from '../protocol/money.js';

/** What is wrong with what Plutu cannot charge; class-validator's `$property` in it. */
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
