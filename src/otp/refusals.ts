import type { PlutuErrorCode } from '../errors/plutu-error-codes.js';
import {
  PlutuConnectionError,
  PlutuOtpError,
  PlutuRefusedError,
  type OtpProblem,
} from '../errors/plutu-errors.js';

/** The problems that the customer can do something about, by Plutu's code. */
const PROBLEMS: Readonly<Partial<Record<PlutuErrorCode, OtpProblem>>> = {
  INVLIAD_OTP: 'wrong-code',
  // Adfali's answer to a wrong code.
  CONFIRMATION_ERROR: 'wrong-code',
  OTP_EXPIRED: 'expired',
  OTP_WAIT_BEFORE_RESNED: 'wait',
  PHONE_NUMBER_IS_LOCKED: 'locked',
  NOT_SUBSCRIBED: 'not-subscribed',
  INVALID_MOBILE_NUMBER: 'wrong-number',
  INVALID_MOBILE_NUMBER_OR_BIRTH_YEAR: 'wrong-number',
  INSUFFICIENT_BALANCE: 'insufficient-balance',
  CHECK_BANK_ACCOUNT: 'account-problem',
};

/** Failures of Plutu that come before anything is charged. */
const TURNED_AWAY: readonly PlutuErrorCode[] = [
  'MAINTENANCE_MODE',
  'TOO_MAY_REQUESTS',
];

/** HTTP statuses of an answer without a known code that mean no. */
const NO = [400, 401, 403, 404, 422];

/**
 * How a charge ended, if Plutu did not say that it charged.
 *
 * - `refused`: it said no, which counts as a try of the code
 * - `not-sent`: it certainly did not try the code
 * - `unknown`: the money may have been taken
 */
export function chargeFailure(
  error: unknown,
): 'refused' | 'not-sent' | 'unknown' {
  if (error instanceof PlutuConnectionError) return 'not-sent';
  if (!(error instanceof PlutuRefusedError)) return 'unknown';
  const { fault, knownCode, httpStatus } = error;
  if (!knownCode) {
    if (httpStatus === 429) return 'not-sent';
    return NO.includes(httpStatus) ? 'refused' : 'unknown';
  }
  if (fault === 'configuration' || TURNED_AWAY.includes(knownCode)) {
    return 'not-sent';
  }
  // A code that says what is wrong counts more than the HTTP status: Plutu does not
  // document the status for a wrong one-time password.
  return fault === 'plutu' ? 'unknown' : 'refused';
}

/** The same error, or one that says more: what the customer or the merchant can do. */
export function explained(error: unknown): unknown {
  if (!(error instanceof PlutuRefusedError)) return error;
  const problem = error.knownCode && PROBLEMS[error.knownCode];
  if (problem) return new PlutuOtpError(problem, error.code);
  if (error.knownCode !== 'DUPLICATED_INVOICE_NUMBER') return error;
  const { code, knownCode, fault, retryable, httpStatus, fields } = error;
  return new PlutuRefusedError({
    code,
    knownCode,
    fault,
    retryable,
    httpStatus,
    fields,
    message: `${error.message} An earlier attempt with this invoice number may have been paid: look it up in Plutu's dashboard before the customer pays again.`,
  });
}
