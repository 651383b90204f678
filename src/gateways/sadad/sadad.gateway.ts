import type { GatewayFeature } from '../gateway.js';
import { otpGateway, type OtpGateway } from '../otp-gateway.js';
import type { OtpGatewayOptions } from '../otp-gateway.options.js';
import { describeSadadOtp, SADAD_PAYMENT } from './sadad.payment.js';
import { SadadService } from './sadad.service.js';

/** The options of Sadad, in `gateways`. */
export type SadadOptions = OtpGatewayOptions;

/** Sadad of Al-Madar, through Plutu. */
export const SADAD: OtpGateway = {
  name: 'sadadapi',
  title: 'Sadad',
  path: 'sadad',
  service: SadadService,
  payment: SADAD_PAYMENT,
};

/**
 * Payments by the wallet Sadad, in Libyan dinars, for the option `gateways`. Plutu
 * spells its name `sadadapi`.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function sadad(options: SadadOptions = {}): GatewayFeature {
  describeSadadOtp();
  return otpGateway(SADAD, options);
}
