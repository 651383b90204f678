import { Inject, Injectable, Optional } from '@nestjs/common';
import { CredentialsResolver } from '../account/credentials-resolver.js';
import { EnabledGateways } from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import type { PlutuCredentials } from '../account/plutu-credentials.js';
import { tenantParameter } from '../account/tenant-parameter.js';
import { ApiSettings } from '../api/api.options.js';
import { PlutuClient } from '../api/plutu-client.js';
import {
  PlutuConnectionError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuJournalError,
  PlutuRefusedError,
} from '../errors/plutu-errors.js';
import { PLUTU_EVENTS } from '../payments/events.js';
import { Invoices, isSameAmount } from '../payments/invoices.js';
import {
  PAYMENT_JOURNAL,
  type CheckoutEntry,
  type CheckoutFacts,
  type JournalDelivery,
} from '../payments/payment-journal.js';
import { PlutuEvents } from '../payments/plutu-events.js';
import { chargeable } from '../protocol/money.js';
import { isHttpUrl, TENANT_PARAMETER } from '../protocol/return-url.js';
import { dtoErrors, toDto } from '../utils/dto.js';
import { CheckoutCreatedEvent } from './checkout-created.event.js';
import {
  CheckoutTarget,
  type Checkout,
  type CheckoutDto,
} from './checkout.dto.js';
import { CheckoutSettings } from './checkout.options.js';
import type { HostedCheckout } from './hosted-checkout.js';
import { REQUEST_AMOUNT_MESSAGE } from './is-request-amount.js';
import { ReturnUrls } from './return-urls.js';

/** Where Plutu leads the customer's browser, and where it posts the callback. */
interface CheckoutUrls {
  readonly return_url: string;
  /** Absent if the callback comes to the other. */
  readonly callback_url?: string;
}

