import { plainDigits } from './digits.js';

/** A Libyan mobile number of any operator, without `0` or country code. */
const NATIONAL = /^9[1-6]\d{7}$/;

const NEEDED =
  'must be a Libyan mobile number, such as "091 234 5678" or "+218 91 234 5678"';

/**
 * A Libyan mobile number in the form in which Plutu's official SDK sends it:
 * `09` and eight digits. It is accepted in all the ways people write it: `+218 91 234
 * 5678`, `00218…`, `218…`, `091-234-5678`, nine digits, Arabic-Indic or Persian
 * digits.
 *
 * @returns `undefined` for anything else.
 */
export function mobileNumber(text: unknown): string | undefined {
  const digits = nationalDigits(text);
  return digits !== undefined && NATIONAL.test(digits)
    ? `0${digits}`
    : undefined;
}

/**
 * Says what is wrong with a mobile number, and never quotes it.
 *
 * @returns a clause that follows the field's name, or `undefined` for a good one.
 */
export function mobileNumberProblem(text: unknown): string | undefined {
  if (mobileNumber(text) !== undefined) return undefined;
  if (typeof text !== 'string') return 'must be text, such as "091 234 5678"';
  const compact = plainDigits(text);
  const digits = nationalDigits(text);
  if (digits === undefined) {
    return /^(?:\+|00)\d+$/.test(compact)
      ? `${NEEDED}: this one has the code of another country`
      : NEEDED;
  }
  if (/^[2-8]\d{6,8}$/.test(digits)) {
    return `${NEEDED}: this one is a fixed line`;
  }
  return digits.length === 9 || !digits.startsWith('9')
    ? NEEDED
    : `${NEEDED}: this one has ${digits.length < 9 ? 'too few' : 'too many'} digits`;
}

/** @returns `undefined` for a number of another country, or for anything else. */
function nationalDigits(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const compact = plainDigits(text);
  const [, abroad] =
    /^(?:\+218|00218|218(?=0?\d{9}$))0?(\d+)$/.exec(compact) ?? [];
  if (abroad !== undefined) return abroad;
  return /^0?([1-9]\d*)$/.exec(compact)?.[1];
}

/** Anything that looks like one, in ASCII digits, with or without `0` or country code. */
const IN_TEXT = /(?<!\d)(?:\+?218|00218|0)?9[1-6](?:[ .-]?\d){7}(?!\d)/g;

/** Removes from a text what looks like a Libyan mobile number. */
export function withoutMobileNumbers(text: string): string {
  return text.replace(IN_TEXT, '[redacted]');
}
