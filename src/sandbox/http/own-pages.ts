import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api/api-error.js';
import { isLoopbackHost } from './loopback.js';
import type { Route } from './router.js';

/**
 * Routes for programs and the sandbox's own pages, and not for other web sites:
 * any page that is open in a developer's browser can send forms to this
 * machine.
 *
 * @param listensOn the address that the sandbox was started with.
 */
export function keptFromOtherSites(
  listensOn: string,
  routes: readonly Route[],
): readonly Route[] {
  return routes.map((route) => ({
    ...route,
    handle: (exchange) => {
      refuseOtherSites(exchange.request, listensOn);
      return route.handle(exchange);
    },
  }));
}

/** @throws {ApiError} 403 `FORBIDDEN`. */
function refuseOtherSites(
  { method, headers }: IncomingMessage,
  listensOn: string,
): void {
  const host = headers.host ?? '';
  // A name of somebody else's that resolves to this machine (DNS rebinding)
  // would make a foreign page one of the sandbox's own.
  if (isLoopbackHost(listensOn) && !isLoopbackHost(hostnameOf(host))) {
    throw forbidden(`This sandbox is not reached as ${host}.`);
  }
  // Changes nothing, and browsers keep the answer from other sites.
  if (method === 'GET') return;
  const site = headers['sec-fetch-site'];
  const isOwn =
    site === undefined
      ? // Older browsers; programs send neither.
        headers.origin === undefined || headers.origin === `http://${host}`
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw forbidden('Other sites may not use this sandbox.');
}

function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function forbidden(message: string): ApiError {
  return new ApiError(403, 'FORBIDDEN', message);
}
