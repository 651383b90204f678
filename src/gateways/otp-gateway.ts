import type { Type } from '@nestjs/common';
import { describeDtos } from '../openapi/dtos.js';
import { describeConfirmRoute, describeOtpRoute } from '../openapi/routes.js';
import type { OtpPayment } from '../otp/otp-payment.js';
import {
  createConfirmController,
  createOtpController,
} from '../otp/otp.controller.js';
import {
  checkOptionNames,
  checkWholeNumber,
  MAX_TIMER,
} from '../utils/options.js';
import {
  checkedRoutes,
  refuseWithTenants,
  type Gateway,
  type GatewayFeature,
  type GatewayHost,
} from './gateway.js';
import {
  OTP_GATEWAY_OPTIONS,
  type OtpGatewayOptions,
  type OtpGatewayRoute,
} from './otp-gateway.options.js';

/** A gateway that is paid with a one-time password, and never calls back. */
export interface OtpGateway extends Gateway {
  /** How it is paid. */
  readonly payment: OtpPayment;
}

/**
 * Makes the value that `gateways` takes for a gateway with one-time passwords.
 *
 * @throws {PlutuConfigurationError} for an unknown or invalid option.
 */
export function otpGateway(
  gateway: OtpGateway,
  options: OtpGatewayOptions,
): GatewayFeature {
  checkOptionNames(options, OTP_GATEWAY_OPTIONS, gateway.name);
  const {
    tokenLifetime = 10 * 60 * 1000,
    maxRefusals = 5,
    maxCodes = 5,
  } = options;
  for (const [name, value] of Object.entries({
    tokenLifetime,
    maxRefusals,
    maxCodes,
  })) {
    checkWholeNumber(`${gateway.name}.${name}`, value, { most: MAX_TIMER });
  }
  return {
    gateway,
    options,
    enabled: () => ({
      name: gateway.name,
      currencies: [gateway.payment.currency],
      otp: { tokenLifetime, maxRefusals, maxCodes },
    }),
    controllers: (path, host) => controllersOf(gateway, options, path, host),
  };
}

function controllersOf(
  gateway: OtpGateway,
  { routes = [], guards = [], customerIp = false }: OtpGatewayOptions,
  path: string,
  { account, hasTenants }: GatewayHost,
): Type<unknown>[] {
  describeDtos();
  const { payment } = gateway;
  const about = { title: gateway.title, account };
  const makers: Record<OtpGatewayRoute, () => Type<unknown>> = {
    otp: () => {
      if (hasTenants) refuseWithTenants(gateway, 'otp', 'send a code');
      const controller = createOtpController({ path, payment, guards });
      describeOtpRoute(controller, payment, about);
      return controller;
    },
    confirm: () => {
      const controller = createConfirmController({
        path,
        payment,
        guards,
        sendsCallerIp: customerIp,
      });
      describeConfirmRoute(controller, payment, about);
      return controller;
    },
  };
  return checkedRoutes(gateway, routes, ['otp', 'confirm']).map((name) =>
    makers[name](),
  );
}
