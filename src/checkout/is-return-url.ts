import { ValidateBy, type ValidationOptions } from 'class-validator';
import { returnUrlProblem } from '../protocol/return-url.js';

/** Validates that a property is a URL that can carry Plutu's callback. */
export function IsReturnUrl(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isReturnUrl',
      validator: {
        validate: (value) => returnUrlProblem(value) === undefined,
        defaultMessage: (args) => `$property ${returnUrlProblem(args?.value)}`,
      },
    },
    options,
  );
}
