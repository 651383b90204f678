import type { PlutuErrorCode } from '../errors/plutu-error-codes.js';
import {
  PlutuConnectionError,
  PlutuOtpError,
  PlutuRefusedError,
  type OtpProblem,
} from '../errors/plutu-errors.js';

/** What the customer can do something about, by Plutu's code. */
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
 * What came of asking Plutu to charge, if it did not say that it has.
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
  // A code that says what is wrong counts for more than the HTTP status: which one
  // Plutu answers a wrong one-time password with is not documented.
  return fault === 'plutu' ? 'unknown' : 'refused';
}

/** The same error, or one that says more: what the customer can do, or a person. */
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
