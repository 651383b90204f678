import type { CanActivate, Type } from '@nestjs/common';
import { namesOf } from '../utils/options.js';
import type { GatewayOptions } from './gateway.js';

/** The routes that a gateway with one-time passwords may have. */
export type OtpGatewayRoute = 'otp' | 'confirm';

/** What an application may say of a gateway with one-time passwords. */
export interface OtpGatewayOptions extends GatewayOptions {
  /**
   * Which routes there are: `POST otp` sends a code, `POST confirm` charges. Anybody
   * may call them, unless `guards` say otherwise: an open `otp` sends messages to
   * any number, so put a limit in front of it. `otp` does not work with `tenants`.
   *
   * @default []
   */
  routes?: readonly OtpGatewayRoute[] | undefined;

  /**
   * Guards for these routes. The providers that they inject have to be global, or
   * from a module in `imports`.
   */
  guards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;

  /**
   * Whether `POST confirm` sends the caller's address to Plutu, if the request has no
   * `customerIp`. It is the address that Express or Fastify sees: behind a proxy, set
   * `trust proxy` or `trustProxy`.
   *
   * @default false
   */
  customerIp?: boolean | undefined;

  /**
   * How long a code can be confirmed, in milliseconds. Plutu does not document how
   * long it accepts a code.
   *
   * @default 600000
   */
  tokenLifetime?: number | undefined;

  /**
   * How many codes of one attempt Plutu may refuse, before the customer has to ask
   * for a new one.
   *
   * @default 5
   */
  maxRefusals?: number | undefined;

  /**
   * How many codes may be sent to one mobile number in an hour.
   *
   * @default 5
   */
  maxCodes?: number | undefined;
}

/** The names of {@link OtpGatewayOptions}. */
export const OTP_GATEWAY_OPTIONS = namesOf<OtpGatewayOptions>({
  path: true,
  routes: true,
  guards: true,
  customerIp: true,
  tokenLifetime: true,
  maxRefusals: true,
  maxCodes: true,
});
