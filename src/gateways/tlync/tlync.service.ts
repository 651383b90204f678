import { Injectable } from '@nestjs/common';
import type { Checkout, CheckoutTarget } from '../../checkout/checkout.dto.js';
import { Checkouts } from '../../checkout/checkouts.js';
import type { WithInvoiceOrOrder } from '../../requests/payment-request.dto.js';
import { TLYNC_CHECKOUT, type TlyncCheckoutDto } from './tlync.checkout.js';

/** What `TlyncService.createCheckout` takes; amounts are in Libyan dinars. */
export type TlyncCheckoutRequest = WithInvoiceOrOrder<TlyncCheckoutDto> &
  CheckoutTarget;

/** Opens checkouts at Plutu's T-Lync gateway. */
@Injectable()
export class TlyncService {
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
  async createCheckout(request: TlyncCheckoutRequest): Promise<Checkout> {
    return this.checkouts.open(TLYNC_CHECKOUT, request);
  }
}
