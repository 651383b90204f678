import { ValidateBy, type ValidationOptions } from 'class-validator';
import { mobileNumberProblem } from '../protocol/mobile-number.js';

/** Validates that a property is a Libyan mobile number, as people write it. */
export function IsLibyanMobileNumber(
  options?: ValidationOptions,
): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isLibyanMobileNumber',
      validator: {
        validate: (value) => mobileNumberProblem(value) === undefined,
        // Never the number itself.
        defaultMessage: (args) =>
          `$property ${mobileNumberProblem(args?.value)}`,
      },
    },
    options,
  );
}
