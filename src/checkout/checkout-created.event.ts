import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import { consumerDecorator } from '../payments/consumer.decorators.js';
import { PLUTU_EVENTS } from '../payments/events.js';
import type { Checkout } from './checkout.dto.js';

/** A checkout page is open for an invoice. Nothing is paid yet. */
export class CheckoutCreatedEvent {
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** Whose checkout it is, if the module has `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** As in the request, or made for the order. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** As sent to Plutu, in the currency of the gateway. */
  readonly amount: string;
  /** Plutu's checkout page. */
  readonly redirectUrl: string;

  constructor(
    checkout: Checkout & {
      readonly account?: string | undefined;
      readonly tenant?: string | undefined;
      readonly gateway: string;
    },
  ) {
    this.account = checkout.account ?? DEFAULT_ACCOUNT;
    this.tenant = checkout.tenant;
    this.gateway = checkout.gateway;
    this.invoiceNo = checkout.invoiceNo;
    this.orderNo = checkout.orderNo;
    this.amount = checkout.amount;
    this.redirectUrl = checkout.redirectUrl;
  }
}

/** Calls the method when a checkout is open. Its errors are logged. */
export const OnCheckoutCreated = consumerDecorator<CheckoutCreatedEvent>(
  PLUTU_EVENTS.checkoutCreated,
);
