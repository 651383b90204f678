import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.js';

/** The largest request body that is read, in bytes; a real one has about 1000. */
const MAX_BODY_LENGTH = 64 * 1024;

const FORM_TYPES = ['multipart/form-data', 'application/x-www-form-urlencoded'];

type Form = Awaited<ReturnType<Response['formData']>>;

/**
 * Reads a request's body as a form, in either encoding.
 *
 * @throws {ApiError} 413 for a body that is too large, 400 `INVALID_INPUTS` for
 *   one that is not a form.
 */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const body = await readBody(request);
  const contentType = request.headers['content-type'] ?? '';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!FORM_TYPES.includes(mediaType)) {
    throw new ApiError(
      400,
      'INVALID_INPUTS',
      `The body must be ${FORM_TYPES.join(' or ')}, but the content type is ${mediaType || 'missing'}.`,
    );
  }
  try {
    const headers = { 'content-type': contentType };
    return await new Response(body, { headers }).formData();
  } catch {
    throw new ApiError(
      400,
      'INVALID_INPUTS',
      `The body is not well-formed ${mediaType}.`,
    );
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
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
