import { Inject, Injectable, Optional } from '@nestjs/common';
import { EnabledGateways } from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import type { PlutuCredentials } from '../account/plutu-credentials.js';
import { tenantParameter } from '../account/tenant-parameter.js';
import { ApiSettings } from '../api/api.options.js';
import { PlutuClient } from '../api/plutu-client.js';
import type { FieldErrors } from '../errors/plutu-errors.js';
import { PLUTU_EVENTS } from '../payments/events.js';
import {
  PAYMENT_JOURNAL,
  type JournalDelivery,
} from '../payments/payment-journal.js';
import { PlutuEvents } from '../payments/plutu-events.js';
import { isHttpUrl, TENANT_PARAMETER } from '../protocol/return-url.js';
import type { WithInvoiceOrOrder } from '../requests/payment-request.dto.js';
import {
  isCertainNo,
  PaymentRequests,
  writtenDown,
} from '../requests/payment-requests.js';
import { CheckoutCreatedEvent } from './checkout-created.event.js';
import {
  CheckoutTarget,
  type Checkout,
  type CheckoutDto,
} from './checkout.dto.js';
import { CheckoutSettings } from './checkout.options.js';
import type { HostedCheckout } from './hosted-checkout.js';
import { ReturnUrls } from './return-urls.js';

/** Where Plutu leads the customer's browser, and where it posts the callback. */
interface CheckoutUrls {
  readonly return_url: string;
  /** Absent if the callback comes to the return URL. */
  readonly callback_url?: string;
}

/** Opens checkouts that Plutu hosts, at any gateway. */
@Injectable()
export class Checkouts {
  constructor(
    private readonly account: PlutuAccount,
    private readonly settings: CheckoutSettings,
    private readonly api: ApiSettings,
    private readonly gateways: EnabledGateways,
    private readonly returnUrls: ReturnUrls,
    private readonly client: PlutuClient,
    private readonly events: PlutuEvents,
    private readonly requests: PaymentRequests,
    @Optional()
    @Inject(PAYMENT_JOURNAL)
    private readonly journal: JournalDelivery | undefined,
  ) {}

  /**
   * Opens a checkout for the application itself, which may say where the callback
   * goes and whose checkout it is.
   *
   * @throws {PlutuError} as {@link openFor} does.
   */
  async open<Dto extends CheckoutDto>(
    checkout: HostedCheckout<Dto>,
    request: WithInvoiceOrOrder<Dto> & CheckoutTarget,
  ): Promise<Checkout> {
    if (!isObject(request)) return this.openFor(checkout, request);
    const { returnUrl, callbackUrl, tenant, ...rest } = request;
    return this.openFor(checkout, rest, { returnUrl, callbackUrl, tenant });
  }

  /**
   * Opens a checkout. This charges nothing, and only the callback says whether it was
   * paid.
   *
   * @param request what may come from a client; not validated yet.
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
  async openFor<Dto extends CheckoutDto>(
    checkout: HostedCheckout<Dto>,
    request: unknown,
    target: CheckoutTarget = {},
  ): Promise<Checkout> {
    const { gateway } = checkout;
    const { dto, urls } = this.validated(checkout, request, target);
    const { customerIp, lang = this.settings.lang } = dto;
    const tenant = target.tenant ?? undefined;
    const credentials = await this.requests.credentialsOf(tenant);
    const facts = await this.requests.factsOf(gateway, dto, tenant);
    const { invoiceNo, orderNo, amount } = facts;
    const entry =
      this.journal && (await writtenDown(this.journal.openingCheckout(facts)));
    let redirectUrl: string;
    try {
      redirectUrl = await this.client.post(credentials, {
        tenant,
        gateway,
        action: 'confirm',
        form: {
          amount,
          invoice_no: invoiceNo,
          ...this.withTenant(urls, credentials, tenant, invoiceNo),
          ...(customerIp && { customer_ip: customerIp }),
          ...(lang && { lang }),
          ...checkout.toForm?.(dto),
        },
        invoiceNo,
        readResult: (result) => this.redirectUrlIn(result),
        personal: checkout.personal?.(dto),
      });
    } catch (error) {
      await entry?.asked(isCertainNo(error) ? 'refused' : 'unknown');
      throw error;
    }
    await entry?.asked('open');
    const opened = { redirectUrl, invoiceNo, orderNo, amount };
    // Not awaited: the checkout is open, whatever its handlers do.
    void this.events.notify(
      PLUTU_EVENTS.checkoutCreated,
      new CheckoutCreatedEvent({
        account: this.account.name,
        tenant,
        gateway,
        ...opened,
      }),
    );
    return opened;
  }

  private validated<Dto extends CheckoutDto>(
    checkout: HostedCheckout<Dto>,
    request: unknown,
    target: CheckoutTarget,
  ): { dto: Dto; urls: CheckoutUrls } {
    const { urls, errors } = this.urlsOf(checkout.gateway, target);
    const dto = this.requests.validated(
      checkout.dto,
      request,
      CheckoutTarget,
      target,
      errors,
    );
    return { dto, urls };
  }

  /**
   * @returns the URLs, and the errors for those that are missing or must not be
   *   given.
   */
  private urlsOf(
    gateway: string,
    target: CheckoutTarget,
  ): { urls: CheckoutUrls; errors: FieldErrors } {
    const errors: Record<string, readonly string[]> = {};
    const find = (option: 'returnUrl' | 'callbackUrl'): string => {
      const url = target[option] ?? undefined;
      if (url !== undefined) return url;
      const found = this.returnUrls.of(gateway, option);
      if ('url' in found) return found.url;
      errors[option] = [`${option} is missing: ${found.problem}`];
      return '';
    };
    const return_url = find('returnUrl');
    if (this.gateways.find(gateway)?.hasReturn) {
      const callback_url = find('callbackUrl');
      return { urls: { return_url, callback_url }, errors };
    }
    if ((target.callbackUrl ?? undefined) !== undefined) {
      errors['callbackUrl'] = [
        `callbackUrl must not be given: the callback of ${gateway} comes to returnUrl`,
      ];
    }
    return { urls: { return_url }, errors };
  }

  /**
   * The callback has to name its tenant, so that it is verified with that tenant's
   * keys.
   */
  private withTenant(
    urls: CheckoutUrls,
    credentials: PlutuCredentials,
    tenant: string | undefined,
    invoiceNo: string,
  ): CheckoutUrls {
    if (tenant === undefined) return urls;
    const parameter = tenantParameter(credentials.secretKeys(), {
      account: this.account.name,
      tenant,
      invoiceNo,
    });
    const named = (url: string) =>
      `${url}${url.includes('?') ? '&' : '?'}${TENANT_PARAMETER}=${parameter}`;
    const { return_url, callback_url } = urls;
    return {
      return_url: named(return_url),
      ...(callback_url !== undefined && { callback_url: named(callback_url) }),
    };
  }

  /** With plain `http:`, anybody on the network path could replace the checkout page. */
  private redirectUrlIn(
    result: Readonly<Record<string, unknown>>,
  ): string | undefined {
    const url = result['redirect_url'];
    if (typeof url !== 'string' || !isHttpUrl(url)) return undefined;
    const isAsSafeAsApi =
      url.startsWith('https:') || this.api.baseUrl.startsWith('http:');
    return isAsSafeAsApi ? url : undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
