import { Injectable } from '@nestjs/common';
import { OtpConfirmations } from '../../otp/otp-confirmations.js';
import { OtpSender } from '../../otp/otp-sender.js';
import type { ConfirmOtpDto, SendOtpDto, SentOtp } from '../../otp/otp.dto.js';
import type { Payment } from '../../payments/payment.js';
import type {
  PaymentOwner,
  WithInvoiceOrOrder,
} from '../../requests/payment-request.dto.js';
import { ADFALI_PAYMENT } from './adfali.payment.js';

/** What `AdfaliService.sendOtp` takes; amounts are in Libyan dinars. */
export type AdfaliOtpRequest = WithInvoiceOrOrder<SendOtpDto> & PaymentOwner;

/** Takes payments through Plutu's Adfali gateway, with a one-time password. */
@Injectable()
export class AdfaliService {
  constructor(
    private readonly sender: OtpSender,
    private readonly confirmations: OtpConfirmations,
  ) {}

  /**
   * Sends a one-time password to the customer and resolves to a token for
   * {@link confirm}. Plutu's name for this request is *verify*. Nothing is charged.
   *
   * @throws {PlutuInvalidRequestError} a field breaks a rule; nothing was sent.
   * @throws {PlutuInvoiceMismatchError} with the `invoices` option: there is no
   *   such invoice, or another amount is due; nothing was sent.
   * @throws {PlutuAlreadyPaidError} the order is paid; nothing was sent.
   * @throws {PlutuPaymentUnknownError} the order may have been charged before; nothing
   *   was sent.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nothing was sent.
   * @throws {PlutuJournalError} the journal could not be written; nothing was sent.
   * @throws {PlutuOtpError} the customer can do something; `problem` says what.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says who can correct it.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuOutcomeUnknownError} a code may have been sent; try again.
   * @throws {PlutuUnexpectedAnswerError} something other than Plutu answered.
   */
  async sendOtp(request: AdfaliOtpRequest): Promise<SentOtp> {
    return this.sender.send(ADFALI_PAYMENT, request);
  }

  /**
   * Charges the customer, if the code is right. The payment is also published, like
   * any other. A second call with the same token, such as after a double click,
   * gets what the first one gets.
   *
   * @returns the payment, with its verdict if that is known by then.
   * @throws {PlutuInvalidRequestError} a field breaks a rule, or the token is not
   *   from this gateway and account; nobody was charged.
   * @throws {PlutuInvoiceMismatchError} the invoice is not due any more, or another
   *   amount is; nobody was charged.
   * @throws {PlutuAlreadyPaidError} another payment has paid the order; nobody was
   *   charged.
   * @throws {PlutuOtpError} the customer can do something; `problem` says what.
   *   Nobody was charged.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nobody was charged.
   * @throws {PlutuJournalError} the journal could not be written; nobody was
   *   charged.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says who can correct it.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuPaymentUnknownError} the money may have been taken: a person has
   *   to look it up in Plutu's dashboard. Do not let the customer try again.
   * @throws {PlutuPaymentNotDeliveredError} the money was taken, and the payment
   *   could not be handed to the consumers; calling again charges nothing.
   */
  async confirm(confirmation: ConfirmOtpDto): Promise<Payment> {
    return this.confirmations.confirm(ADFALI_PAYMENT, confirmation);
  }
}
