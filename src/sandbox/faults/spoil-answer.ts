import type { ServerResponse } from 'node:http';
import { ApiError } from '../api/api-error.js';
import { failure, json, type Answer } from '../http/answer.js';
import type { ConfirmFaults } from './sandbox-faults.js';

/** By code, if it is not 422; those of Plutu's documentation and plugins. */
const STATUSES: Readonly<Record<string, number>> = {
  AUTH_ERROR: 401,
  UNAUTHORIZED: 401,
  UNAUTHORIZED_MERCHANT_ACCOUNT: 401,
  FORBIDDEN_IP_ADDRESS: 403,
  SECRET_KEY_DOES_NOT_EXIST: 403,
  INVALID_MERCHANT_SECRET_KEY: 403,
  DENIED_ACCESS_GATEWAY: 403,
  INVALID_GATEWAY: 403,
  INVALID_MERCHANT_CATEGORY: 403,
  TEST_MODE_NOT_SUPPORTED: 403,
  TOO_MAY_REQUESTS: 429,
  TOO_MANY_REQUESTS: 429,
  BACKEND_ERROR: 500,
  BACKEND_SERVER_ERROR: 500,
  ADD_PAYMENT_ERROR: 500,
  CONFIRMATION_ERROR: 500,
  MAINTENANCE_MODE: 503,
};

/** The code of what a fault answers in place of opening a checkout, if any. */
export function refusalCodeOf({
  confirm,
  errorCode = 'BACKEND_ERROR',
}: ConfirmFaults): string | undefined {
  if (confirm === 'laravel-422') return 'INVALID_INPUTS';
  return confirm === 'error' || confirm === 'error-in-200'
    ? errorCode
    : undefined;
}

/** What a fault answers in place of opening a checkout, if it is of that kind. */
export function refusalBy(faults: ConfirmFaults): Answer | undefined {
  const code = refusalCodeOf(faults);
  if (code === undefined) return undefined;
  if (faults.confirm === 'laravel-422') {
    const message = 'The given data was invalid.';
    const errors = { amount: ['The amount format is invalid.'] };
    return json(422, { message, errors });
  }
  const error = new ApiError(
    STATUSES[code.toUpperCase()] ?? 422,
    code,
    'A fault of the sandbox, as it was asked for.',
  );
  return faults.confirm === 'error'
    ? failure(error)
    : json(200, error.toEnvelope());
}

/**
 * What a fault makes of an answer on its way; `undefined` where none is to be
 * sent, and the response has been seen to.
 */
export function spoil(
  answer: Answer,
  { confirm }: ConfirmFaults,
  response: ServerResponse,
): Answer | undefined {
  switch (confirm) {
    case 'hang':
      return undefined;
    case 'reset':
      response.socket?.resetAndDestroy();
      return undefined;
    case 'html-502':
      return {
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>',
      };
    case 'empty-body':
      return { ...answer, body: '' };
    case 'truncated-json':
      return {
        ...answer,
        body: answer.body?.slice(0, answer.body.length / 2) ?? '',
      };
    default:
      return answer;
  }
}
