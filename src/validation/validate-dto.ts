import { validateSync, type ValidationError } from 'class-validator';
import type { FieldErrors } from '../plutu.errors.js';

/**
 * Checks a DTO against its class-validator decorators.
 *
 * @returns what is wrong, by property, or `undefined` where nothing is.
 */
export function dtoErrors(dto: object): FieldErrors | undefined {
  const errors = validateSync(dto, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
  });
  if (errors.length === 0) return undefined;
  return Object.fromEntries(
    errors.map(({ property, constraints }: ValidationError) => [
      property,
      Object.values(constraints ?? {}),
    ]),
  );
}
