import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api/api-error.js';

/** The largest request body that is read, in bytes; a real one has about 1000. */
const MAX_BODY_LENGTH = 16 * 1024;

/**
 * Reads a request's whole body.
 *
 * @throws {ApiError} 413 for a body of more than 16 KiB.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // A body that is too large is read to its end but not kept: a client that is
  // cut off while it still sends sees a broken connection and not the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BODY_LENGTH) chunks.push(chunk);
  }
  if (length > MAX_BODY_LENGTH) {
    throw new ApiError(
      413,
      'PAYLOAD_TOO_LARGE',
      `The body is larger than ${MAX_BODY_LENGTH} bytes.`,
    );
  }
  return Buffer.concat(chunks);
}

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a request's body as a JSON object; an empty body is an empty object.
 *
 * @throws {ApiError} 400 `INVALID_INPUTS` for anything else, and as
 *   {@link readBody} does.
 */
export async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const text = (await readBody(request)).toString();
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new ApiError(400, 'INVALID_INPUTS', 'The body is not a JSON object.');
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
