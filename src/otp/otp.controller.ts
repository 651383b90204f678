import {
  Body,
  Controller,
  Header,
  HttpCode,
  Ip,
  Post,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { PlutuErrorsInterceptor } from '../errors/http-answers.js';
import type { Payment } from '../payments/payment.js';
import { withCustomerIp } from '../requests/customer-ip.js';
import { OtpConfirmations } from './otp-confirmations.js';
import { OtpSender } from './otp-sender.js';
import type { OtpPayment } from './otp-payment.js';
import type { SentOtp } from './otp.dto.js';

/** A route of a gateway with one-time passwords, if its `routes` name it. */
export interface OtpRoute {
  /** The controller's path. */
  readonly path: string;
  readonly payment: OtpPayment;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
}

/** Makes the controller that sends codes, for one registration and gateway. */
export function createOtpController({
  path,
  payment,
  guards,
}: OtpRoute): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class OtpController {
    constructor(private readonly sender: OtpSender) {}

    @Post('otp')
    @UseGuards(...guards)
    @UseInterceptors(PlutuErrorsInterceptor)
    @Header('Cache-Control', 'no-store')
    otp(@Body() request: unknown): Promise<SentOtp> {
      return this.sender.sendFor(payment, request);
    }
  }

  return OtpController;
}

/**
 * Makes the controller that charges, for one registration and gateway.
 *
 * @param route `sendsCallerIp`: whether Plutu gets the caller's address, if the
 *   request names none.
 */
export function createConfirmController({
  path,
  payment,
  guards,
  sendsCallerIp,
}: OtpRoute & { readonly sendsCallerIp: boolean }): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class ConfirmController {
    constructor(private readonly confirmations: OtpConfirmations) {}

    @Post('confirm')
    @HttpCode(200)
    @UseGuards(...guards)
    @UseInterceptors(PlutuErrorsInterceptor)
    @Header('Cache-Control', 'no-store')
    confirm(
      @Body() request: unknown,
      @Ip() callerIp: string | undefined,
    ): Promise<Payment> {
      return this.confirmations.confirm(
        payment,
        sendsCallerIp ? withCustomerIp(request, callerIp) : request,
      );
    }
  }

  return ConfirmController;
}
