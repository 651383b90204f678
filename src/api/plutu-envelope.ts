import {
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  type FieldErrors,
} from '../errors/plutu-errors.js';
import { faultOf, knownErrorCode } from '../errors/plutu-error-codes.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly httpStatus: number;
  readonly body: string;
}

/**
 * Opens the envelope that Plutu puts every answer in.
 *
 * @param readResult makes what the caller wants from the
 *   `result` of a success; `undefined` if the result does not contain it.
 * @param redact removes the account's credentials from text that came from outside.
 * @throws {PlutuRefusedError} if the answer is a failure, whatever its HTTP status
 *   says: refusals inside an HTTP 200 have been seen.
 * @throws {PlutuUnexpectedAnswerError} if it is neither.
 */
export function openEnvelope<T>(
  answer: RawAnswer,
  readResult: (result: JsonObject) => T | undefined,
  redact: (text: string) => string,
): T {
  const { httpStatus } = answer;
  const body = parseJson(answer.body);
  if (!isObject(body)) {
    throw unexpectedAnswer('it is not a JSON object', answer, redact);
  }
  if (body['error']) {
    const error = isObject(body['error'])
      ? body['error']
      : { message: body['error'] };
    throw refusal(error, httpStatus, redact);
  }
  // Laravel's own error formats, which sometimes come without Plutu's envelope.
  if (httpStatus >= 400 && typeof body['message'] === 'string') {
    throw refusal({ ...body, fields: body['errors'] }, httpStatus, redact);
  }
  const isSuccess = httpStatus >= 200 && httpStatus < 300;
  const result =
    isSuccess && isObject(body['result'])
      ? readResult(body['result'])
      : undefined;
  if (result === undefined) {
    throw unexpectedAnswer(
      'it contains neither an error nor the expected result',
      answer,
      redact,
    );
  }
  return result;
}

function unexpectedAnswer(
  problem: string,
  { httpStatus, body }: RawAnswer,
  redact: (text: string) => string,
): PlutuUnexpectedAnswerError {
  return new PlutuUnexpectedAnswerError(
    problem,
    httpStatus,
    clean(body, 200, redact),
  );
}

function refusal(
  error: JsonObject,
  httpStatus: number,
  redact: (text: string) => string,
): PlutuRefusedError {
  const status = isHttpError(error['status']) ? error['status'] : httpStatus;
  const code = clean(error['code'], 100, redact);
  const message = clean(error['message'], 300, redact);
  const summary = `Plutu refused the request (${code || `HTTP ${status}`})`;
  const fault = faultOf(code, status);
  return new PlutuRefusedError({
    message: message ? `${summary}: ${message}` : summary,
    code: code || 'PLUTU_REFUSED',
    knownCode: knownErrorCode(code),
    fault,
    retryable: fault === 'plutu',
    httpStatus: status,
    fields: fieldErrors(error['fields'], redact),
  });
}

/** At most 50 fields with 10 messages each, so that an error stays small. */
function fieldErrors(
  fields: unknown,
  redact: (text: string) => string,
): FieldErrors {
  if (!isObject(fields)) return {};
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, 50)
      .map(([name, messages]) => [
        propertyName(clean(name, 100, redact)),
        (Array.isArray(messages) ? messages : [messages])
          .slice(0, 10)
          .map((message) => clean(message, 300, redact)),
      ]),
  );
}

/** The request's own name for a field of Plutu's: `invoiceNo` for `invoice_no`. */
function propertyName(wireName: string): string {
  return wireName.replace(/_([a-z])/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
}

/** Text from outside, made fit for a log: one line, bounded, no credentials. */
function clean(
  text: unknown,
  maxLength: number,
  redact: (text: string) => string,
): string {
  if (typeof text !== 'string' && typeof text !== 'number') return '';
  // Redacted before it is cut, so that no part of a credential is left over.
  const line = redact(
    String(text)
      .replace(/[\p{C}\p{Z}]+/gu, ' ')
      .trim(),
  );
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHttpError(value: unknown): value is number {
  return typeof value === 'number' && value >= 400 && value <= 599;
}
