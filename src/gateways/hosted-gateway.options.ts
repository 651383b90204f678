import type { CanActivate, Type } from '@nestjs/common';
import type { RedirectPages } from '../callbacks/redirect-pages.js';
import { namesOf } from '../utils/options.js';
import type { GatewayOptions } from './gateway.js';

/** The routes that a hosted gateway may have; `return` is T-Lync's. */
export type HostedGatewayRoute = 'callback' | 'return' | 'checkout';

/** What an application may say of a hosted gateway, in `gateways`. */
export interface HostedGatewayOptions extends GatewayOptions {
  /**
   * Which routes there are. `callback` takes Plutu's callbacks; `return` takes the
   * customer's browser, at a gateway that keeps the two apart (T-Lync). `POST
   * checkout` opens a checkout for whoever may call it, who then chooses the invoice
   * number and, without the option `invoices`, the amount; it cannot be had with
   * `tenants`.
   *
   * @default all but 'checkout'
   */
  routes?: readonly HostedGatewayRoute[] | undefined;

  /** The pages for this gateway. Default: the module's `redirect`. */
  redirect?: string | RedirectPages | undefined;

  /**
   * Decorators for the methods of the routes `callback` and `return`: what tells a
   * global guard of the application to let Plutu and customers in, such as its own
   * `@Public()`.
   */
  callbackDecorators?: readonly MethodDecorator[] | undefined;

  /**
   * Guards for `POST checkout`. What they inject has to be global, or come from a
   * module in `imports`.
   */
  checkoutGuards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;

  /**
   * Whether `POST checkout` tells Plutu the address of its caller, if the request
   * names none. It is the one that Express and Fastify see: behind a proxy, set
   * their `trust proxy` or `trustProxy`. Switch it on if customers call the route
   * themselves; if a server of yours does, it is the server's.
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
