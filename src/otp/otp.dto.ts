import { IsString } from 'class-validator';
import { IsCustomerIp } from '../requests/customer-ip.js';
import { IsLibyanMobileNumber } from '../requests/is-libyan-mobile-number.js';
import { PaymentRequestDto } from '../requests/payment-request.dto.js';

/** What every request for a one-time password needs; a gateway may need more. */
export class SendOtpDto extends PaymentRequestDto {
  /**
   * The customer's Libyan mobile number, as people write it: `091 234 5678`,
   * `+218 91 234 5678`, `00218…`, nine digits, Arabic-Indic or Persian digits.
   */
  @IsLibyanMobileNumber()
  mobileNumber!: string;
}

/** A one-time password is sent. Nothing is charged yet. */
export class SentOtp {
  /**
   * What `confirm` takes back, with the code. A browser may carry it: nobody can
   * read it or change it.
   */
  readonly token!: string;
  /** As in the request, or made for the order. */
  readonly invoiceNo!: string;
  /** As in the request; the invoice number, if there is none. */
  readonly orderNo!: string;
  /** What is going to be charged, in the currency of the gateway. */
  readonly amount!: string;
  /** Until when the code can be confirmed, as ISO 8601 in UTC. */
  readonly expiresAt!: string;
}

/** What confirms a payment. */
export class ConfirmOtpDto {
  /** The token that `sendOtp` returned. */
  @IsString({ message: 'token must be the text that sendOtp returned' })
  token!: string;

  /** The code that the customer got, as text: it may begin with a zero. */
  @IsString({ message: 'code must be text, because it may begin with a zero' })
  code!: string;

  /** The customer's IPv4 or IPv6 address. */
  @IsCustomerIp()
  customerIp?: string | undefined;
}
