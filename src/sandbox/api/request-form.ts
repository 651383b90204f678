import type { IncomingMessage } from 'node:http';
import { readBody } from '../http/read-body.js';
import { ApiError } from './api-error.js';

const FORM_TYPES = ['multipart/form-data', 'application/x-www-form-urlencoded'];

export type Form = Awaited<ReturnType<Response['formData']>>;

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
