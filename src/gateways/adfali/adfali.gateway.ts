import type { GatewayFeature } from '../gateway.js';
import { otpGateway, type OtpGateway } from '../otp-gateway.js';
import type { OtpGatewayOptions } from '../otp-gateway.options.js';
import { ADFALI_PAYMENT } from './adfali.payment.js';
import { AdfaliService } from './adfali.service.js';

/** The options of Adfali, in `gateways`. */
export type AdfaliOptions = OtpGatewayOptions;

/** Adfali of the Bank of Commerce and Development, through Plutu. */
export const ADFALI: OtpGateway = {
  name: 'edfali',
  title: 'Adfali',
  path: 'adfali',
  service: AdfaliService,
  payment: ADFALI_PAYMENT,
};

/**
 * Payments by the wallet Adfali, in Libyan dinars, for the option `gateways`. Plutu
 * spells its name `edfali`.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function adfali(options: AdfaliOptions = {}): GatewayFeature {
  return otpGateway(ADFALI, options);
}
