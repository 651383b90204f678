import type { Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import type { FieldErrors } from '../errors/plutu-errors.js';

/**
 * Makes a DTO from a flat object. Nested values are kept as they are, and left to the
 * checks.
 */
export function toDto<T extends object>(type: Type<T>, source: object): T {
  const dto = new type();
  for (const [name, value] of Object.entries(source)) {
    // Not assigned: JSON can have an ordinary property `__proto__`.
    Object.defineProperty(dto, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return dto;
}

/**
 * Checks a DTO against its class-validator decorators.
 *
 * @returns what is wrong, by property, or `undefined` if nothing is.
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
