import { IsEmail, IsOptional } from 'class-validator';
import { CheckoutDto } from '../../checkout/checkout.dto.js';
import type { HostedCheckout } from '../../checkout/hosted-checkout.js';
import { IsLibyanMobileNumber } from '../../requests/is-libyan-mobile-number.js';
import {
  CHECKOUT_PROPERTIES,
  MOBILE_NUMBER_PROPERTY,
} from '../../openapi/dtos.js';
import { describeProperties } from '../../openapi/metadata.js';
import { mobileNumber } from '../../protocol/mobile-number.js';

/** What a checkout of T-Lync needs. */
export class TlyncCheckoutDto extends CheckoutDto {
  /**
   * The customer's Libyan mobile number, as people write it: `091 234 5678`,
   * `+218 91 234 5678`, `00218…`, nine digits, Arabic-Indic or Persian digits.
   */
  @IsLibyanMobileNumber()
  mobileNumber!: string;

  /** The customer's e-mail address. */
  @IsOptional()
  @IsEmail(undefined, { message: 'email must be an e-mail address' })
  email?: string | undefined;
}

export const TLYNC_CHECKOUT: HostedCheckout<TlyncCheckoutDto> = {
  gateway: 'tlync',
  dto: TlyncCheckoutDto,
  toForm: (request) => ({
    mobile_number: mobileNumber(request.mobileNumber) ?? '',
    ...(request.email && { email: request.email }),
  }),
  personal: (request) =>
    [
      // Without the leading zero: every spelling of the number contains it.
      mobileNumber(request.mobileNumber)?.slice(1),
      request.email,
      request.email?.toLowerCase(),
    ].filter((text) => typeof text === 'string'),
};

/** Describes what the DTO needs beside the common properties to `@nestjs/swagger`. */
export function describeTlyncCheckout(): void {
  describeProperties(TlyncCheckoutDto, {
    ...CHECKOUT_PROPERTIES,
    mobileNumber: MOBILE_NUMBER_PROPERTY,
    email: {
      type: 'string',
      format: 'email',
      required: false,
      description: 'The e-mail address of the customer.',
    },
  });
}
