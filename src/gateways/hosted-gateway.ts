import type { Type } from '@nestjs/common';
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
import { checkOptionNames } from '../utils/options.js';
import {
  checkedRoutes,
  refuseWithTenants,
  type Gateway,
  type GatewayFeature,
  type GatewayHost,
} from './gateway.js';
import {
  HOSTED_GATEWAY_OPTIONS,
  type HostedGatewayOptions,
  type HostedGatewayRoute,
} from './hosted-gateway.options.js';

/** A gateway whose checkout Plutu hosts, and that calls back. */
export interface HostedGateway extends Gateway {
  /** How it opens a checkout. */
  readonly checkout: HostedCheckout;
  /** How its callbacks come. */
  readonly callback: CallbackChannel;
  /** Set if the customer's browser comes back in another way than the callback. */
  readonly return?: ReturnChannel | undefined;
}

/**
 * Makes the value that `gateways` takes for a hosted gateway.
 *
 * @param currencies the currencies that it takes, as ISO 4217 codes.
 * @param names the names of the options that only this gateway has.
 * @throws {PlutuConfigurationError} for an option that does not exist.
 */
export function hostedGateway(
  gateway: HostedGateway,
  currencies: readonly string[],
  options: HostedGatewayOptions,
  names: readonly string[] = [],
): GatewayFeature {
  checkOptionNames(
    options,
    [...HOSTED_GATEWAY_OPTIONS, ...names],
    gateway.name,
  );
  return {
    gateway,
    options,
    enabled: (path) => {
      const routes = routesOf(gateway, options);
      const pathOf = (route: HostedGatewayRoute) =>
        routes.includes(route) ? `${path}/${route}` : undefined;
      return {
        name: gateway.name,
        currencies,
        callbackPath: pathOf('callback'),
        hasReturn: gateway.return !== undefined,
        returnPath: pathOf('return'),
      };
    },
    controllers: (path, host) => controllersOf(gateway, options, path, host),
  };
}

function controllersOf(
  gateway: HostedGateway,
  options: HostedGatewayOptions,
  path: string,
  { account, hasTenants, pages: defaultPages }: GatewayHost,
): Type<unknown>[] {
  const { callbackDecorators = [], checkoutGuards, customerIp } = options;
  describeDtos();
  const pages =
    options.redirect === undefined
      ? defaultPages
      : redirectPages(options.redirect);
  const about = { title: gateway.title, account };
  const makers: Record<HostedGatewayRoute, () => Type<unknown>[]> = {
    callback: () => {
      // If no browser comes with the callback, a redirect would go to Plutu's server.
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
      if (hasTenants) refuseWithTenants(gateway, 'checkout', 'open a checkout');
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
  return routesOf(gateway, options).flatMap((name) => makers[name]());
}

function routesOf(
  gateway: HostedGateway,
  options: HostedGatewayOptions,
): readonly HostedGatewayRoute[] {
  const own: HostedGatewayRoute[] = gateway.return
    ? ['callback', 'return']
    : ['callback'];
  return checkedRoutes(gateway, options.routes ?? own, [...own, 'checkout']);
}
