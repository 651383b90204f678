import type { Type } from '@nestjs/common';
import type { EnabledGateway } from '../account/enabled-gateways.js';
import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { RedirectPages } from '../callbacks/redirect-pages.js';
import { failOption } from '../utils/options.js';

/** What a gateway is. */
export interface Gateway {
  /** Plutu's name for it, on the wire and in `payment.gateway`, such as `mpgs`. */
  readonly name: string;
  /** Its name for people, such as `MPGS`. */
  readonly title: string;
  /** The path of its routes, below `plutu/`. */
  readonly path: string;
  /** The class that the application injects. */
  readonly service: Type<unknown>;
}

/** The options of every gateway, in `gateways`. */
export interface GatewayOptions {
  /**
   * The path of the gateway's routes, after the application's global prefix. Nest's
   * versioning does not change it.
   *
   * @default 'plutu/<gateway>', and 'plutu/<name>/<gateway>' for an account with a
   *   name
   */
  path?: string | undefined;
}

/** The registration that a gateway belongs to. */
export interface GatewayHost {
  /** Its `name`. */
  readonly account: string;
  readonly hasTenants: boolean;
  /** The shop's pages for all its gateways, if it has any. */
  readonly pages: RedirectPages | undefined;
}

/** A value for `gateways`: a gateway and its options. */
export interface GatewayFeature {
  /** The gateway. */
  readonly gateway: Gateway;
  /** Its options. */
  readonly options: GatewayOptions;

  /**
   * What the rest of the module needs to know about it.
   *
   * @param path of its routes.
   */
  enabled(path: string): EnabledGateway;

  /**
   * Makes its controllers, one for each route.
   *
   * @param path of its routes.
   * @throws {PlutuConfigurationError} for an invalid option.
   */
  controllers(path: string, host: GatewayHost): Type<unknown>[];
}

/** Where the routes of a gateway are. */
export function gatewayPath(
  { gateway, options }: GatewayFeature,
  account: string,
): string {
  const { path } = options;
  if (path === undefined) {
    const owner = account === DEFAULT_ACCOUNT ? '' : `${account}/`;
    return `plutu/${owner}${gateway.path}`;
  }
  if (typeof path !== 'string')
    failOption(`${gateway.name}.path`, 'must be text');
  return path.split('/').filter(Boolean).join('/');
}

/**
 * The routes that a gateway has.
 *
 * @param routes the routes that the application names.
 * @param possible the routes that the gateway can have.
 * @throws {PlutuConfigurationError} for anything else.
 */
export function checkedRoutes<Route extends string>(
  { name }: Gateway,
  routes: readonly Route[],
  possible: readonly Route[],
): readonly Route[] {
  if (
    !Array.isArray(routes) ||
    !routes.every((route) => possible.includes(route))
  ) {
    failOption(
      `${name}.routes`,
      `must be a list of only these names: "${possible.join('", "')}"`,
    );
  }
  return routes;
}

/**
 * @throws {PlutuConfigurationError} for a route through which a client could choose
 *   any tenant.
 */
export function refuseWithTenants(
  { name }: Gateway,
  route: string,
  deed: string,
): never {
  return failOption(
    `${name}.routes`,
    `must not have "${route}" with "tenants": a client could ${deed} for any of them`,
  );
}
