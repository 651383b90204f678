import type { Type } from '@nestjs/common';
import type { EnabledGateway } from '../account/enabled-gateways.js';
import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { CallbackChannel } from '../callbacks/callback-channel.js';
import {
  CallbackPayment,
  EndpointReturn,
} from '../callbacks/callback-endpoint.js';
import { createEndpointController } from '../callbacks/endpoint.controller.js';
import {
  pageAfter,
  pageAfterReturn,
  redirectPages,
  returnPages,
  type RedirectPages,
} from '../callbacks/redirect-pages.js';
import type { ReturnChannel } from '../callbacks/return-channel.js';
import { createCheckoutController } from '../checkout/checkout.controller.js';
import type { HostedCheckout } from '../checkout/hosted-checkout.js';
import { describeDtos } from '../openapi/dtos.js';
import {
  describeCallbackRoute,
  describeCheckoutRoute,
  describeReturnRoute,
} from '../openapi/routes.js';
import { checkOptionNames, failOption } from '../utils/options.js';
import {
  GATEWAY_OPTIONS,
  type GatewayOptions,
  type GatewayRoute,
} from './gateway.options.js';

/** What a gateway is. */
export interface Gateway {
  /** Plutu's name for it, at the wire and in `payment.gateway`, such as `mpgs`. */
  readonly name: string;
  /** Its name for people, such as `MPGS`. */
  readonly title: string;
  /** Of its routes, below `plutu/`. */
  readonly path: string;
  /** The class that the application injects. */
  readonly service: Type<unknown>;
  /** How it opens a checkout. */
  readonly checkout: HostedCheckout;
  /** How its callbacks come. */
  readonly callback: CallbackChannel;
  /** If the customer's browser comes back on another way than the callback. */
  readonly return?: ReturnChannel | undefined;
}

/** A gateway of a registration: what it is, and what the application says of it. */
export interface GatewayFeature {
  /** What it is. */
  readonly gateway: Gateway;
  /** In which it may be paid, as ISO 4217 codes. */
  readonly currencies: readonly string[];
  /** What the application says of it. */
  readonly options: GatewayOptions;
}

/** The registration that a gateway belongs to. */
export interface GatewayHost {
  /** Its `name`. */
  readonly account: string;
  readonly hasTenants: boolean;
  /** The shop's pages for all its gateways, if it has any. */
  readonly pages: RedirectPages | undefined;
}

/**
 * Makes the value that `gateways` takes.
 *
 * @param names of the options that this gateway has beside the common ones.
 * @throws {PlutuConfigurationError} for an option that does not exist.
 */
export function gatewayFeature(
  gateway: Gateway,
  currencies: readonly string[],
  options: GatewayOptions,
  names: readonly string[] = [],
): GatewayFeature {
  checkOptionNames(options, [...GATEWAY_OPTIONS, ...names], gateway.name);
  return { gateway, currencies, options };
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

/** What the rest of the module has to know of a gateway. */
export function enabledGateway(
  feature: GatewayFeature,
  account: string,
): EnabledGateway {
  const { gateway } = feature;
  const routes = routesOf(feature);
  const path = gatewayPath(feature, account);
  const pathOf = (route: GatewayRoute) =>
    routes.includes(route) ? `${path}/${route}` : undefined;
  return {
    name: gateway.name,
    currencies: feature.currencies,
    callbackPath: pathOf('callback'),
    hasReturn: gateway.return !== undefined,
    returnPath: pathOf('return'),
  };
}

/**
 * Makes the controllers of a gateway, one for each route.
 *
 * @throws {PlutuConfigurationError} for an option that cannot work.
 */
export function gatewayControllers(
  feature: GatewayFeature,
  { account, hasTenants, pages: defaultPages }: GatewayHost,
): Type<unknown>[] {
  const { gateway, options } = feature;
  const { callbackDecorators = [], checkoutGuards, customerIp } = options;
  describeDtos();
  const path = gatewayPath(feature, account);
  const pages =
    options.redirect === undefined
      ? defaultPages
      : redirectPages(options.redirect);
  const about = { title: gateway.title, account };
  const makers: Record<GatewayRoute, () => Type<unknown>[]> = {
    callback: () => {
      // Where no browser comes, a redirect would lead Plutu's server astray.
      const callbackPages = gateway.return ? undefined : pages;
      const controller = createEndpointController({
        path,
        name: 'callback',
        channel: gateway.callback,
        account,
        answer: CallbackPayment,
        pages: callbackPages,
        pageAfter,
        decorators: callbackDecorators,
      });
      describeCallbackRoute(controller, gateway.callback, about, callbackPages);
      return [controller];
    },
    return: () => {
      if (!gateway.return) return [];
      const controller = createEndpointController({
        path,
        name: 'return',
        channel: gateway.return,
        account,
        answer: EndpointReturn,
        pages: pages && returnPages(pages),
        pageAfter: pageAfterReturn,
        decorators: callbackDecorators,
      });
      describeReturnRoute(controller, gateway.return, about, pages);
      return [controller];
    },
    checkout: () => {
      if (hasTenants) {
        failOption(
          `${gateway.name}.routes`,
          'must not have "checkout" with "tenants": a client could open a checkout for any of them',
        );
      }
      const controller = createCheckoutController({
        path,
        checkout: gateway.checkout,
        guards: checkoutGuards ?? [],
        sendsCallerIp: customerIp ?? false,
      });
      describeCheckoutRoute(controller, gateway.checkout, about);
      return [controller];
    },
  };
  return routesOf(feature).flatMap((name) => makers[name]());
}

function routesOf({
  gateway,
  options,
}: GatewayFeature): readonly GatewayRoute[] {
  const own: GatewayRoute[] = gateway.return
    ? ['callback', 'return']
    : ['callback'];
  const possible: readonly GatewayRoute[] = [...own, 'checkout'];
  const routes = options.routes ?? own;
  if (
    !Array.isArray(routes) ||
    !routes.every((name) => possible.includes(name))
  ) {
    failOption(
      `${gateway.name}.routes`,
      `must be a list, of no other names than "${possible.join('", "')}"`,
    );
  }
  return routes;
}
