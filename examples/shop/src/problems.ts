import { Logger } from '@nestjs/common';
import {
  PlutuAlreadyPaidError,
  PlutuError,
  PlutuInvalidRequestError,
  PlutuOtpError,
  PlutuPaymentNotDeliveredError,
  PlutuPaymentUnknownError,
  type OtpProblem,
} from 'nestjs-plutu';

/** What can go wrong for a customer; `texts.ts` has the words. */
export type Problem =
  | OtpProblem
  | 'mobileNumber'
  | 'birthYear'
  | 'code'
  | 'already-paid'
  | 'unknown'
  | 'not-delivered'
  | 'not-possible';

const FIELDS = ['mobileNumber', 'birthYear', 'code'] as const;

/**
 * What to tell the customer about an error of the module.
 *
 * @throws {unknown} the error itself, if it is another one.
 */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof PlutuError)) throw error;
  if (error instanceof PlutuOtpError) return error.problem;
  if (error instanceof PlutuAlreadyPaidError) return 'already-paid';
  if (error instanceof PlutuPaymentUnknownError) return 'unknown';
  if (error instanceof PlutuPaymentNotDeliveredError) return 'not-delivered';
  if (error instanceof PlutuInvalidRequestError) {
    const field = FIELDS.find((name) => name in error.fields);
    if (field) return field;
  }
  // The customer cannot do anything about it, and was not charged.
  new Logger('Payments').error(error.message);
  return 'not-possible';
}
