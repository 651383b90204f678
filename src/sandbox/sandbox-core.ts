import type { Account } from './api/account.js';
import { ApiError } from './api/api-error.js';
import { RequestLog, type SandboxRequest } from './api/request-log.js';
import { Changes } from './changes.js';
import { checkFields, wholeNumber } from './check-fields.js';
import { Checkout } from './checkout/checkout.js';
import type {
  CheckoutContext,
  CheckoutRecord,
} from './checkout/checkout-record.js';
import type { CheckoutRequest } from './checkout/checkout-request.js';
import { Checkouts } from './checkout/checkouts.js';
import type {
  SandboxDelivery,
  SandboxTransaction,
} from './checkout/transaction.js';
import { FaultRules } from './faults/fault-rules.js';
import type {
  CallbackFaults,
  SandboxArrivals,
} from './faults/sandbox-faults.js';
import { isLoopbackHost } from './http/loopback.js';
import type { SandboxOtpProcess } from './otp/otp-process.js';
import { OtpProcesses } from './otp/otp-processes.js';
import type { SandboxEvent } from './sandbox-event.js';
import type { SandboxState } from './state/state-file.js';

/** What to wait for, and for how long. */
export interface SandboxWait {
  /** The `id` of the last delivery already seen. Default 0. */
  readonly after?: number | undefined;
  /** In milliseconds, at most 60 000. Default 5000. */
  readonly timeoutMs?: number | undefined;
}

const DEFAULT_WAIT_MS = 5_000;

const WAIT_CHECKS = {
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  timeoutMs: wholeNumber(0, 60_000),
};

export interface SandboxSettings {
  readonly origin: string;
  /** The address that it was started with. */
  readonly host: string;
  readonly account: Account;
  readonly merchantName: string;
  /** Those of a checkout for which no fault asks for others. */
  readonly arrivals: SandboxArrivals;
  readonly refusesUnknownFields: boolean;
  readonly allowRemote: boolean;
  readonly slowCardMs: number;
  readonly otpLifetimeMs: number;
  readonly closing: AbortSignal;
  readonly emit: (event: SandboxEvent) => void;
}

/** What the sandbox knows; its routes and its class are two ways to it. */
export class SandboxCore {
  readonly faults = new FaultRules(() => this.changes.notify());
  readonly changes: Changes;
  readonly otp: OtpProcesses;
  readonly #checkouts = new Checkouts();
  readonly #requests = new RequestLog();
  readonly #context: CheckoutContext;
  #lastDeliveryId = 0;

