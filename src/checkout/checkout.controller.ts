import {
  Body,
  Controller,
  Header,
  Ip,
  Post,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { PlutuErrorsInterceptor } from '../errors/http-answers.js';
import type { Checkout } from './checkout.dto.js';
import { Checkouts } from './checkouts.js';
import { withCustomerIp } from '../requests/customer-ip.js';
import type { HostedCheckout } from './hosted-checkout.js';

/** The route that opens checkouts, if a gateway's `routes` name it. */
export interface CheckoutRoute {
  /** The controller's path. */
  readonly path: string;
  readonly checkout: HostedCheckout;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  /** Whether Plutu gets the caller's address, if the request names none. */
  readonly sendsCallerIp: boolean;
}

/**
 * Makes the controller of one registration and gateway. It is a class of its own:
 * paths and guards are metadata of the class, which two accounts in one
 * application must not share.
 */
export function createCheckoutController({
  path,
  checkout,
  guards,
  sendsCallerIp,
}: CheckoutRoute): Type<unknown> {
  // Plutu's routes have no version, whatever the application's default is.
  @Controller({ path, version: VERSION_NEUTRAL })
  class CheckoutController {
    constructor(private readonly checkouts: Checkouts) {}

    @Post('checkout')
    @UseGuards(...guards)
    @UseInterceptors(PlutuErrorsInterceptor)
    @Header('Cache-Control', 'no-store')
    checkout(
      @Body() request: unknown,
      @Ip() callerIp: string | undefined,
    ): Promise<Checkout> {
      return this.checkouts.openFor(
        checkout,
        sendsCallerIp ? withCustomerIp(request, callerIp) : request,
      );
    }
  }

  return CheckoutController;
}
