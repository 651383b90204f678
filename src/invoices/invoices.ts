import type { InjectionToken, OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { inTime } from '../callbacks/in-time.js';
import { applicationProvider } from '../validation/application-provider.js';
import { dollarsToCents } from '../validation/dollars.js';

/** Whose an invoice is, where an application has several accounts or tenants. */
export interface InvoiceOwner {
  /** The `name` of the account; `default` where it has none. */
  readonly account: string;
  /** With the module's option `tenants`. */
  readonly tenant: string | undefined;
}

/** What an invoice is due. */
export interface InvoiceDue {
  /** With at most two decimals, such as `'25.50'` or `25.5`. */
  readonly amount: string | number;
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

/** Whether two amounts are the same in cents, and not nothing. */
export function isSameAmount(paid: InvoiceDue, due: InvoiceDue): boolean {
  const cents = dollarsToCents(due.amount);
  return (
    cents !== undefined &&
    cents === dollarsToCents(paid.amount) &&
    paid.currency === due.currency
  );
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

  /** @throws {PlutuConfigurationError} where no provider of that name is found. */
  onModuleInit(): void {
    if (this.token === undefined) return;
    this.source = applicationProvider(this.moduleRef, 'invoices', this.token);
  }

  /**
   * @param tenant whose invoice it is, where there are tenants.
   * @throws whatever the application's class throws.
   * @throws {Error} where it takes too long: whoever asks would wait with it.
   */
  async find(
    invoiceNo: string,
    tenant: string | undefined,
  ): Promise<InvoiceDue | undefined> {
    const owner = { account: this.account, tenant };
    const lookup = async () => this.source?.findInvoice(invoiceNo, owner);
    const due = await inTime(
      lookup(),
      LOOKUP_TIMEOUT,
      `findInvoice did not answer in ${LOOKUP_TIMEOUT} ms.`,
    );
    // No more of what may be a whole database row.
    return due ? { amount: due.amount, currency: due.currency } : undefined;
  }
}
