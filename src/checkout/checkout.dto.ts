import { IsIn, IsOptional } from 'class-validator';
import { IsCustomerIp } from '../requests/customer-ip.js';
import {
  PaymentOwner,
  PaymentRequestDto,
} from '../requests/payment-request.dto.js';
import { LANGUAGES, type PlutuLanguage } from './checkout.options.js';
import { IsReturnUrl } from './is-return-url.js';

/** What every hosted checkout needs; a gateway may need more. */
export class CheckoutDto extends PaymentRequestDto {
  /** The customer's IPv4 or IPv6 address. */
  @IsCustomerIp()
  customerIp?: string | undefined;

  /** The language of the checkout page. Default: the module's `lang`. */
  @IsOptional()
  @IsIn(LANGUAGES, { message: 'lang must be "ar" or "en"' })
  lang?: PlutuLanguage | undefined;
}

/** What only the application itself may set for a checkout, never a client. */
export class CheckoutTarget extends PaymentOwner {
  /**
   * Where the customer's browser comes back to, and with it the callback, unless
   * the gateway has a `callbackUrl`. Default: what the module's options say.
   */
  @IsOptional()
  @IsReturnUrl()
  returnUrl?: string | undefined;

  /**
   * Where Plutu posts the callback, at a gateway where it does not come with the
   * customer's browser (T-Lync). Default: what the module's options say.
   */
  @IsOptional()
  @IsReturnUrl()
  callbackUrl?: string | undefined;
}

/** The same for a gateway whose callback comes to the return URL. */
export type ReturnTarget = Omit<CheckoutTarget, 'callbackUrl'>;

/** An open checkout: nothing is charged yet. */
export class Checkout {
  /** The page to send the customer's browser to. */
  readonly redirectUrl!: string;
  /** As in the request, or made for the order. */
  readonly invoiceNo!: string;
  /** As in the request; the invoice number, if there is none. */
  readonly orderNo!: string;
  /** As sent to Plutu, in the currency of the gateway. */
  readonly amount!: string;
}
