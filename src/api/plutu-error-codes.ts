/**
 * Who can mend what Plutu refused.
 *
 * - `configuration`: the merchant's keys, IP whitelist or gateways at Plutu
 * - `request`: what this request asked for
 * - `customer`: the customer's account or input
 * - `plutu`: Plutu or the bank behind it
 */
export type PlutuFault = 'configuration' | 'request' | 'customer' | 'plutu';

/** The codes that Plutu's official plugins know, and who can mend them. */
const FAULTS = {
  AUTH_ERROR: 'configuration',
  UNAUTHORIZED: 'configuration',
  UNAUTHORIZED_MERCHANT_ACCOUNT: 'configuration',
  FORBIDDEN_IP_ADDRESS: 'configuration',
  SECRET_KEY_DOES_NOT_EXIST: 'configuration',
  INVALID_MERCHANT_SECRET_KEY: 'configuration',
  DENIED_ACCESS_GATEWAY: 'configuration',
  INVALID_GATEWAY: 'configuration',
  INVALID_MERCHANT_CATEGORY: 'configuration',
  MISSING_PARAMETER: 'request',
  MISSING_QR_PARAMETER: 'request',
  INVALID_INPUTS: 'request',
  INVALID_AMOUNT: 'request',
  NOT_ALLOWED_AMOUNT: 'request',
  AMOUNT_EXCEEDED_MAXIMUM: 'request',
  CURRENCY_NOT_SUPPORTED: 'request',
  DUPLICATED_INVOICE_NUMBER: 'request',
  INVALID_INVOICE_AMOUNT_OR_NUMBER: 'request',
  REFERENCE_NUMBER_DOES_NOT_EXIST: 'request',
  INSUFFICIENT_BALANCE: 'customer',
  CHECK_BANK_ACCOUNT: 'customer',
  NOT_SUBSCRIBED: 'customer',
  INVALID_MOBILE_NUMBER: 'customer',
  INVALID_MOBILE_NUMBER_OR_BIRTH_YEAR: 'customer',
  EMPTY_MOBILE_NUMBER: 'customer',
  EMPTY_BIRTH_YEAR: 'customer',
  // Plutu spells these two so.
  INVLIAD_OTP: 'customer',
  OTP_WAIT_BEFORE_RESNED: 'customer',
  OTP_EXPIRED: 'customer',
  BACKEND_ERROR: 'plutu',
  BACKEND_SERVER_ERROR: 'plutu',
  ADD_PAYMENT_ERROR: 'plutu',
  CONFIRMATION_ERROR: 'plutu',
} as const satisfies Record<string, PlutuFault>;

/** An error code that is known to this package. Plutu's list is open. */
export type PlutuErrorCode = keyof typeof FAULTS;

export function isKnownErrorCode(code: string): code is PlutuErrorCode {
  return Object.hasOwn(FAULTS, code);
}

/** Who can mend a refusal: by its code, or else by its HTTP status. */
export function faultOf(code: string, httpStatus: number): PlutuFault {
  if (isKnownErrorCode(code)) return FAULTS[code];
  if (httpStatus === 429 || httpStatus >= 500) return 'plutu';
  // A path that Plutu does not have comes from a wrong `baseUrl`.
  if ([401, 403, 404].includes(httpStatus)) return 'configuration';
  return 'request';
}
