import { CheckoutDto } from '../../checkout/checkout.dto.js';
import type { HostedCheckout } from '../../checkout/hosted-checkout.js';

/** Needs no more than every hosted checkout does. */
export const LOCAL_BANK_CARDS_CHECKOUT: HostedCheckout = {
  gateway: 'localbankcards',
  dto: CheckoutDto,
};
