import type { ServerResponse } from 'node:http';
import {
  callbackChannel,
  type PlutuCallbackTrace,
} from '../diagnostics/channels.js';
import {
  CallbackException,
  CallbackNotAcceptedException,
} from './callback.exceptions.js';
import type { CallbackEndpoint } from './endpoint-metadata.js';

/** Nest's response: Node's own, or around it on Fastify. */
type Response = ServerResponse | { readonly raw: ServerResponse };

/**
 * Publishes a message from here until it is answered.
 *
 * @param run takes the message, and notes what it is; it gets no trace if nobody
 *   listens.
 * @returns what `run` resolves to, as soon as it does.
 */
export function traceCallback<T>(
  { channel, account }: CallbackEndpoint,
  response: Response,
  run: (trace: PlutuCallbackTrace | undefined) => Promise<T>,
): Promise<T> {
  if (!callbackChannel.hasSubscribers) return run(undefined);
  const { kind, gateway } = channel;
  const trace: PlutuCallbackTrace = { kind, account, gateway };
  const answer = 'raw' in response ? response.raw : response;
  return new Promise((resolve, reject) => {
    const untilAnswered = async (): Promise<void> => {
      const running = run(trace);
      running.then(resolve, reject);
      const failure = await running.then(() => undefined, failureOf);
      await isOver(answer);
      if (answer.headersSent) trace.httpStatus = answer.statusCode;
      if (failure) throw failure.error;
    };
    // By then, the caller that waits for the answer has got the error.
    callbackChannel.tracePromise(untilAnswered, trace).catch(() => {});
  });
}

/** @returns `undefined` if nothing went wrong: refusing a forgery is no failure. */
function failureOf(
  exception: unknown,
): { readonly error: unknown } | undefined {
  if (exception instanceof CallbackNotAcceptedException) {
    return { error: exception.cause };
  }
  return exception instanceof CallbackException
    ? undefined
    : { error: exception };
}

function isOver(answer: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (answer.closed) resolve();
    else answer.once('close', resolve);
  });
}
