import { CheckoutDto } from '../../checkout/checkout.dto.js';
import type { HostedCheckout } from '../../checkout/hosted-checkout.js';

/** Needs nothing beyond what every hosted checkout needs. */
export const MPGS_CHECKOUT: HostedCheckout = {
  gateway: 'mpgs',
  dto: CheckoutDto,
};
