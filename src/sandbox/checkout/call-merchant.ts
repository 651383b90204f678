import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isLoopbackHost } from '../http/loopback.js';
import type { SandboxMessage } from './merchant-message.js';

const TIMEOUT_MS = 10_000;

/** Of the merchant's answer, in bytes; enough to see what it was. */
const MAX_ANSWER_LENGTH = 1_000;

/** The result of one server-to-server call. */
export interface MerchantAnswer {
  /** The HTTP status that the merchant's server answered, if it did. */
  readonly status?: number;
  /**
   * The beginning of what it answered, at most 1000 bytes. `undefined` if the
   * sandbox listens beyond this machine: it calls services that its own callers
   * cannot reach, and would read them out.
   */
  readonly answer?: string;
  /** Why there was no answer, if there was none. */
  readonly error?: string;
  /** From the call to the answer's head, or to the error, in milliseconds. */
  readonly durationMs: number;
}

/** Calls the merchant's server. A failure is returned and never thrown. */
export async function callMerchant(
  message: SandboxMessage,
  {
    allowRemote,
    showsAnswers,
    closing,
  }: {
    readonly allowRemote: boolean;
    readonly showsAnswers: boolean;
    readonly closing: AbortSignal;
  },
): Promise<MerchantAnswer> {
  const { hostname } = new URL(message.url);
  if (!allowRemote && !isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))) {
    return {
      error: `Not called: ${hostname} is not this machine. Let the sandbox call others with --allow-remote-callbacks (allowRemoteCallbacks).`,
      durationMs: 0,
    };
  }
  const start = performance.now();
  let ended: number | undefined;
  const elapsed = () => (ended ??= Math.round(performance.now() - start));
  // By hand, since on Node 20 a signal of `AbortSignal.any` can be garbage
  // collected before its timeout comes.
  const call = new AbortController();
  const timer = setTimeout(
    () => call.abort(new Error(`No answer within ${TIMEOUT_MS} ms.`)),
    TIMEOUT_MS,
  );
  const abort = () => call.abort(closing.reason);
  closing.addEventListener('abort', abort);
  try {
    if (closing.aborted) abort();
    call.signal.throwIfAborted();
    const response = await send(message, call.signal);
    elapsed();
    const status = response.statusCode;
    if (!showsAnswers) {
      response.destroy();
      return { status, durationMs: elapsed() };
    }
    const answer = await readBeginning(response);
    return { status, answer, durationMs: elapsed() };
  } catch (error) {
    const { aborted, reason } = call.signal;
    if (aborted) return { error: describe(reason), durationMs: elapsed() };
    // A message may quote the other side, such as the names in a certificate.
    const problem = showsAnswers ? describe(error) : codeOf(error);
    return { error: problem, durationMs: elapsed() };
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', abort);
  }
}

/** Redirects are not followed, and no connection is kept for later. */
function send(
  { method, url, body }: SandboxMessage,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(url, {
      method,
      agent: false,
      signal,
      headers: {
        accept: '*/*',
        'user-agent': 'nestjs-plutu (sandbox)',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
    })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length >= MAX_ANSWER_LENGTH) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_LENGTH).toString();
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node's error for a host with several addresses has a code and no message.
  return error.message || codeOf(error);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'No answer';
  return 'code' in error ? String(error.code) : error.name;
}
