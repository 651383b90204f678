import type { InjectionToken, OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { PlutuLookupError } from '../errors/plutu-errors.js';
import { canonicalDecimal } from '../protocol/money.js';
import { CURRENCY } from '../protocol/values.js';
import { applicationProvider } from '../utils/application-provider.js';
import { inTime } from '../utils/in-time.js';

/** Which invoice the module asks for. */
export interface InvoiceQuery {
  /** The invoice number that the checkout was opened with. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** The `name` of the account; `default` if it has none. */
  readonly account: string;
  /** The tenant, with the module's option `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
}

/** The amount that is due for an invoice. */
export interface InvoiceDue {
  /**
   * A decimal number: text such as `'25.50'` or `'25.500'`, a number, a bigint, or
   * an object that turns into such text, such as the `Decimal` of an ORM.
   */
  readonly amount:
    | string
    | number
    | bigint
    | {
        /** The number as text. */
        toString(): string;
      };
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
}

/** The amount that was due, as plain data. */
export interface DueAmount {
  /** A decimal number, as the application wrote it. */
  readonly amount: string;
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
}

/**
 * Finds the application's invoices. Any injectable class of the application can
 * implement it.
 */
export interface InvoiceSource {
  /**
   * Has 4 seconds to answer.
   *
   * @param query which invoice; two tenants may have invoices with the same number.
   * @returns what is due, whether it has been paid by now or not, or nothing if there
   *   is no such invoice.
   */
  findInvoice(
    query: InvoiceQuery,
  ): InvoiceDue | null | undefined | Promise<InvoiceDue | null | undefined>;
}

/** Whether two amounts have the same value. */
export function isSameAmount(
  one: string | number,
  other: string | number,
): boolean {
  return canonicalDecimal(one) === canonicalDecimal(other);
}

/** In milliseconds. */
const LOOKUP_TIMEOUT = 4_000;

/** Looks invoices up in the application's {@link InvoiceSource}, if it has one. */
export class Invoices implements OnModuleInit {
  private source: InvoiceSource | undefined;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly token: InjectionToken<InvoiceSource> | undefined,
    private readonly account: string,
  ) {}

  /** Whether the option `invoices` is set. */
  get isConfigured(): boolean {
    return this.token !== undefined;
  }

  /** @throws {PlutuConfigurationError} if no provider of that name is found. */
  onModuleInit(): void {
    if (this.token !== undefined) this.invoiceSource(this.token);
  }

  /**
   * @throws {PlutuLookupError} if the application's class throws, takes too long,
   *   or answers something that cannot be read.
   */
  async find({
    invoiceNo,
    orderNo = invoiceNo,
    tenant,
    gateway,
  }: Pick<InvoiceQuery, 'invoiceNo' | 'gateway'> & {
    readonly orderNo?: string | undefined;
    readonly tenant?: string | undefined;
  }): Promise<DueAmount | undefined> {
    const { token, account } = this;
    if (token === undefined) return undefined;
    const lookup = async () =>
      this.invoiceSource(token).findInvoice({
        invoiceNo,
        orderNo,
        account,
        tenant,
        gateway,
      });
    try {
      const due = await inTime(
        lookup(),
        LOOKUP_TIMEOUT,
        `findInvoice did not answer in ${LOOKUP_TIMEOUT} ms.`,
      );
      return due ? readDue(invoiceNo, due) : undefined;
    } catch (error) {
      if (error instanceof PlutuLookupError) throw error;
      throw new PlutuLookupError(
        'findInvoice',
        `invoice ${invoiceNo} could not be looked up`,
        error,
      );
    }
  }

  // Also looked up later than at startup: Nest does not initialize a lazily loaded
  // module.
  private invoiceSource(token: InjectionToken<InvoiceSource>): InvoiceSource {
    this.source ??= applicationProvider(this.moduleRef, 'invoices', token);
    return this.source;
  }
}

/** Only these two properties of what may be a whole database row. */
function readDue(invoiceNo: string, due: InvoiceDue): DueAmount {
  const { amount, currency } = due;
  const unreadable = (what: string) =>
    new PlutuLookupError(
      'findInvoice',
      `the ${what} of invoice ${invoiceNo} cannot be read`,
    );
  if (canonicalDecimal(amount) === undefined) {
    throw unreadable('amount (a decimal number such as "25.50")');
  }
  if (typeof currency !== 'string' || !CURRENCY.test(currency)) {
    throw unreadable('currency (an ISO 4217 code such as "USD")');
  }
  return { amount: String(amount), currency };
}
