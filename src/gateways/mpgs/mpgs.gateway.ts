import { callbackChannel } from '../../callbacks/callback-channel.js';
import { CURRENCY } from '../../protocol/values.js';
import { failOption } from '../../utils/options.js';
import type { GatewayFeature } from '../gateway.js';
import { hostedGateway, type HostedGateway } from '../hosted-gateway.js';
import type { HostedGatewayOptions } from '../hosted-gateway.options.js';
import { MPGS_CHECKOUT } from './mpgs.checkout.js';
import { MpgsService } from './mpgs.service.js';

/** The options of MPGS, in `gateways`. */
export interface MpgsOptions extends HostedGatewayOptions {
  /**
   * The currencies that the account takes, as ISO 4217 codes. Which one it processes
   * is set at Plutu. An approved payment in a currency that is not listed is a
   * mismatch.
   *
   * @default ['USD']
   */
  currencies?: readonly string[] | undefined;
}

/** Mastercard Payment Gateway Services, through Plutu. */
export const MPGS: HostedGateway = {
  name: 'mpgs',
  title: 'MPGS',
  path: 'mpgs',
  service: MpgsService,
  checkout: MPGS_CHECKOUT,
  callback: callbackChannel({
    gateway: 'mpgs',
    signs: [
      'gateway',
      'approved',
      'canceled',
      'amount',
      'currency',
      'invoice_no',
      'transaction_id',
    ],
  }),
};

/**
 * Payments by international cards, in US dollars, for the option `gateways`.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function mpgs(options: MpgsOptions = {}): GatewayFeature {
  const { currencies = ['USD'] } = options;
  if (
    !Array.isArray(currencies) ||
    currencies.length === 0 ||
    !currencies.every((currency) => CURRENCY.test(currency))
  ) {
    failOption('mpgs.currencies', 'must list ISO 4217 codes, such as ["USD"]');
  }
  return hostedGateway(MPGS, currencies, options, ['currencies']);
}
