import { describe, expect, it } from 'vitest';
import {
  faultOf,
  knownErrorCode,
  type PlutuFault,
} from '../../src/errors/plutu-error-codes.js';

/** Every code that is known of Plutu, by who can correct it. */
const TABLE: Record<PlutuFault, readonly string[]> = {
  configuration: [
    'UNAUTHORIZED',
    'AUTH_ERROR',
    'UNAUTHORIZED_MERCHANT_ACCOUNT',
    'FORBIDDEN_IP_ADDRESS',
    'SECRET_KEY_DOES_NOT_EXIST',
    'INVALID_MERCHANT_SECRET_KEY',
    'INVALID_GATEWAY',
    'DENIED_ACCESS_GATEWAY',
    'INVALID_MERCHANT_CATEGORY',
    'TEST_MODE_NOT_SUPPORTED',
    'CURRENCY_NOT_SUPPORTED',
    'MISSING_PARAMETER',
  ],
  request: [
    'MISSING_QR_PARAMETER',
    'REFERENCE_NUMBER_DOES_NOT_EXIST',
    'INVALID_INPUTS',
    'EMPTY_MOBILE_NUMBER',
    'EMPTY_BIRTH_YEAR',
    'INVALID_AMOUNT',
    'INVALID_AMOUNT_FORMAT',
    'NOT_ALLOWED_AMOUNT',
    'AMOUNT_NOT_ALLOWED',
    'AMOUNT_EXCEEDED_MAXIMUM',
    'SANDBOX_TRANSACTION_LIMIT_EXCEEDED',
    'DUPLICATED_INVOICE_NUMBER',
    'INVALID_INVOICE_AMOUNT_OR_NUMBER',
  ],
  customer: [
    'INVALID_MOBILE_NUMBER',
    'INVALID_MOBILE_NUMBER_OR_BIRTH_YEAR',
    'NOT_SUBSCRIBED',
    'CHECK_BANK_ACCOUNT',
    'INSUFFICIENT_BALANCE',
    'PHONE_NUMBER_IS_LOCKED',
    'CONFIRMATION_ERROR',
    'INVLIAD_OTP',
    'OTP_EXPIRED',
    'OTP_WAIT_BEFORE_RESNED',
  ],
  plutu: [
    'MAINTENANCE_MODE',
    'TOO_MAY_REQUESTS',
    'BACKEND_ERROR',
    'BACKEND_SERVER_ERROR',
    'ADD_PAYMENT_ERROR',
    'CONNECT_ERROR',
    'REQUEST_ERROR',
  ],
};

describe("Plutu's error codes", () => {
  it.each(
    Object.entries(TABLE).flatMap(([fault, codes]) =>
      codes.map((code) => [code, fault] as const),
    ),
  )('%s is known, in any case, and lies with the %s', (code, fault) => {
    for (const spelling of [code, code.toLowerCase()]) {
      expect(knownErrorCode(spelling)).toBe(code);
      // Whatever the HTTP status would say.
      expect(
        [200, 401, 422, 500].map((http) => faultOf(spelling, http)),
      ).toEqual(Array.from({ length: 4 }, () => fault));
    }
  });

  it.each([
    ['INVALID_OTP', 'INVLIAD_OTP'],
    ['OTP_WAIT_BEFORE_RESEND', 'OTP_WAIT_BEFORE_RESNED'],
    ['TOO_MANY_REQUESTS', 'TOO_MAY_REQUESTS'],
  ])('%s, spelled right, is known as %s', (code, known) => {
    expect(knownErrorCode(code)).toBe(known);
  });

  it.each(['', 'NEW_1', 'constructor', '__proto__'])(
    '%j is not known, and lies with whom the HTTP status says',
    (code) => {
      expect(knownErrorCode(code)).toBeUndefined();
      expect(
        [400, 401, 404, 429, 502].map((http) => faultOf(code, http)),
      ).toEqual([
        'request',
        'configuration',
        'configuration',
        'plutu',
        'plutu',
      ]);
    },
  );
});
