import { PlutuConfigurationError } from '../errors/plutu-errors.js';

/** Lists every key of a type, so that none can be forgotten. */
export function namesOf<T>(names: Record<keyof T, true>): readonly string[] {
  return Object.keys(names);
}

/** @throws {PlutuConfigurationError} always. */
export function failOption(option: string, problem: string): never {
  throw new PlutuConfigurationError(
    option,
    `PlutuModule: the option "${option}" ${problem}.`,
  );
}

/**
 * Refuses a misspelled or misplaced option, because nobody would notice that it is
 * ignored.
 *
 * @param place whose options they are, such as `mpgs`.
 * @throws {PlutuConfigurationError} for the first unknown option.
 */
export function checkOptionNames(
  options: unknown,
  known: readonly string[],
  place = 'PlutuModule',
): void {
  if (typeof options !== 'object' || options === null) {
    throw new PlutuConfigurationError(
      'options',
      `${place} needs an object of options: ${known.join(', ')}.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new PlutuConfigurationError(
      name,
      `${place} has no option "${name}". Its options are: ${known.join(', ')}.`,
    );
  }
}

/**
 * Checks an option that is a number.
 *
 * @throws {PlutuConfigurationError} unless it is a whole number in the range.
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
  failOption(option, `must be a whole number from ${least} to ${most}`);
}

/** The longest time that a timer of Node can wait, in milliseconds. */
export const MAX_TIMER = 2 ** 31 - 1;
