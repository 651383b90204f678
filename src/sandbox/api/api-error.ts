import type { OutgoingHttpHeaders } from 'node:http';

/** Wire names of form fields, each with what is wrong with it. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** A request that the sandbox refuses; the router answers it as Plutu would. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields?: FieldErrors,
    readonly headers?: OutgoingHttpHeaders,
  ) {
    super(message);
  }

  /** Plutu's failure envelope. */
  toEnvelope(): object {
    const { status, code, message, fields } = this;
    return { error: { status, code, message, ...(fields && { fields }) } };
  }
}

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
  MAINTENANCE_MODE: 503,
};

/** A refusal with the HTTP status that goes with its code. */
export function refusal(
  code: string,
  message: string,
  fields?: FieldErrors,
): ApiError {
  const status = STATUSES[code.toUpperCase()] ?? 422;
  return new ApiError(status, code, message, fields);
}
