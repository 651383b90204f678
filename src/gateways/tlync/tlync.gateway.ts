import { callbackChannel } from '../../callbacks/callback-channel.js';
import { returnChannel } from '../../callbacks/return-channel.js';
import type { GatewayFeature } from '../gateway.js';
import { hostedGateway, type HostedGateway } from '../hosted-gateway.js';
import type { HostedGatewayOptions } from '../hosted-gateway.options.js';
import { describeTlyncCheckout, TLYNC_CHECKOUT } from './tlync.checkout.js';
import { TlyncService } from './tlync.service.js';

/** The options of T-Lync, in `gateways`. */
export type TlyncOptions = HostedGatewayOptions;

export const TLYNC_RETURN = returnChannel('tlync');

/** T-Lync of Tadawul, through Plutu. */
export const TLYNC: HostedGateway = {
  name: 'tlync',
  title: 'T-Lync',
  path: 'tlync',
  service: TlyncService,
  checkout: TLYNC_CHECKOUT,
  callback: callbackChannel({
    gateway: 'tlync',
    method: 'POST',
    signs: [
      'gateway',
      'approved',
      'invoice_no',
      'amount',
      'transaction_id',
      'payment_method',
    ],
    currency: 'LYD',
    // Plutu's documentation spells it the second way.
    methodParameters: ['payment_method', 'paymet_method'],
  }),
  return: TLYNC_RETURN,
};

/**
 * Payments by wallets and bank cards of Libya, in Libyan dinars, for the option
 * `gateways`. Its callbacks name no currency, so that is not signed: they are in
 * dinars because the gateway is.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function tlync(options: TlyncOptions = {}): GatewayFeature {
  describeTlyncCheckout();
  return hostedGateway(TLYNC, ['LYD'], options);
}
