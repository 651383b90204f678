import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../api/api-error.js';
import type { Answer } from './answer.js';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The parts of the path that its pattern names with a colon, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** What to answer; `undefined` where the handler saw to the response itself. */
type Handled = Answer | undefined;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Such as `/checkout/:token/pay`. */
  readonly path: string;
  readonly handle: (exchange: Exchange) => Handled | Promise<Handled>;
}

/**
 * Hands a request to the first route for its path and method.
 *
 * @throws {ApiError} 404 for an unknown path, 405 for another method.
 */
export async function dispatch(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Handled> {
  const [path = '', query] = (request.url ?? '').split('?', 2);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const allowed = new Set<string>();
  for (const route of routes) {
    const params = match(route.path, path);
    if (!params) continue;
    if (route.method === method) {
      return route.handle({
        request,
        response,
        query: new URLSearchParams(query),
        params,
      });
    }
    allowed.add(route.method);
  }
  if (allowed.size === 0) {
    throw new ApiError(
      404,
      'NOT_FOUND',
      `The sandbox has no ${path}. Its API begins with /api/v1.`,
    );
  }
  const allow = [...allowed].join(', ');
  throw new ApiError(
    405,
    'METHOD_NOT_ALLOWED',
    `Only ${allow} is allowed here.`,
    undefined,
    { allow },
  );
}

function match(
  pattern: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  if (wanted.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of wanted.entries()) {
    const part = parts[index] ?? '';
    if (name.startsWith(':')) params[name.slice(1)] = decode(part);
    else if (name !== part) return undefined;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
