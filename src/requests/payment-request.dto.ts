import { IsOptional, Matches, MaxLength, ValidateIf } from 'class-validator';
import { TENANT } from '../account/tenant-parameter.js';
import {
  INVOICE_NUMBER,
  MAX_INVOICE_NUMBER_LENGTH,
} from '../protocol/values.js';
import { IsRequestAmount } from './is-request-amount.js';
import { MAX_ORDER_NUMBER_LENGTH } from './order-invoice.js';

/** What every request for a payment needs, whatever the gateway. */
export class PaymentRequestDto {
  /**
   * In the currency of the gateway, more than 0, with at most two decimals: `5`,
   * `'5.5'`, `'5.00'`. Never rounded, so `0.1 + 0.2` is refused; text is the safer
   * form. May be left out if the module's `invoices` option is set; if it is given
   * anyway, it has to be the amount due.
   */
  @IsOptional()
  @IsRequestAmount()
  amount?: string | number | undefined;

  /**
   * The invoice: at most 128 characters of `A-Z a-z 0-9 . _ -`. Each number can be
   * used only once per account, test and live together. May be left out if there is
   * an `orderNo`: then the module makes one.
   */
  @ValidateIf(
    ({ invoiceNo, orderNo }: PaymentRequestDto) =>
      isGiven(invoiceNo) || !isGiven(orderNo),
  )
  @Matches(INVOICE_NUMBER, {
    message: 'invoiceNo must be text made of A-Z a-z 0-9 . _ - only',
  })
  @MaxLength(MAX_INVOICE_NUMBER_LENGTH, {
    message: `invoiceNo must not be longer than ${MAX_INVOICE_NUMBER_LENGTH} characters`,
  })
  invoiceNo?: string | undefined;

  /**
   * With the module's option `journal`: the order that is to be paid, at most 115
   * characters of `A-Z a-z 0-9 . _ -`. The customer can try to pay it as often as they
   * like, each time with a new invoice number, and it is paid once.
   */
  @IsOptional()
  @Matches(INVOICE_NUMBER, {
    message: 'orderNo must be text made of A-Z a-z 0-9 . _ - only',
  })
  @MaxLength(MAX_ORDER_NUMBER_LENGTH, {
    message: `orderNo must not be longer than ${MAX_ORDER_NUMBER_LENGTH} characters`,
  })
  orderNo?: string | undefined;
}

/** The tenant that the application asks for. A client must not choose it. */
export class PaymentOwner {
  /**
   * Whose payment it is, if the module has `tenants`: made of
   * `A-Z a-z 0-9 . _ -`.
   */
  @IsOptional()
  @Matches(TENANT, {
    message: 'tenant must be made of A-Z a-z 0-9 . _ - only',
  })
  tenant?: string | undefined;
}

/**
 * A request as the application writes it: with an invoice number, or with an order
 * number for which the module makes one.
 */
export type WithInvoiceOrOrder<Dto extends PaymentRequestDto> = Omit<
  Dto,
  'invoiceNo' | 'orderNo'
> &
  (
    | {
        /** As in {@link PaymentRequestDto}. */
        invoiceNo: string;
        /** As in {@link PaymentRequestDto}. */
        orderNo?: string | undefined;
      }
    | {
        /** As in {@link PaymentRequestDto}. */
        invoiceNo?: undefined;
        /** As in {@link PaymentRequestDto}. */
        orderNo: string;
      }
  );

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
