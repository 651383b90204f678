import { isAxiosError } from 'axios';
import { throwError, timer, type Observable } from 'rxjs';
import {
  PlutuConnectionError,
  PlutuOutcomeUnknownError,
  PlutuUnexpectedAnswerError,
  type PlutuError,
} from '../plutu.errors.js';

/** No connection came about; it may the next time. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Nor in these, where trying again by itself would only repeat the failure. */
const NOTHING_SENT = new Set([
  ...UNREACHABLE,
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'EAI_FAIL',
  'EAI_NODATA',
]);

/** The TLS handshake failed: the request itself comes after it. */
const TLS_FAILURE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** The first pause before connecting again, in milliseconds; it doubles. */
const FIRST_PAUSE = 200;

/**
 * Turns what axios threw into this package's error. The original is dropped
 * with everything that hangs on it: it holds the request and its headers.
 */
export function requestFailure(error: unknown): PlutuError {
  if (isAxiosError(error) && error.message.startsWith('maxContentLength')) {
    return new PlutuUnexpectedAnswerError('it is too large', undefined, '');
  }
  const failures = systemErrors(error);
  if (failures.length > 0 && failures.every(isBeforeSending)) {
    return new PlutuConnectionError(failures[0]?.code ?? 'UNKNOWN');
  }
  return new PlutuOutcomeUnknownError('cut-off');
}

/** For rxjs `timeout`: what takes the place of an answer that did not come. */
export function timedOut(): Observable<never> {
  return throwError(() => new PlutuOutcomeUnknownError('timeout'));
}

/** For rxjs `retry`: waits before another attempt, or gives the error back. */
export function pauseBeforeRetry(
  error: unknown,
  attempt: number,
): Observable<unknown> {
  const isUnreachable =
    error instanceof PlutuConnectionError && UNREACHABLE.has(error.networkCode);
  if (!isUnreachable) return throwError(() => error);
  const pause = FIRST_PAUSE * 2 ** (attempt - 1);
  // Full jitter on the upper half keeps many clients from coming back at once.
  return timer(pause / 2 + Math.random() * (pause / 2));
}

function isBeforeSending(failure: NodeJS.ErrnoException): boolean {
  const code = failure.code ?? '';
  // The same codes also end a connection that was up; `syscall` tells.
  const isConnecting =
    failure.syscall === 'connect' || failure.syscall === 'getaddrinfo';
  return (isConnecting && NOTHING_SENT.has(code)) || TLS_FAILURE.test(code);
}

/** Node's own errors below axios's; several where a host has several addresses. */
function systemErrors(error: unknown): NodeJS.ErrnoException[] {
  if (!isAxiosError(error)) return [];
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors;
  return cause ? [cause] : [];
}
