/**
 * Who can correct what Plutu refused.
 *
 * - `configuration`: the merchant's keys, IP whitelist or gateways at Plutu
 * - `request`: what this request asked for
 * - `customer`: the customer's account or input
 * - `plutu`: Plutu or the bank behind it
 */
export type PlutuFault = 'configuration' | 'request' | 'customer' | 'plutu';

/**
 * The codes that Plutu's official plugins and careful integrations know, in Plutu's
 * spelling, and who can correct them.
 */
const FAULTS = {
  UNAUTHORIZED: 'configuration',
  AUTH_ERROR: 'configuration',
  UNAUTHORIZED_MERCHANT_ACCOUNT: 'configuration',
  FORBIDDEN_IP_ADDRESS: 'configuration',
  SECRET_KEY_DOES_NOT_EXIST: 'configuration',
  INVALID_MERCHANT_SECRET_KEY: 'configuration',
  INVALID_GATEWAY: 'configuration',
  DENIED_ACCESS_GATEWAY: 'configuration',
  INVALID_MERCHANT_CATEGORY: 'configuration',
  TEST_MODE_NOT_SUPPORTED: 'configuration',
  CURRENCY_NOT_SUPPORTED: 'configuration',
  // The plugins say that the merchant's settings at Plutu lack it, not the request.
  MISSING_PARAMETER: 'configuration',
  MISSING_QR_PARAMETER: 'request',
  REFERENCE_NUMBER_DOES_NOT_EXIST: 'request',
  INVALID_INPUTS: 'request',
  EMPTY_MOBILE_NUMBER: 'request',
  EMPTY_BIRTH_YEAR: 'request',
  INVALID_AMOUNT: 'request',
  INVALID_AMOUNT_FORMAT: 'request',
  NOT_ALLOWED_AMOUNT: 'request',
  AMOUNT_NOT_ALLOWED: 'request',
  AMOUNT_EXCEEDED_MAXIMUM: 'request',
  SANDBOX_TRANSACTION_LIMIT_EXCEEDED: 'request',
  DUPLICATED_INVOICE_NUMBER: 'request',
  INVALID_INVOICE_AMOUNT_OR_NUMBER: 'request',
  INVALID_MOBILE_NUMBER: 'customer',
  INVALID_MOBILE_NUMBER_OR_BIRTH_YEAR: 'customer',
  NOT_SUBSCRIBED: 'customer',
  CHECK_BANK_ACCOUNT: 'customer',
  INSUFFICIENT_BALANCE: 'customer',
  PHONE_NUMBER_IS_LOCKED: 'customer',
  // Adfali's answer to a wrong one-time password.
  CONFIRMATION_ERROR: 'customer',
  INVLIAD_OTP: 'customer',
  OTP_EXPIRED: 'customer',
  OTP_WAIT_BEFORE_RESNED: 'customer',
  MAINTENANCE_MODE: 'plutu',
  TOO_MAY_REQUESTS: 'plutu',
  BACKEND_ERROR: 'plutu',
  BACKEND_SERVER_ERROR: 'plutu',
  ADD_PAYMENT_ERROR: 'plutu',
  // The official SDK makes these two up if it got no usable answer.
  CONNECT_ERROR: 'plutu',
  REQUEST_ERROR: 'plutu',
} as const satisfies Record<string, PlutuFault>;

/**
 * An error code that this package knows, in Plutu's own spelling. Plutu may have
 * others.
 */
export type PlutuErrorCode = keyof typeof FAULTS;

/** Correct spellings that Plutu may send one day instead of its own. */
const CORRECTED: ReadonlyMap<string, PlutuErrorCode> = new Map([
  ['INVALID_OTP', 'INVLIAD_OTP'],
  ['OTP_WAIT_BEFORE_RESEND', 'OTP_WAIT_BEFORE_RESNED'],
  ['TOO_MANY_REQUESTS', 'TOO_MAY_REQUESTS'],
]);

/**
 * @param code in any case: Plutu also sends `Unauthorized`.
 * @returns `undefined` for an unknown code.
 */
export function knownErrorCode(code: string): PlutuErrorCode | undefined {
  const upper = code.toUpperCase();
  return isKnown(upper) ? upper : CORRECTED.get(upper);
}

/** Who can correct a refusal: by its code, or else by its HTTP status. */
export function faultOf(code: string, httpStatus: number): PlutuFault {
  const known = knownErrorCode(code);
  if (known) return FAULTS[known];
  if (httpStatus === 429 || httpStatus >= 500) return 'plutu';
  // A path that Plutu does not have comes from a wrong `baseUrl`.
  if ([401, 403, 404].includes(httpStatus)) return 'configuration';
  return 'request';
}

function isKnown(code: string): code is PlutuErrorCode {
  return Object.hasOwn(FAULTS, code);
}
