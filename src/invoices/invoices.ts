import type { InjectionToken, OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { inTime } from '../callbacks/in-time.js';
import { PlutuLookupError } from '../plutu.errors.js';
import { applicationProvider } from '../validation/application-provider.js';
import { canonicalDecimal } from '../validation/decimal.js';

/** Whose an invoice is, where an application has several accounts or tenants. */
export interface InvoiceOwner {
  /** The `name` of the account; `default` where it has none. */
  readonly account: string;
  /** With the module's option `tenants`. */
  readonly tenant: string | undefined;
}

/** What an invoice is due, as the application has it. */
export interface InvoiceDue {
  /**
   * A decimal number: text such as `'25.50'` or `'25.500'`, a number, a bigint,
   * or an object whose text it is, such as the `Decimal` of an ORM.
   */
  readonly amount: string | number | bigint | { toString(): string };
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
}

/** What was due, as plain data. */
export interface DueAmount {
  /** A decimal number, as the application spelled it. */
  readonly amount: string;
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
}

/**
 * The application's invoices, as far as the module has to know them. Any
 * injectable class of the application can be one.
 */
export interface InvoiceSource {
  /**
   * @param owner whose invoice it is: invoices of two may have one number.
   * @returns what the invoice is due, whether it is paid by now or not, or
   *   nothing where there is no such invoice.
   */
  findInvoice(
    invoiceNo: string,
    owner: InvoiceOwner,
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

/** Looks invoices up at the application's {@link InvoiceSource}, if it has one. */
export class Invoices implements OnModuleInit {
  private source: InvoiceSource | undefined;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly token: InjectionToken<InvoiceSource> | undefined,
    private readonly account: string,
  ) {}

  /** Whether the application told where its invoices are. */
  get areKnown(): boolean {
    return this.token !== undefined;
  }

  /** @throws {PlutuConfigurationError} if no provider of that name is found. */
  onModuleInit(): void {
    if (this.token !== undefined) this.invoiceSource(this.token);
  }

  /**
   * @param tenant whose invoice it is, if there are tenants.
   * @throws {PlutuLookupError} if the application's class throws, takes too long,
   *   or answers something that cannot be read.
   */
  async find(
    invoiceNo: string,
    tenant: string | undefined,
  ): Promise<DueAmount | undefined> {
    const { token } = this;
    if (token === undefined) return undefined;
    const owner = { account: this.account, tenant };
    const lookup = async () =>
      this.invoiceSource(token).findInvoice(invoiceNo, owner);
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

  // Not only when the application starts: Nest does not initialize a module that
  // is loaded lazily.
  private invoiceSource(token: InjectionToken<InvoiceSource>): InvoiceSource {
    this.source ??= applicationProvider(this.moduleRef, 'invoices', token);
    return this.source;
  }
}

/** No more than this of what may be a whole database row. */
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
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    throw unreadable('currency (an ISO 4217 code such as "USD")');
  }
  return { amount: String(amount), currency };
}
