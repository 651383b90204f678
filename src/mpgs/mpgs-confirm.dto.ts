import { IsIn, IsIP, IsOptional, Matches, MaxLength } from 'class-validator';
import { TENANT } from '../credentials/credentials-resolver.js';
import type { PlutuLanguage } from '../plutu.options.js';
import { IsDollars } from '../validation/dollars.js';
import { IsReturnUrl } from '../validation/return-url.js';

/** The invoice numbers that Plutu takes. */
export const INVOICE_NUMBER = /^[A-Za-z0-9._-]+$/;

/**
 * Plutu documents no limit. With this one, the callback always fits into a URL.
 */
export const MAX_INVOICE_NUMBER_LENGTH = 128;

/** The languages of the checkout page. */
export const LANGUAGES = ['ar', 'en'] as const satisfies PlutuLanguage[];

/** A request to open a checkout. */
export class MpgsConfirmDto {
  /**
   * US dollars, more than 0, with at most two decimals: `5`, `'5.5'`, `'5.00'`.
   * Never rounded, so `0.1 + 0.2` is refused; text is the safer form. May be
   * left out only where the module's `invoices` option is set, and has to be
   * what the invoice is due where it is given all the same.
   */
  @IsOptional()
  @IsDollars()
  amount?: string | number | undefined;

  /**
   * The invoice: at most 128 characters of `A-Z a-z 0-9 . _ -`. Plutu takes each
   * number once in the life of the account, test and live together.
   */
  @Matches(INVOICE_NUMBER, {
    message: 'invoiceNo must be text made of A-Z a-z 0-9 . _ - only',
  })
  @MaxLength(MAX_INVOICE_NUMBER_LENGTH, {
    message: `invoiceNo must not be longer than ${MAX_INVOICE_NUMBER_LENGTH} characters`,
  })
  invoiceNo!: string;

  /** Where the callback goes. Default: the module's `returnUrl`. */
  @IsOptional()
  @IsReturnUrl()
  returnUrl?: string | undefined;

  /** The customer's IPv4 or IPv6 address. */
  @IsOptional()
  @IsIP(undefined, { message: 'customerIp must be an IPv4 or IPv6 address' })
  customerIp?: string | undefined;

  /**
   * Whose checkout it is, where the module has `tenants`: made of
   * `A-Z a-z 0-9 . _ -`.
   */
  @IsOptional()
  @Matches(TENANT, {
    message: 'tenant must be made of A-Z a-z 0-9 . _ - only',
  })
  tenant?: string | undefined;

  /** The language of the checkout page. Default: the module's `lang`. */
  @IsOptional()
  @IsIn(LANGUAGES, { message: 'lang must be "ar" or "en"' })
  lang?: PlutuLanguage | undefined;
}

/** An open checkout: nothing is charged yet. */
export class MpgsCheckout {
  /** The page to send the customer's browser to. */
  readonly redirectUrl!: string;
  /** As in the request. */
  readonly invoiceNo!: string;
  /** US dollars, as sent to Plutu. */
  readonly amount!: string;
}
