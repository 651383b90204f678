import { isIP } from 'node:net';
import { ApiError } from './api-error.js';
import type { AmountLimits } from './account.js';
import type { Form } from './request-form.js';

/** The form of a confirm request, checked; texts are as they were sent. */
export interface ConfirmRequest {
  readonly amount: string;
  readonly invoiceNo: string;
  readonly returnUrl: string;
  readonly customerIp: string | undefined;
  readonly lang: 'ar' | 'en';
}

interface FieldRule {
  readonly required: boolean;
  readonly isValid: (text: string) => boolean;
  readonly message: string;
}

// The sandbox's own reading of Plutu's documentation. Sharing the package's
// DTO would let a mistake in it pass here as well.
const FIELD_RULES = new Map<string, FieldRule>([
  [
    'amount',
    {
      required: true,
      isValid: (text) => /^\d+(\.\d{1,2})?$/.test(text),
      message: 'must be US dollars with at most two decimals, such as 5.00',
    },
  ],
  [
    'invoice_no',
    {
      required: true,
      isValid: (text) => /^[A-Za-z0-9._-]+$/.test(text),
      message: 'may hold only letters, digits, dots, dashes and underscores',
    },
  ],
  [
    'return_url',
    {
      required: true,
      // URL parsing alone would mend what is no absolute URL: `http:shop`.
      isValid: (text) => /^https?:\/\/\S+$/i.test(text) && URL.canParse(text),
      message: 'must be an absolute http or https URL',
    },
  ],
  [
    'customer_ip',
    {
      required: false,
      isValid: (text) => isIP(text) !== 0,
      message: 'must be an IP address',
    },
  ],
  [
    'lang',
    {
      required: false,
      isValid: (text) => text === 'ar' || text === 'en',
      message: 'must be ar or en',
    },
  ],
]);

/**
 * Checks each field of a confirm request's form.
 *
 * @throws {ApiError} 422 `MISSING_PARAMETER` or `INVALID_INPUTS` with everything
 *   that is wrong with the form, or one of the amount's codes.
 */
export function readConfirmRequest(
  form: Form,
  limits: AmountLimits,
): ConfirmRequest {
  const errors = new Map<string, string[]>();
  const texts = new Map<string, string>();
  let isParameterMissing = false;

  for (const name of new Set(form.keys())) {
    const [value, ...repeated] = form.getAll(name);
    if (!FIELD_RULES.has(name)) errors.set(name, ['is not a known field']);
    else if (repeated.length > 0) errors.set(name, ['is repeated']);
    else if (typeof value !== 'string')
      errors.set(name, ['must not be a file']);
    else texts.set(name, value);
  }
  for (const [name, rule] of FIELD_RULES) {
    const text = texts.get(name);
    if (errors.has(name)) continue;
    // Plutu's framework, Laravel, takes an empty required field for no field.
    if (rule.required && !text) {
      isParameterMissing = true;
      errors.set(name, ['is required']);
    } else if (text !== undefined && !rule.isValid(text)) {
      errors.set(name, [rule.message]);
    }
  }

  if (errors.size > 0) {
    throw new ApiError(
      422,
      isParameterMissing ? 'MISSING_PARAMETER' : 'INVALID_INPUTS',
      [...errors]
        .map(([name, problems]) => `${name} ${problems.join(', ')}`)
        .join('; '),
      Object.fromEntries(errors),
    );
  }
  const amount = texts.get('amount') ?? '';
  refuseAmount(amount, limits);
  return {
    amount,
    invoiceNo: texts.get('invoice_no') ?? '',
    returnUrl: texts.get('return_url') ?? '',
    customerIp: texts.get('customer_ip'),
    lang: texts.get('lang') === 'en' ? 'en' : 'ar',
  };
}

/** @throws {ApiError} 422 for an amount that is well-formed but not taken. */
function refuseAmount(amount: string, limits: AmountLimits): void {
  const { minAmount = 0, maxAmount = Infinity } = limits;
  const dollars = Number(amount);
  if (dollars === 0) throw amountError('INVALID_AMOUNT', 'greater than 0');
  if (dollars < minAmount) {
    throw amountError('NOT_ALLOWED_AMOUNT', `at least ${minAmount}`);
  }
  if (dollars > maxAmount) {
    throw amountError('AMOUNT_EXCEEDED_MAXIMUM', `at most ${maxAmount}`);
  }
}

function amountError(code: string, rule: string): ApiError {
  return new ApiError(422, code, `The amount must be ${rule}.`, {
    amount: [`must be ${rule}`],
  });
}
