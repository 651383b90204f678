import { ClientRequest } from 'node:http';
import { TLSSocket } from 'node:tls';
import { isAxiosError } from 'axios';
import { throwError, timer, type Observable } from 'rxjs';
import {
  PlutuConnectionError,
  PlutuOutcomeUnknownError,
  PlutuUnexpectedAnswerError,
  type PlutuError,
} from '../errors/plutu-errors.js';

/** No connection was made. The next attempt may succeed. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Nothing was sent either, but an immediate retry would only fail again. */
const NOTHING_SENT = new Set([
  ...UNREACHABLE,
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'EAI_FAIL',
  'EAI_NODATA',
]);

/** The first pause before connecting again, in milliseconds; it doubles. */
const FIRST_PAUSE = 200;

/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 5_000;

/**
 * Turns what axios threw into this package's error. The original is dropped
 * with everything that hangs on it: it holds the request and its headers.
 *
 * @param host where the request was to go.
 * @param invoiceNo the invoice that it was about.
 */
export function requestFailure(
  error: unknown,
  host: string,
  invoiceNo: string,
): PlutuError {
  if (isAxiosError(error) && error.message.startsWith('maxContentLength')) {
    return new PlutuUnexpectedAnswerError('it is too large', undefined, '');
  }
  const failures = systemErrors(error);
  const isBeforeSending =
    isHandshaking(error) ||
    (failures.length > 0 && failures.every(isConnectFailure));
  if (isBeforeSending) {
    return new PlutuConnectionError(failures[0]?.code ?? 'UNKNOWN', host);
  }
  return new PlutuOutcomeUnknownError('cut-off', invoiceNo);
}

/** For rxjs `timeout`: the error for an answer that did not come in time. */
export function timedOut(invoiceNo: string): Observable<never> {
  return throwError(() => new PlutuOutcomeUnknownError('timeout', invoiceNo));
}

/** For rxjs `retry`: waits before another attempt, or passes the error on. */
export function pauseBeforeRetry(
  error: unknown,
  attempt: number,
): Observable<unknown> {
  const isUnreachable =
    error instanceof PlutuConnectionError && UNREACHABLE.has(error.networkCode);
  if (!isUnreachable) return throwError(() => error);
  const pause = Math.min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE);
  // Full jitter on the upper half keeps many clients from coming back at once.
  return timer(pause / 2 + Math.random() * (pause / 2));
}

function isConnectFailure(failure: NodeJS.ErrnoException): boolean {
  // An open connection can fail with the same codes; `syscall` tells the difference.
  const isConnecting =
    failure.syscall === 'connect' || failure.syscall === 'getaddrinfo';
  return isConnecting && NOTHING_SENT.has(failure.code ?? '');
}

/**
 * Whether the TLS handshake, with its certificate check, was still under way: the
 * request itself is sent after it. Asks the socket, because OpenSSL's codes do not
 * tell.
 */
function isHandshaking(error: unknown): boolean {
  const request: unknown = isAxiosError(error) ? error.request : undefined;
  const socket = request instanceof ClientRequest ? request.socket : undefined;
  return (
    socket instanceof TLSSocket &&
    'secureConnecting' in socket &&
    socket.secureConnecting === true
  );
}

/** Node's own errors behind axios's; several if a host has several addresses. */
function systemErrors(error: unknown): NodeJS.ErrnoException[] {
  if (!isAxiosError(error)) return [];
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors;
  return cause ? [cause] : [];
}
