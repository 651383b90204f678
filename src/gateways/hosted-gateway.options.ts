import type { CanActivate, Type } from '@nestjs/common';
import type { RedirectPages } from '../callbacks/redirect-pages.js';
import { namesOf } from '../utils/options.js';
import type { GatewayOptions } from './gateway.js';

/** The routes that a gateway can have. Only T-Lync has `return`. */
export type HostedGatewayRoute = 'callback' | 'return' | 'checkout';

/** The options of a hosted gateway, in `gateways`. */
export interface HostedGatewayOptions extends GatewayOptions {
  /**
   * Which routes there are. `callback` takes Plutu's callbacks. `return` takes the
   * customer's browser, at a gateway where the two are separate (T-Lync). `checkout` is
   * `POST checkout`, which opens a checkout over HTTP: its caller chooses the invoice
   * number and, without the option `invoices`, the amount. It is not available with
   * `tenants`.
   *
   * @default all but 'checkout'
   */
  routes?: readonly HostedGatewayRoute[] | undefined;

  /** The pages for this gateway. Default: the module's `redirect`. */
  redirect?: string | RedirectPages | undefined;

  /**
   * Decorators for the methods of the routes `callback` and `return`, such as the
   * application's `@Public()`, which make its global guards let Plutu and customers
   * in.
   */
  callbackDecorators?: readonly MethodDecorator[] | undefined;

  /**
   * Guards for `POST checkout`. The providers that they inject have to be global, or
   * from a module in `imports`.
   */
  checkoutGuards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;

  /**
   * Whether `POST checkout` sends the caller's address to Plutu, if the request has
   * no `customerIp`. It is the address that Express or Fastify sees: behind a proxy,
   * set `trust proxy` or `trustProxy`. Switch it on only if customers call the route
   * themselves. If your own server calls it, the address would be the server's.
   *
   * @default false
   */
  customerIp?: boolean | undefined;
}

/** The names of {@link HostedGatewayOptions}. */
export const HOSTED_GATEWAY_OPTIONS = namesOf<HostedGatewayOptions>({
  path: true,
  routes: true,
  redirect: true,
  callbackDecorators: true,
  checkoutGuards: true,
  customerIp: true,
});
