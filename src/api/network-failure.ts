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

/** The first pause before connecting again, in milliseconds; it doubles. */
const FIRST_PAUSE = 200;

/** The longest, in milliseconds. */
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

/** For rxjs `timeout`: what takes the place of an answer that did not come. */
export function timedOut(invoiceNo: string): Observable<never> {
  return throwError(() => new PlutuOutcomeUnknownError('timeout', invoiceNo));
}

/** For rxjs `retry`: waits before another attempt, or gives the error back. */
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
  // The same codes also end a connection that was up; `syscall` tells.
  const isConnecting =
    failure.syscall === 'connect' || failure.syscall === 'getaddrinfo';
  return isConnecting && NOTHING_SENT.has(failure.code ?? '');
}

/**
 * Whether TLS was still being agreed on, certificate included: the request
 * itself comes after that. By the socket, since OpenSSL's codes do not tell.
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

/** Node's own errors below axios's; several where a host has several addresses. */
function systemErrors(error: unknown): NodeJS.ErrnoException[] {
  if (!isAxiosError(error)) return [];
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors;
  return cause ? [cause] : [];
}
