import { CheckoutDto } from '../../checkout/checkout.dto.js';
import type { HostedCheckout } from '../../checkout/hosted-checkout.js';

/** Needs nothing beyond what every hosted checkout needs. */
export const LOCAL_BANK_CARDS_CHECKOUT: HostedCheckout = {
  gateway: 'localbankcards',
  dto: CheckoutDto,
};
