import { callbackChannel } from '../../callbacks/callback-channel.js';
import type { GatewayFeature } from '../gateway.js';
import { hostedGateway, type HostedGateway } from '../hosted-gateway.js';
import type { HostedGatewayOptions } from '../hosted-gateway.options.js';
import { LOCAL_BANK_CARDS_CHECKOUT } from './local-bank-cards.checkout.js';
import { LocalBankCardsService } from './local-bank-cards.service.js';

/** The options of local bank cards, in `gateways`. */
export type LocalBankCardsOptions = HostedGatewayOptions;

/** Local bank cards of the Numo network, through Plutu. */
export const LOCAL_BANK_CARDS: HostedGateway = {
  name: 'localbankcards',
  title: 'local bank cards',
  path: 'local-bank-cards',
  service: LocalBankCardsService,
  checkout: LOCAL_BANK_CARDS_CHECKOUT,
  callback: callbackChannel({
    gateway: 'localbankcards',
    signs: [
      'gateway',
      'approved',
      'canceled',
      'invoice_no',
      'amount',
      'transaction_id',
    ],
    currency: 'LYD',
  }),
};

/**
 * Payments by the bank cards of Libya, in Libyan dinars, for the option `gateways`.
 * Its callbacks name no currency, so that is not signed: they are in dinars because
 * the gateway is.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function localBankCards(
  options: LocalBankCardsOptions = {},
): GatewayFeature {
  return hostedGateway(LOCAL_BANK_CARDS, ['LYD'], options);
}