  constructor(readonly settings: SandboxSettings) {
    const { account, origin, host, arrivals, allowRemote, closing } = settings;
    this.changes = new Changes(closing);
    this.#context = {
      origin,
      allowRemote,
      showsAnswers: isLoopbackHost(host),
      closing,
      account,
      arrivals,
      nextDeliveryId: () => ++this.#lastDeliveryId,
      strikeCallback: (request) => this.faults.strikeCallback(request),
      changed: (transaction, delivery) => this.#changed(transaction, delivery),
    };
    this.otp = new OtpProcesses({
      merchantName: settings.merchantName,
      lifetimeMs: settings.otpLifetimeMs,
      isUsed: (invoiceNo) => this.#isUsed(invoiceNo),
      changed: (process) => this.#otpChanged(process),
    });
  }

  /** @throws {ApiError} 422 `DUPLICATED_INVOICE_NUMBER`. */
  refuseUsed(invoiceNo: string): void {
    if (!this.#isUsed(invoiceNo)) return;
    throw new ApiError(
      422,
      'DUPLICATED_INVOICE_NUMBER',
      `The invoice number ${invoiceNo} has been used before.`,
    );
  }

  /** @throws {ApiError} 422 `DUPLICATED_INVOICE_NUMBER`. */
  open(request: CheckoutRequest, faults: CallbackFaults): SandboxTransaction {
    this.refuseUsed(request.invoiceNo);
    const checkout = Checkout.open(request, faults, this.#context);
    this.#checkouts.add(checkout);
    const { transaction } = checkout;
    const { gateway, invoiceNo, amount, currency, redirectUrl } = transaction;
    this.emit({
      type: 'checkout-opened',
      gateway,
      invoiceNo,
      amount,
      currency,
      redirectUrl,
    });
    this.changes.notify();
    return transaction;
  }

  withToken(token: string): Checkout | undefined {
    return this.#checkouts.withToken(token);
  }

  /** @throws {ApiError} 404 if no checkout was opened for this number. */
  withInvoiceNo(invoiceNo: string): Checkout {
    const checkout = this.#checkouts.withInvoiceNo(invoiceNo);
    if (checkout) return checkout;
    throw new ApiError(
      404,
      'NOT_FOUND',
      `The sandbox has no checkout for invoice number ${invoiceNo}.`,
    );
  }

  get transactions(): readonly SandboxTransaction[] {
    return Array.from(this.#checkouts, ({ transaction }) => transaction);
  }

  get requests(): readonly SandboxRequest[] {
    return this.#requests.list();
  }

  record(request: Omit<SandboxRequest, 'id'>): void {
    this.#requests.add(request);
    this.changes.notify();
  }

  /**
   * The calls for an invoice after a given one, as soon as there is one.
   *
   * @param wait a {@link SandboxWait}, unchecked.
   * @throws {ApiError} 504 `TIMEOUT` if there is none in time.
   */
  async waitForDeliveries(
    invoiceNo: string,
    wait: object,
  ): Promise<readonly [SandboxDelivery, ...SandboxDelivery[]]> {
    checkFields<SandboxWait>(wait, WAIT_CHECKS);
    const { after = 0, timeoutMs = DEFAULT_WAIT_MS } = wait;
    const find = () => {
      const checkout = this.#checkouts.withInvoiceNo(invoiceNo);
      const [first, ...others] =
        checkout?.record.deliveries.filter(({ id }) => id > after) ?? [];
      return first && ([first, ...others] as const);
    };
    const deliveries = await this.changes.until(find, timeoutMs);
    if (deliveries) return deliveries;
    throw new ApiError(
      504,
      'TIMEOUT',
      `No callback of ${invoiceNo} was delivered within ${timeoutMs} ms.`,
    );
  }

  /** Forgets payments, SMS and requests; the invoice numbers are free again. */
  forget(): void {
    this.#checkouts.clear();
    this.otp.clear();
    this.#requests.clear();
    this.changes.notify();
  }

  emit(event: WithoutTime<SandboxEvent>): void {
    this.settings.emit({ at: new Date().toISOString(), ...event });
  }

  get state(): SandboxState {
    return {
      checkouts: Array.from(this.#checkouts, ({ record }) => record),
      otpProcesses: this.otp.records,
      faults: this.faults.list(),
    };
  }

  restore({ checkouts, otpProcesses, faults }: SandboxState): void {
    for (const record of checkouts) this.#restore(record);
    this.otp.restore(otpProcesses);
    this.faults.restore(faults);
  }

  #restore(record: CheckoutRecord): void {
    this.#checkouts.add(Checkout.restore(record, this.#context));
    for (const { id } of record.deliveries) {
      this.#lastDeliveryId = Math.max(this.#lastDeliveryId, id);
    }
  }

  /** An invoice number of a checkout is used when that is opened, paid or not. */
  #isUsed(invoiceNo: string): boolean {
    return (
      this.#checkouts.withInvoiceNo(invoiceNo) !== undefined ||
      this.otp.hasPaid(invoiceNo)
    );
  }

  #otpChanged(process: SandboxOtpProcess): void {
    const { gateway, processId, amount, currency, invoiceNo } = process;
    this.emit({
      gateway,
      processId,
      amount,
      currency,
      ...(invoiceNo === undefined
        ? { type: 'otp-sent' }
        : { type: 'otp-paid', invoiceNo }),
    });
    this.changes.notify();
  }

  #changed(transaction: SandboxTransaction, delivery?: SandboxDelivery): void {
    if (delivery) {
      const { kind, url, status, error, durationMs } = delivery;
      this.emit({
        type: 'callback-delivered',
        gateway: transaction.gateway,
        invoiceNo: transaction.invoiceNo,
        outcome: transaction.status,
        kind,
        target: url.split('?', 1)[0] ?? '',
        status,
        error,
        durationMs,
      });
    }
    this.changes.notify();
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
