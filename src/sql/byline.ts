import {
  PlutuInvalidRequestError,
  type FieldErrors,
} from '../errors/plutu-errors.js';

/** Who decides something by hand, in the merchant's own words. */
export interface Byline {
  /** Who: 1 to 255 characters. */
  readonly by: string;
  /** Why: at most 2000 characters. */
  readonly note?: string | undefined;
}

const MAX_BY_LENGTH = 255;
const MAX_NOTE_LENGTH = 2_000;

/** The columns that say who closed something, and why. */
export const CLOSING = 'closed_by = ?, closed_note = ?';

/** The values of {@link CLOSING}. */
export function closingValues({ by, note }: Byline): [string, string | null] {
  return [cleaned(by), note === undefined ? null : cleaned(note)];
}

/** @throws {PlutuInvalidRequestError} if it cannot be stored. */
export function checkByline(byline: Byline | undefined): void {
  const errors = bylineErrors(byline);
  if (errors) throw new PlutuInvalidRequestError(errors);
}

/** @returns what is wrong with it, by property, or `undefined` if nothing is. */
export function bylineErrors(
  byline: Byline | undefined,
): FieldErrors | undefined {
  // A request without a body has none.
  const { by, note }: Partial<Byline> = byline ?? {};
  const errors = {
    ...(!(isText(by, MAX_BY_LENGTH) && by.trim() !== '') && {
      by: [`by must be text of 1 to ${MAX_BY_LENGTH} characters`],
    }),
    ...(!(note === undefined || isText(note, MAX_NOTE_LENGTH)) && {
      note: [`note must be text of at most ${MAX_NOTE_LENGTH} characters`],
    }),
  };
  return Object.keys(errors).length > 0 ? errors : undefined;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most;
}

/** PostgreSQL does not accept a NUL character in text. */
function cleaned(words: string): string {
  return words.replaceAll('\0', '');
}
