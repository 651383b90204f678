import { isIP } from 'node:net';
import type { AmountLimits } from './account.js';
import { ApiError } from './api-error.js';
import type { FieldRule } from './field-rules.js';

// The sandbox's own reading of Plutu's documentation. Sharing the package's
// DTOs would let a mistake in them pass here as well.

/** An amount in a request, of every gateway. */
export const AMOUNT = /^\d+(\.\d{1,2})?$/;

export const AMOUNT_FIELD: FieldRule = {
  required: true,
  isValid: (text) => AMOUNT.test(text),
  message: 'must be a number with at most two decimals, such as 5.00',
  code: 'INVALID_AMOUNT_FORMAT',
};

export const INVOICE_NO_FIELD: FieldRule = {
  required: true,
  isValid: (text) => /^[A-Za-z0-9._-]+$/.test(text),
  message: 'may hold only letters, digits, dots, dashes and underscores',
};

export const CUSTOMER_IP_FIELD: FieldRule = {
  required: false,
  isValid: (text) => isIP(text) !== 0,
  message: 'must be an IP address',
};

/** Of any Libyan operator, with or without the leading zero. */
export const MOBILE_NUMBER_FIELD: FieldRule = {
  required: true,
  isValid: (text) => /^0?9[1-6]\d{7}$/.test(text),
  message: 'must be a Libyan mobile number, such as 0913632323',
};

/** @throws {ApiError} 422 for an amount that is well-formed but not taken. */
export function refuseAmount(amount: string, limits: AmountLimits): void {
  const { minAmount = 0, maxAmount = Infinity } = limits;
  const value = Number(amount);
  if (value === 0) throw amountError('AMOUNT_NOT_ALLOWED', 'greater than 0');
  if (value < minAmount) {
    throw amountError('AMOUNT_NOT_ALLOWED', `at least ${minAmount}`);
  }
  if (value > maxAmount) {
    throw amountError('AMOUNT_EXCEEDED_MAXIMUM', `at most ${maxAmount}`);
  }
}

function amountError(code: string, rule: string): ApiError {
  return new ApiError(422, code, `The amount must be ${rule}.`, {
    amount: [`must be ${rule}`],
  });
}
