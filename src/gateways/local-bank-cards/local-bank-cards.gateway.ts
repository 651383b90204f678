import { callbackChannel } from '../../callbacks/callback-channel.js';
import {
  gatewayFeature,
  type Gateway,
  type GatewayFeature,
} from '../gateway.js';
import type { GatewayOptions } from '../gateway.options.js';
import { LOCAL_BANK_CARDS_CHECKOUT } from './local-bank-cards.checkout.js';
import { LocalBankCardsService } from './local-bank-cards.service.js';

/** What an application may say of local bank cards, in `gateways`. */
export type LocalBankCardsOptions = GatewayOptions;

/** Local bank cards of the Numo network, through Plutu. */
export const LOCAL_BANK_CARDS: Gateway = {
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
 * @throws {PlutuConfigurationError} for an option that cannot work.
 */
export function localBankCards(
  options: LocalBankCardsOptions = {},
): GatewayFeature {
  return gatewayFeature(LOCAL_BANK_CARDS, ['LYD'], options);
}
