import { ApiError } from './api-error.js';
import type { Form } from './request-form.js';

/** What one field of a request has to be. */
export interface FieldRule {
  readonly required: boolean;
  readonly isValid: (text: string) => boolean;
  /** What is wrong with one that is not, as a clause that follows its name. */
  readonly message: string;
  /** The code if nothing else is wrong. Default `INVALID_INPUTS`. */
  readonly code?: string;
}

/** By the names of the fields on the wire. */
export type FieldRules = Readonly<Record<string, FieldRule>>;

/**
 * Checks each field of a form.
 *
 * @param refusesUnknown whether a field without a rule is refused.
 * @returns the known fields, as they were sent. One that was sent empty is left out.
 * @throws {ApiError} 422 with everything that is wrong with the form:
 *   `MISSING_PARAMETER`, `INVALID_INPUTS`, or the code of the only wrong field.
 */
export function checkForm(
  form: Form,
  rules: FieldRules,
  refusesUnknown: boolean,
): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  const codes: string[] = [];
  const texts = new Map<string, string>();
  const refuse = (name: string, message: string, code = 'INVALID_INPUTS') => {
    errors.set(name, message);
    codes.push(code);
  };

  if (refusesUnknown) {
    for (const name of unknownFields(form, rules)) {
      refuse(name, 'is not a known field');
    }
  }
  for (const [name, rule] of Object.entries(rules)) {
    const [value, ...repeated] = form.getAll(name);
    // Plutu's framework, Laravel, takes an empty field for no field.
    if (value === undefined || value === '') {
      if (rule.required) refuse(name, 'is required', 'MISSING_PARAMETER');
    } else if (repeated.length > 0) refuse(name, 'is repeated');
    else if (typeof value !== 'string') refuse(name, 'must not be a file');
    else if (!rule.isValid(value)) refuse(name, rule.message, rule.code);
    else texts.set(name, value);
  }

  if (errors.size === 0) return texts;
  const [code, ...others] = new Set(codes);
  throw new ApiError(
    422,
    codes.includes('MISSING_PARAMETER')
      ? 'MISSING_PARAMETER'
      : code === undefined || others.length > 0
        ? 'INVALID_INPUTS'
        : code,
    [...errors].map((error) => error.join(' ')).join('; '),
    Object.fromEntries([...errors].map(([name, text]) => [name, [text]])),
  );
}

/** The names in a form that no rule knows, each once. */
export function unknownFields(form: Form, rules: FieldRules): string[] {
  return [...new Set(form.keys())].filter(
    (name) => !Object.hasOwn(rules, name),
  );
}

/** A URL that the merchant is reached at. */
export const HTTP_URL = {
  // URL parsing alone would correct what is no absolute URL: `http:shop`.
  isValid: (text: string) =>
    /^https?:\/\/\S+$/i.test(text) && URL.canParse(text),
  message: 'must be an absolute http or https URL',
};
