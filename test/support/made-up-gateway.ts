import { Injectable } from '@nestjs/common';
import { Matches } from 'class-validator';
import { callbackChannel } from '../../src/callbacks/callback-channel.js';
import {
  CheckoutDto,
  CheckoutTarget,
} from '../../src/checkout/checkout.dto.js';
import { Checkouts } from '../../src/checkout/checkouts.js';
import type { HostedCheckout } from '../../src/checkout/hosted-checkout.js';
import {
  gatewayFeature,
  type Gateway,
  type GatewayFeature,
} from '../../src/gateways/gateway.js';
import type { GatewayOptions } from '../../src/gateways/gateway.options.js';

// A gateway that does not exist: another currency, other signed fields, and a JSON
// body by POST. It is all that a new gateway has to be.

class SouqPayCheckoutDto extends CheckoutDto {
  /** The number of the customer's wallet. */
  @Matches(/^W\d{4}$/, { message: 'wallet must be a W and four digits' })
  wallet!: string;
}

const CHECKOUT: HostedCheckout<SouqPayCheckoutDto> = {
  gateway: 'souqpay',
  dto: SouqPayCheckoutDto,
  toForm: ({ wallet }) => ({ wallet_no: wallet }),
};

@Injectable()
export class SouqPayService {
  constructor(private readonly checkouts: Checkouts) {}

  createCheckout(request: SouqPayCheckoutDto & CheckoutTarget) {
    return this.checkouts.open(CHECKOUT, request);
  }
}

export const SOUQ_PAY: Gateway = {
  name: 'souqpay',
  title: 'SouqPay',
  path: 'souq-pay',
  service: SouqPayService,
  checkout: CHECKOUT,
  callback: callbackChannel({
    gateway: 'souqpay',
    method: 'POST',
    signs: [
      'gateway',
      'approved',
      'canceled',
      'invoice_no',
      'amount',
      'wallet_no',
      'transaction_id',
    ],
    currency: 'KWD',
  }),
};

export function souqPay(options: GatewayOptions = {}): GatewayFeature {
  return gatewayFeature(SOUQ_PAY, ['KWD'], options);
}
