import { isIP } from 'node:net';
import type { HostedGateway } from '../gateways/hosted-gateway.js';
import type { AmountLimits } from './account.js';
import { ApiError } from './api-error.js';
import { checkForm, HTTP_URL, type FieldRules } from './field-rules.js';
import type { Form } from './request-form.js';

/** The form of a confirm request, checked; texts are as they were sent. */
export interface ConfirmRequest {
  /** The gateway's name at the wire. */
  readonly gateway: string;
  readonly amount: string;
  readonly invoiceNo: string;
  readonly returnUrl: string;
  /** If the gateway calls the merchant's server elsewhere. */
  readonly callbackUrl: string | undefined;
  readonly customerIp: string | undefined;
  readonly lang: 'ar' | 'en';
}

/** An amount in a request, of every gateway. */
export const AMOUNT = /^\d+(\.\d{1,2})?$/;

// The sandbox's own reading of Plutu's documentation. Sharing the package's
// DTO would let a mistake in it pass here as well.
const HOSTED_FIELDS: FieldRules = {
  amount: {
    required: true,
    isValid: (text) => AMOUNT.test(text),
    message: 'must be a number with at most two decimals, such as 5.00',
    code: 'INVALID_AMOUNT_FORMAT',
  },
  invoice_no: {
    required: true,
    isValid: (text) => /^[A-Za-z0-9._-]+$/.test(text),
    message: 'may hold only letters, digits, dots, dashes and underscores',
  },
  return_url: { required: true, ...HTTP_URL },
  customer_ip: {
    required: false,
    isValid: (text) => isIP(text) !== 0,
    message: 'must be an IP address',
  },
  lang: {
    required: false,
    isValid: (text) => text === 'ar' || text === 'en',
    message: 'must be ar or en',
  },
};

/** All the fields of a gateway's confirm request. */
export function confirmFields({ fields }: HostedGateway): FieldRules {
  return { ...HOSTED_FIELDS, ...fields };
}

/**
 * Checks each field of a confirm request's form.
 *
 * @throws {ApiError} 422 with everything that is wrong with the form, or one of
 *   the amount's codes.
 */
export function readConfirmRequest(
  form: Form,
  gateway: HostedGateway,
  rules: AmountLimits & { readonly refusesUnknownFields: boolean },
): ConfirmRequest {
  const texts = checkForm(
    form,
    confirmFields(gateway),
    rules.refusesUnknownFields,
  );
  const amount = texts.get('amount') ?? '';
  refuseAmount(amount, rules);
  return {
    gateway: gateway.name,
    amount,
    invoiceNo: texts.get('invoice_no') ?? '',
    returnUrl: texts.get('return_url') ?? '',
    callbackUrl: texts.get('callback_url'),
    customerIp: texts.get('customer_ip'),
    lang: texts.get('lang') === 'en' ? 'en' : 'ar',
  };
}

/** @throws {ApiError} 422 for an amount that is well-formed but not taken. */
function refuseAmount(amount: string, limits: AmountLimits): void {
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
