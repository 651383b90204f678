import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ApiError } from '../api/api-error.js';

/** A whole HTTP answer, not yet sent. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | undefined;
}

export function json(
  status: number,
  value: object,
  headers: OutgoingHttpHeaders = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

export function noContent(): Answer {
  return { status: 204, headers: {} };
}

/** To be fetched with GET, whatever the request's method was. */
export function seeOther(location: string): Answer {
  return { status: 303, headers: { location } };
}

/** Any failure, in Plutu's envelope. */
export function failure(error: ApiError): Answer {
  return json(error.status, error.toEnvelope(), error.headers);
}

/** What was thrown, as the caller gets it. */
export function toApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(500, 'BACKEND_SERVER_ERROR', String(error));
}

export function send(
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    ...headers,
  });
  response.end(body);
}
