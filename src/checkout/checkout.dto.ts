import { IsIn, IsIP, IsOptional, Matches, MaxLength } from 'class-validator';
import { TENANT } from '../account/tenant-parameter.js';
import {
  INVOICE_NUMBER,
  MAX_INVOICE_NUMBER_LENGTH,
} from '../protocol/values.js';
import { LANGUAGES, type PlutuLanguage } from './checkout.options.js';
import { IsRequestAmount } from './is-request-amount.js';
import { IsReturnUrl } from './is-return-url.js';

/** What every hosted checkout needs; a gateway may need more. */
export class CheckoutDto {
  /**
   * In the currency of the gateway, more than 0, with at most two decimals: `5`,
   * `'5.5'`, `'5.00'`. Never rounded, so `0.1 + 0.2` is refused; text is the safer
   * form. May be left out if the module's `invoices` option is set; if it is given
   * all the same, it has to be what the invoice is due.
   */
  @IsOptional()
  @IsRequestAmount()
  amount?: string | number | undefined;

  /**
   * The invoice: at most 128 characters of `A-Z a-z 0-9 . _ -`. Each number can be
   * used only once per account, test and live together.
   */
  @Matches(INVOICE_NUMBER, {
    message: 'invoiceNo must be text made of A-Z a-z 0-9 . _ - only',
  })
  @MaxLength(MAX_INVOICE_NUMBER_LENGTH, {
    message: `invoiceNo must not be longer than ${MAX_INVOICE_NUMBER_LENGTH} characters`,
  })
  invoiceNo!: string;

  /** The customer's IPv4 or IPv6 address. */
  @IsOptional()
  @IsIP(undefined, { message: 'customerIp must be an IPv4 or IPv6 address' })
  customerIp?: string | undefined;

  /** The language of the checkout page. Default: the module's `lang`. */
  @IsOptional()
  @IsIn(LANGUAGES, { message: 'lang must be "ar" or "en"' })
  lang?: PlutuLanguage | undefined;
}

/** What only the application itself may say of a checkout, and no client. */
export class CheckoutTarget {
  /**
   * Where the customer's browser comes back to, and with it the callback, unless
   * the gateway has a `callbackUrl`. Default: what the module's options say.
   */
  @IsOptional()
  @IsReturnUrl()
  returnUrl?: string | undefined;

  /**
   * Where Plutu posts the callback, at a gateway that keeps it apart from the
   * customer's browser (T-Lync). Default: what the module's options say.
   */
  @IsOptional()
  @IsReturnUrl()
  callbackUrl?: string | undefined;

  /**
   * Whose checkout it is, if the module has `tenants`: made of
   * `A-Z a-z 0-9 . _ -`.
   */
  @IsOptional()
  @Matches(TENANT, {
    message: 'tenant must be made of A-Z a-z 0-9 . _ - only',
  })
  tenant?: string | undefined;
}

/** The same for a gateway whose callback comes to the return URL. */
export type ReturnTarget = Omit<CheckoutTarget, 'callbackUrl'>;

/** An open checkout: nothing is charged yet. */
export class Checkout {
  /** The page to send the customer's browser to. */
  readonly redirectUrl!: string;
  /** As in the request. */
  readonly invoiceNo!: string;
  /** As sent to Plutu, in the currency of the gateway. */
  readonly amount!: string;
}
