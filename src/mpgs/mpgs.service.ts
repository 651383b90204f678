import { Injectable } from '@nestjs/common';
import { PlutuClient } from '../api/plutu-client.js';
import {
  isHttpUrl,
  TENANT_PARAMETER,
} from '../callbacks/callback-parameters.js';
import { CredentialsResolver } from '../credentials/credentials-resolver.js';
import { tenantParameter } from '../credentials/tenant-parameter.js';
import { PlutuEvents } from '../events/plutu-events.js';
import { Invoices, isSameAmount } from '../invoices/invoices.js';
import { PlutuConfig } from '../plutu.config.js';
import {
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
} from '../plutu.errors.js';
import { chargeable, DOLLARS_MESSAGE } from '../validation/dollars.js';
import { dtoErrors, toDto } from '../validation/validate-dto.js';
import { MPGS_GATEWAY } from './mpgs-callback.rules.js';
import { MpgsConfirmDto, type MpgsCheckout } from './mpgs-confirm.dto.js';
import { MPGS_EVENTS, MpgsCheckoutCreatedEvent } from './mpgs.events.js';

/** The way out: opens checkouts at Plutu's MPGS gateway. */
@Injectable()
export class MpgsService {
  constructor(
    private readonly config: PlutuConfig,
    private readonly client: PlutuClient,
    private readonly events: PlutuEvents,
    private readonly invoices: Invoices,
    private readonly credentials: CredentialsResolver,
  ) {}

  /**
   * Opens a checkout and resolves to the page to send the customer to. Nothing
   * is charged by this, and only the callback tells whether it was paid.
   *
   * @throws {PlutuInvalidRequestError} a field breaks a rule; nothing was sent.
   * @throws {PlutuInvoiceMismatchError} with the `invoices` option: there is no
   *   such invoice, or another amount is due; nothing was sent.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nothing was sent.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says whose move it is.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuOutcomeUnknownError} the invoice number may be used up.
   * @throws {PlutuUnexpectedAnswerError} something else than Plutu answered.
   */
  async confirm(request: MpgsConfirmDto): Promise<MpgsCheckout> {
    const { invoiceNo, returnUrl, customerIp, lang, tenant, ...dto } =
      this.validated(request);
    const credentials = await this.credentials.credentialsOf(tenant);
    if (!credentials) {
      throw new PlutuInvalidRequestError({
        tenant: [
          tenant === undefined ? 'tenant is missing' : 'tenant is not known',
        ],
      });
    }
    const amount = await this.amountDue(dto.amount, invoiceNo, tenant);
    const redirectUrl = await this.client.post(
      credentials,
      `v1/transaction/${MPGS_GATEWAY}/confirm`,
      {
        amount,
        invoice_no: invoiceNo,
        return_url:
          tenant === undefined
            ? returnUrl
            : withTenant(
                returnUrl,
                tenantParameter(credentials.secretKeys(), {
                  account: this.config.account,
                  tenant,
                  invoiceNo,
                }),
              ),
        ...(customerIp && { customer_ip: customerIp }),
        ...(lang && { lang }),
      },
      (result) => this.redirectUrlIn(result),
    );
    const checkout = { redirectUrl, invoiceNo, amount };
    // Not waited for: the checkout is open, whatever its handlers do.
    void this.events.notify(
      MPGS_EVENTS.checkoutCreated,
      new MpgsCheckoutCreatedEvent({
        account: this.config.account,
        tenant,
        ...checkout,
      }),
    );
    return checkout;
  }

  private validated(
    request: MpgsConfirmDto,
  ): MpgsConfirmDto & { returnUrl: string } {
    if (
      typeof request !== 'object' ||
      request === null ||
      Array.isArray(request)
    ) {
      throw new PlutuInvalidRequestError({
        request: ['request must be an object with amount and invoiceNo'],
      });
    }
    const dto = toDto(MpgsConfirmDto, request);
    dto.amount ??= undefined;
    dto.tenant ??= undefined;
    const returnUrl = dto.returnUrl ?? this.config.returnUrl;
    const errors = { ...dtoErrors(dto) };
    // An invoice that is known says what is due.
    if (dto.amount === undefined && !this.invoices.areKnown) {
      errors['amount'] = [DOLLARS_MESSAGE.replace('$property', 'amount')];
    }
    if (returnUrl === undefined) {
      errors['returnUrl'] = [
        "returnUrl is missing: pass one, or set PlutuModule's returnUrl",
      ];
    }
    if (returnUrl === undefined || Object.keys(errors).length > 0) {
      throw new PlutuInvalidRequestError(errors);
    }
    return Object.assign(dto, {
      returnUrl,
      lang: dto.lang ?? this.config.lang,
    });
  }

  /** What to charge: the amount asked for, or what the invoice is due. */
  private async amountDue(
    amount: string | number | undefined,
    invoiceNo: string,
    tenant: string | undefined,
  ): Promise<string> {
    if (amount !== undefined && !this.invoices.areKnown) return String(amount);
    const due = await this.invoices.find(invoiceNo, tenant);
    if (!due) {
      throw new PlutuInvoiceMismatchError(
        'invoiceNo',
        `there is no invoice ${invoiceNo}`,
      );
    }
    const { currency } = due;
    const charge = chargeable(due.amount);
    if (charge === undefined || !this.config.currencies.includes(currency)) {
      throw new PlutuInvoiceMismatchError(
        'invoiceNo',
        `invoice ${invoiceNo} is due ${due.amount} ${currency}, which cannot be charged`,
      );
    }
    if (amount === undefined) return charge;
    if (!isSameAmount(amount, due.amount)) {
      throw new PlutuInvoiceMismatchError(
        'amount',
        `amount is not what invoice ${invoiceNo} is due`,
      );
    }
    return String(amount);
  }

  /** Plain `http:` would let anyone on the way swap the checkout page. */
  private redirectUrlIn(
    result: Readonly<Record<string, unknown>>,
  ): string | undefined {
    const url = result['redirect_url'];
    if (typeof url !== 'string' || !isHttpUrl(url)) return undefined;
    const isAsSafeAsApi =
      url.startsWith('https:') || this.config.baseUrl.startsWith('http:');
    return isAsSafeAsApi ? url : undefined;
  }
}

/** The callback has to say whose it is, for the keys to verify it with. */
function withTenant(returnUrl: string, parameter: string): string {
  const separator = returnUrl.includes('?') ? '&' : '?';
  return `${returnUrl}${separator}${TENANT_PARAMETER}=${parameter}`;
}
