import { Injectable } from '@nestjs/common';
import type {
  Checkout,
  CheckoutDto,
  ReturnTarget,
} from '../../checkout/checkout.dto.js';
import { Checkouts } from '../../checkout/checkouts.js';
import type { WithInvoiceOrOrder } from '../../requests/payment-request.dto.js';
import { MPGS_CHECKOUT } from './mpgs.checkout.js';

/** What `MpgsService.createCheckout` takes; amounts are in US dollars. */
export type MpgsCheckoutRequest = WithInvoiceOrOrder<CheckoutDto> &
  ReturnTarget;

/** Opens checkouts at Plutu's MPGS gateway. */
@Injectable()
export class MpgsService {
  constructor(private readonly checkouts: Checkouts) {}

  /**
   * Opens a checkout and resolves to the page to send the customer to. Plutu's
   * name for this request is *confirm*. Nothing is charged by it, and only the
   * callback says whether it was paid.
   *
   * @throws {PlutuInvalidRequestError} a field breaks a rule; nothing was sent.
   * @throws {PlutuInvoiceMismatchError} with the `invoices` option: there is no
   *   such invoice, or another amount is due; nothing was sent.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nothing was sent.
   * @throws {PlutuAlreadyPaidError} with a journal: the order is paid; nothing was
   *   sent.
   * @throws {PlutuPaymentUnknownError} with a journal: the order may have been charged
   *   before; nothing was sent.
   * @throws {PlutuJournalError} the journal could not be written; nothing was sent.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says who can correct it.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuOutcomeUnknownError} the invoice number may be used up.
   * @throws {PlutuUnexpectedAnswerError} something other than Plutu answered.
   */
  async createCheckout(request: MpgsCheckoutRequest): Promise<Checkout> {
    return this.checkouts.open(MPGS_CHECKOUT, request);
  }
}