/** The way out: opens checkouts that Plutu hosts, at any gateway. */
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
    private readonly invoices: Invoices,
    private readonly credentials: CredentialsResolver,
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
    request: Dto & CheckoutTarget,
  ): Promise<Checkout> {
    if (!isObject(request)) return this.openFor(checkout, request);
    const { returnUrl, callbackUrl, tenant, ...rest } = request;
    return this.openFor(checkout, rest, { returnUrl, callbackUrl, tenant });
  }

  /**
   * Opens a checkout. Nothing is charged by this, and only the callback says
   * whether it was paid.
   *
   * @param request what may come from a client; not validated yet.
   * @throws {PlutuInvalidRequestError} a field breaks a rule; nothing was sent.
   * @throws {PlutuInvoiceMismatchError} with the `invoices` option: there is no
   *   such invoice, or another amount is due; nothing was sent.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nothing was sent.
   * @throws {PlutuJournalError} the journal could not be written; nothing was sent.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says who can correct it.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuOutcomeUnknownError} the invoice number may be used up.
   * @throws {PlutuUnexpectedAnswerError} something else than Plutu answered.
   */
  async openFor<Dto extends CheckoutDto>(
    checkout: HostedCheckout<Dto>,
    request: unknown,
    target: CheckoutTarget = {},
  ): Promise<Checkout> {
    const { gateway } = checkout;
    const dto = this.validated(checkout, request, target);
    const { urls } = dto;
    const { invoiceNo, customerIp, lang = this.settings.lang } = dto.request;
    const tenant = target.tenant ?? undefined;
    const credentials = await this.credentialsOf(tenant);
    const amount = await this.amountDue(gateway, dto.request, tenant);
    const { currencies = [] } = this.gateways.find(gateway) ?? {};
    const entry = await this.record({
      tenant,
      gateway,
      invoiceNo,
      orderNo: invoiceNo,
      amount,
      currency: currencies.length === 1 ? currencies[0] : undefined,
    });
    let redirectUrl: string;
    try {
      redirectUrl = await this.client.post(
        credentials,
        `v1/transaction/${gateway}/confirm`,
        {
          amount,
          invoice_no: invoiceNo,
          ...this.withTenant(urls, credentials, tenant, invoiceNo),
          ...(customerIp && { customer_ip: customerIp }),
          ...(lang && { lang }),
          ...checkout.toForm?.(dto.request),
        },
        (result) => this.redirectUrlIn(result),
        checkout.personal?.(dto.request),
      );
    } catch (error) {
      await entry?.asked(isNo(error) ? 'refused' : 'unknown');
      throw error;
    }
    await entry?.asked('open');
    const opened = { redirectUrl, invoiceNo, amount };
    // Not waited for: the checkout is open, whatever its handlers do.
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

  /** Before Plutu is asked: a checkout that nobody knows of cannot be looked up. */
  private async record(
    checkout: CheckoutFacts,
  ): Promise<CheckoutEntry | undefined> {
    try {
      return await this.journal?.openingCheckout(checkout);
    } catch (error) {
      throw new PlutuJournalError(error);
    }
  }

  private validated<Dto extends CheckoutDto>(
    checkout: HostedCheckout<Dto>,
    request: unknown,
    target: CheckoutTarget,
  ): { request: Dto; urls: CheckoutUrls } {
    if (!isObject(request)) {
      throw new PlutuInvalidRequestError({
        request: ['request must be an object with amount and invoiceNo'],
      });
    }
    const dto = toDto(checkout.dto, request);
    const errors: Record<string, readonly string[]> = {
      ...dtoErrors(dto),
      ...dtoErrors(toDto(CheckoutTarget, target)),
    };
    // An invoice that is known says what is due.
    if (
      (dto.amount ?? undefined) === undefined &&
      !this.invoices.isConfigured
    ) {
      errors['amount'] = [
        REQUEST_AMOUNT_MESSAGE.replace('$property', 'amount'),
      ];
    }
    const urls = this.urlsOf(checkout.gateway, target, errors);
    if (!urls || Object.keys(errors).length > 0) {
      throw new PlutuInvalidRequestError(errors);
    }
    return { request: dto, urls };
  }

  /**
   * @param errors gets what is missing, or must not be there.
   * @returns `undefined` if one is missing.
   */
  private urlsOf(
    gateway: string,
    target: CheckoutTarget,
    errors: Record<string, readonly string[]>,
  ): CheckoutUrls | undefined {
    const find = (option: 'returnUrl' | 'callbackUrl') => {
      const url = target[option] ?? undefined;
      if (url !== undefined) return url;
      const found = this.returnUrls.of(gateway, option);
      if ('url' in found) return found.url;
      errors[option] = [`${option} is missing: ${found.problem}`];
      return undefined;
    };
    const return_url = find('returnUrl');
    if (this.gateways.find(gateway)?.hasReturn) {
      const callback_url = find('callbackUrl');
      return return_url && callback_url
        ? { return_url, callback_url }
        : undefined;
    }
    if ((target.callbackUrl ?? undefined) !== undefined) {
      errors['callbackUrl'] = [
        `callbackUrl must not be given: the callback of ${gateway} comes to returnUrl`,
      ];
    }
    return return_url ? { return_url } : undefined;
  }

  private async credentialsOf(
    tenant: string | undefined,
  ): Promise<PlutuCredentials> {
    const credentials = await this.credentials.credentialsOf(tenant);
    if (credentials) return credentials;
    const problem =
      tenant === undefined ? 'tenant is missing' : 'tenant is not known';
    throw new PlutuInvalidRequestError({ tenant: [problem] });
  }

  /** What to charge: the amount asked for, or what the invoice is due. */
  private async amountDue(
    gateway: string,
    { amount, invoiceNo }: CheckoutDto,
    tenant: string | undefined,
  ): Promise<string> {
    const isGiven = amount !== undefined && amount !== null;
    if (isGiven && !this.invoices.isConfigured) return String(amount);
    const due = await this.invoices.find({ invoiceNo, tenant, gateway });
    if (!due) {
      throw new PlutuInvoiceMismatchError(
        'invoiceNo',
        `there is no invoice ${invoiceNo}`,
      );
    }
    const { currencies = [] } = this.gateways.find(gateway) ?? {};
    const charge = chargeable(due.amount);
    if (charge === undefined || !currencies.includes(due.currency)) {
      throw new PlutuInvoiceMismatchError(
        'invoiceNo',
        `invoice ${invoiceNo} is due ${due.amount} ${due.currency}, which ${gateway} cannot charge`,
      );
    }
    if (!isGiven) return charge;
    if (!isSameAmount(amount, due.amount)) {
      throw new PlutuInvoiceMismatchError(
        'amount',
        `amount is not what invoice ${invoiceNo} is due`,
      );
    }
    return String(amount);
  }

  /** What comes back has to say whose it is, for the keys to verify it with. */
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

  /** Plain `http:` would let anyone on the way swap the checkout page. */
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

/** Whether it is certain that no checkout was opened. */
function isNo(error: unknown): boolean {
  if (error instanceof PlutuRefusedError) return error.fault !== 'plutu';
  return error instanceof PlutuConnectionError;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
