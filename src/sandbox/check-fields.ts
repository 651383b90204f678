import { ApiError } from './api/api-error.js';

/** Tells what is wrong with a value, if anything is. */
export type Check = (value: unknown) => string | undefined;

export function oneOf(values: readonly string[]): Check {
  return (value) =>
    typeof value === 'string' && values.includes(value)
      ? undefined
      : `must be one of ${values.join(', ')}`;
}

export function wholeNumber(least: number, most: number): Check {
  return (value) =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= least &&
    value <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}`;
}

export function trueOrFalse(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

/**
 * Refuses what is misspelled or out of range, all of it at once.
 *
 * @throws {ApiError} 422 `INVALID_INPUTS`.
 */
export function checkFields<T>(
  input: object,
  checks: Readonly<Record<keyof T & string, Check>>,
): asserts input is Partial<T> {
  const known = new Map<string, Check>(Object.entries(checks));
  const problems = new Map<string, string>();
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const check = known.get(name);
    const problem = check
      ? check(value)
      : `is unknown; there are ${[...known.keys()].join(', ')}`;
    if (problem) problems.set(name, problem);
  }
  if (problems.size === 0) return;
  throw new ApiError(
    422,
    'INVALID_INPUTS',
    [...problems].map((problem) => problem.join(' ')).join('; '),
    Object.fromEntries([...problems].map(([name, text]) => [name, [text]])),
  );
}
