import type { ServerResponse } from 'node:http';
import { refusal, type ApiError } from '../api/api-error.js';
import { failure, json, type Answer } from '../http/answer.js';
import type { RequestFaults } from './sandbox-faults.js';

/** What a fault answers before anything is done, if it is of that kind. */
export function refusalBy({
  answer,
  errorCode: code = 'BACKEND_ERROR',
}: RequestFaults): { code: string; answer: Answer } | undefined {
  switch (answer) {
    case 'laravel-422': {
      const message = 'The given data was invalid.';
      const errors = { amount: ['The amount format is invalid.'] };
      return { code: 'INVALID_INPUTS', answer: json(422, { message, errors }) };
    }
    case 'error':
      return { code, answer: failure(asAskedFor(code)) };
    case 'error-in-200':
      return { code, answer: json(200, asAskedFor(code).toEnvelope()) };
    default:
      return undefined;
  }
}

function asAskedFor(code: string): ApiError {
  return refusal(code, 'A fault of the sandbox, as it was asked for.');
}

/**
 * What a fault makes of an answer on its way; `undefined` where none is to be
 * sent, and the response has been seen to.
 */
export function spoil(
  answer: Answer,
  faults: RequestFaults,
  response: ServerResponse,
): Answer | undefined {
  switch (faults.answer) {
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
