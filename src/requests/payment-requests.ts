import { Inject, Injectable, Optional, type Type } from '@nestjs/common';
import { CredentialsResolver } from '../account/credentials-resolver.js';
import { EnabledGateways } from '../account/enabled-gateways.js';
import type { PlutuCredentials } from '../account/plutu-credentials.js';
import {
  PlutuConnectionError,
  PlutuError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuJournalError,
  PlutuRefusedError,
  type FieldErrors,
} from '../errors/plutu-errors.js';
import { Invoices, isSameAmount } from '../payments/invoices.js';
import {
  PAYMENT_JOURNAL,
  type CheckoutFacts,
  type JournalDelivery,
} from '../payments/payment-journal.js';
import { chargeable } from '../protocol/money.js';
import { dtoErrors, toDto } from '../utils/dto.js';
import { REQUEST_AMOUNT_MESSAGE } from './is-request-amount.js';
import { invoiceOfOrder } from './order-invoice.js';
import { PaymentOwner, type PaymentRequestDto } from './payment-request.dto.js';

/** What every request for a payment goes through before Plutu is asked. */
@Injectable()
export class PaymentRequests {
  constructor(
    private readonly gateways: EnabledGateways,
    private readonly invoices: Invoices,
    private readonly credentials: CredentialsResolver,
    @Optional()
    @Inject(PAYMENT_JOURNAL)
    private readonly journal: JournalDelivery | undefined,
  ) {}

  /**
   * Makes a DTO of what may come from a client.
   *
   * @param owner what the application itself adds, such as the tenant.
   * @param more what else may be wrong with it, by field.
   * @throws {PlutuInvalidRequestError} a field breaks a rule.
   */
  validated<Dto extends PaymentRequestDto, Owner extends PaymentOwner>(
    type: Type<Dto>,
    request: unknown,
    ownerType: Type<Owner>,
    owner: Owner,
    more: FieldErrors = {},
  ): Dto {
    if (!isObject(request)) {
      throw new PlutuInvalidRequestError({
        request: ['request must be an object with amount and invoiceNo'],
      });
    }
    const dto = toDto(type, request);
    const { amount = null, orderNo = null } = dto;
    const errors = {
      ...dtoErrors(dto),
      ...dtoErrors(toDto(ownerType, owner)),
      // If invoices are known, they say what is due.
      ...(amount === null &&
        !this.invoices.isConfigured && {
          amount: [REQUEST_AMOUNT_MESSAGE.replace('$property', 'amount')],
        }),
      ...(orderNo !== null &&
        !this.journal && {
          orderNo: [
            'orderNo needs the option "journal", which knows the invoices of each order',
          ],
        }),
      ...more,
    };
    if (Object.keys(errors).length > 0) {
      throw new PlutuInvalidRequestError(errors);
    }
    return dto;
  }

  /**
   * The keys to ask Plutu with.
   *
   * @throws {PlutuInvalidRequestError} there is no such tenant.
   * @throws {PlutuLookupError} `findCredentials` failed.
   */
  async credentialsOf(tenant: string | undefined): Promise<PlutuCredentials> {
    const credentials = await this.credentials.credentialsOf(tenant);
    if (credentials) return credentials;
    const problem =
      tenant === undefined ? 'tenant is missing' : 'tenant is not known';
    throw new PlutuInvalidRequestError({ tenant: [problem] });
  }

  /**
   * What to ask Plutu for: the invoice, and the amount of the request or the amount
   * due.
   *
   * @throws {PlutuInvoiceMismatchError} there is no such invoice, or another amount
   *   is due.
   * @throws {PlutuLookupError} `findInvoice` failed.
   */
  async factsOf(
    gateway: string,
    request: Pick<PaymentRequestDto, 'amount' | 'invoiceNo' | 'orderNo'>,
    tenant: string | undefined,
  ): Promise<CheckoutFacts> {
    const invoiceNo =
      request.invoiceNo ?? invoiceOfOrder(request.orderNo ?? '');
    const orderNo = request.orderNo ?? invoiceNo;
    const { currencies = [] } = this.gateways.find(gateway) ?? {};
    const facts = {
      tenant,
      gateway,
      invoiceNo,
      orderNo,
      currency: currencies.length === 1 ? currencies[0] : undefined,
    };
    const { amount = null } = request;
    if (amount !== null && !this.invoices.isConfigured) {
      return { ...facts, amount: String(amount) };
    }
    const [field, name] =
      orderNo !== invoiceNo
        ? (['orderNo', `order ${orderNo}`] as const)
        : (['invoiceNo', `invoice ${invoiceNo}`] as const);
    const due = await this.invoices.find(facts);
    if (!due) {
      throw new PlutuInvoiceMismatchError(field, `there is no ${name}`);
    }
    const charge = chargeable(due.amount);
    if (charge === undefined || !currencies.includes(due.currency)) {
      throw new PlutuInvoiceMismatchError(
        field,
        `${due.amount} ${due.currency} is due for ${name}, which ${gateway} cannot charge`,
      );
    }
    if (amount === null) return { ...facts, amount: charge };
    if (!isSameAmount(amount, due.amount)) {
      throw new PlutuInvoiceMismatchError(
        'amount',
        `amount is not what is due for ${name}`,
      );
    }
    return { ...facts, amount: String(amount) };
  }
}

/**
 * Writes to the journal before Plutu is asked.
 *
 * @throws {PlutuError} what the journal says about the request, unchanged.
 * @throws {PlutuJournalError} if it could not be written.
 */
export async function writtenDown<T>(writing: Promise<T> | T): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw error instanceof PlutuError ? error : new PlutuJournalError(error);
  }
}

/** Whether it is certain that Plutu has not done what it was asked for. */
export function isCertainNo(error: unknown): boolean {
  if (error instanceof PlutuRefusedError) return error.fault !== 'plutu';
  return error instanceof PlutuConnectionError;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
