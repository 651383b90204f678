import { PlutuConfigurationError } from '../plutu.errors.js';

/**
 * Checks an option that counts something.
 *
 * @param option its name.
 * @throws {PlutuConfigurationError} where it is no whole number in the range.
 */
export function checkWholeNumber(
  option: string,
  value: unknown,
  { least = 1, most = Number.MAX_SAFE_INTEGER } = {},
): void {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    least <= value &&
    value <= most
  ) {
    return;
  }
  throw new PlutuConfigurationError(
    option,
    `PlutuModule: the option "${option}" must be a whole number from ${least} to ${most}.`,
  );
}
