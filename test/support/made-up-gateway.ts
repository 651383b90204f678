import { Injectable } from '@nestjs/common';
import { Matches } from 'class-validator';
import { callbackChannel } from '../../src/callbacks/callback-channel.js';
import {
  CheckoutDto,
  CheckoutTarget,
} from '../../src/checkout/checkout.dto.js';
import { Checkouts } from '../../src/checkout/checkouts.js';
import type { HostedCheckout } from '../../src/checkout/hosted-checkout.js';
import type { GatewayFeature } from '../../src/gateways/gateway.js';
import {
  hostedGateway,
  type HostedGateway,
} from '../../src/gateways/hosted-gateway.js';
import type { HostedGatewayOptions } from '../../src/gateways/hosted-gateway.options.js';
import type { WithInvoiceOrOrder } from '../../src/requests/payment-request.dto.js';

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

  createCheckout(
    request: WithInvoiceOrOrder<SouqPayCheckoutDto> & CheckoutTarget,
  ) {
    return this.checkouts.open(CHECKOUT, request);
  }
}

export const SOUQ_PAY: HostedGateway = {
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

export function souqPay(options: HostedGatewayOptions = {}): GatewayFeature {
  return hostedGateway(SOUQ_PAY, ['KWD'], options);
}
