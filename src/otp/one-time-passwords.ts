import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
} from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  EnabledGateways,
  type OtpLimits,
} from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import type { PlutuCredentials } from '../account/plutu-credentials.js';
import { ApiSettings } from '../api/api.options.js';
import { PlutuClient } from '../api/plutu-client.js';
import {
  confirmChannel,
  type PlutuConfirmTrace,
} from '../diagnostics/channels.js';
import { traced } from '../diagnostics/traced.js';
import {
  PlutuError,
  PlutuInvalidRequestError,
  PlutuOtpError,
  PlutuOutcomeUnknownError,
  PlutuPaymentNotDeliveredError,
  PlutuPaymentUnknownError,
} from '../errors/plutu-errors.js';
import { summaryOf } from '../payments/describe-payment.js';
import { PaymentApprovedEvent } from '../payments/events.js';
import { isSameAmount } from '../payments/invoices.js';
import { PaymentIntake } from '../payments/payment-intake.js';
import type {
  ChargeEnd,
  ChargeStart,
  OtpAttempts,
  OtpCharge,
} from '../payments/payment-journal.js';
import type { SignedPayment } from '../payments/payment-record.js';
import type { PaymentReceipt } from '../payments/payment-delivery.js';
import type { Payment } from '../payments/payment.js';
import { plainDigits } from '../protocol/digits.js';
import { mobileNumber } from '../protocol/mobile-number.js';
import { minorUnits } from '../protocol/money.js';
import { TRANSACTION_ID } from '../protocol/values.js';
import {
  PaymentOwner,
  type WithInvoiceOrOrder,
} from '../requests/payment-request.dto.js';
import {
  isCertainNo,
  PaymentRequests,
  writtenDown,
} from '../requests/payment-requests.js';
import { dtoErrors, toDto } from '../utils/dto.js';
import { inTime } from '../utils/in-time.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf } from '../utils/stack-of.js';
import type { OtpPayment } from './otp-payment.js';
import {
  openOtpToken,
  otpOwnerOf,
  recipientKey,
  sealOtpToken,
  type OtpTokenContent,
} from './otp-token.js';
import { ConfirmOtpDto, type SendOtpDto, type SentOtp } from './otp.dto.js';
import { explained, chargeFailure } from './refusals.js';

/** The injection token of the {@link OtpAttempts}. */
export const OTP_ATTEMPTS = Symbol('OTP_ATTEMPTS');

/** The time within which `maxCodes` counts, in milliseconds. */
const HOUR = 60 * 60 * 1000;

/** How often to look whether another call has ended, in milliseconds. */
const LOOK_EVERY = 250;

/** How long a caller waits for a payment to be booked, in milliseconds. */
const BOOKING_WAIT = 5_000;

/** How long a shutdown waits for charges, in milliseconds. */
const CLOSE_TIMEOUT = 30_000;

/** The first pause before a payment is handed over again, in milliseconds. */
const FIRST_PAUSE = 1_000;

/** The longest, in milliseconds. */
const LONGEST_PAUSE = 60_000;

/** What a caller has handed in, opened and checked. */
interface Confirmation {
  readonly payment: OtpPayment;
  readonly credentials: PlutuCredentials;
  readonly charge: OtpCharge;
  readonly code: string;
  readonly customerIp: string | undefined;
  readonly isExpired: boolean;
}

/** Payments with a one-time password: sends it, and charges when it comes back. */
@Injectable()
export class OneTimePasswords implements OnModuleDestroy {
  private readonly logger = new Logger('PlutuPayments');
  /** By attempt: a second call gets what the first one gets. */
  private readonly confirming = new Map<string, Promise<Payment>>();
  /** By attempt: what was charged, and is still to be handed over. */
  private readonly undelivered = new LRUCache<string, SignedPayment>({
    max: 10_000,
  });
  /** By attempt: when that is tried again. */
  private readonly retries = new Map<
    string,
    {
      readonly timer: NodeJS.Timeout;
      readonly charge: OtpCharge;
      readonly payment: SignedPayment;
    }
  >();

  constructor(
    private readonly account: PlutuAccount,
    private readonly gateways: EnabledGateways,
    private readonly api: ApiSettings,
    private readonly requests: PaymentRequests,
    private readonly client: PlutuClient,
    private readonly intake: PaymentIntake,
    @Inject(OTP_ATTEMPTS) private readonly attempts: OtpAttempts,
  ) {}

  /**
   * Sends a code for the application itself, which may say whose payment it is.
   *
   * @throws {PlutuError} as {@link sendFor} does.
   */
  async send<Dto extends SendOtpDto>(
    payment: OtpPayment<Dto>,
    request: WithInvoiceOrOrder<Dto> & PaymentOwner,
  ): Promise<SentOtp> {
    if (typeof request !== 'object' || request === null) {
      return this.sendFor(payment, request);
    }
    const { tenant, ...rest } = request;
    return this.sendFor(payment, rest, { tenant });
  }

  /**
   * Sends a code to the customer. Nothing is charged by this.
   *
   * @param request what may come from a client; not validated yet.
   * @throws {PlutuInvalidRequestError} a field breaks a rule; nothing was sent.
   * @throws {PlutuInvoiceMismatchError} with the `invoices` option: there is no
   *   such invoice, or another amount is due; nothing was sent.
   * @throws {PlutuAlreadyPaidError} the order is paid; nothing was sent.
   * @throws {PlutuPaymentUnknownError} the order may have been charged before; nothing
   *   was sent.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nothing was sent.
   * @throws {PlutuJournalError} the journal could not be written; nothing was sent.
   * @throws {PlutuOtpError} the customer can do something; `problem` says what.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says who can correct it.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuOutcomeUnknownError} a code may have been sent; try again.
   * @throws {PlutuUnexpectedAnswerError} something else than Plutu answered.
   */
  async sendFor<Dto extends SendOtpDto>(
    payment: OtpPayment<Dto>,
    request: unknown,
    owner: PaymentOwner = {},
  ): Promise<SentOtp> {
    const { gateway } = payment;
    const dto = this.requests.validated(
      payment.dto,
      request,
      PaymentOwner,
      owner,
    );
    const tenant = owner.tenant ?? undefined;
    const credentials = await this.requests.credentialsOf(tenant);
    const facts = await this.requests.factsOf(gateway, dto, tenant);
    const { invoiceNo, orderNo, amount } = facts;
    const number = mobileNumber(dto.mobileNumber) ?? '';
    const limits = this.limitsOf(gateway);
    const entry = await writtenDown(
      this.attempts.openingCheckout(facts, {
        key: recipientKey(credentials.secretKeys(), number),
        limit: limits.maxCodes,
        within: HOUR,
      }),
    );
    const form = { mobile_number: number, ...payment.toForm?.(dto), amount };
    let processId: string;
    try {
      processId = await this.client.post(credentials, {
        tenant,
        gateway,
        action: 'verify',
        form,
        invoiceNo,
        readResult: (result) => processIn(result, amount),
        // Without its zero, the number is part of every way of writing it.
        personal: [
          number.slice(1),
          ...Object.values(payment.toForm?.(dto) ?? {}),
        ],
      });
    } catch (error) {
      // Nobody can pay without the number of the process. A code that may have been
      // sent counts all the same.
      if (isCertainNo(error)) await entry.asked('refused');
      throw error instanceof PlutuOutcomeUnknownError
        ? new PlutuOutcomeUnknownError(error.reason, invoiceNo, 'verify')
        : explained(error);
    }
    await entry.asked('sent');
    const expiresAt = Date.now() + limits.tokenLifetime;
    const token = sealOtpToken(
      credentials.secretKeys(),
      { account: this.account.name, tenant },
      {
        id: entry.id,
        gateway,
        processId,
        invoiceNo,
        orderNo,
        amount,
        expiresAt,
      },
    );
    return {
      token,
      invoiceNo,
      orderNo,
      amount,
      expiresAt: new Date(expiresAt).toISOString(),
    };
  }

  /**
   * Charges the customer, if the code is right. A second call with the same token,
   * such as after a double click, gets what the first one gets.
   *
   * @param request what may come from a client; not validated yet.
   * @returns the payment, which is published like any other: as it was judged, if
   *   that is known by then.
   * @throws {PlutuInvalidRequestError} a field breaks a rule, or it is no token of
   *   this gateway and account; nobody was charged.
   * @throws {PlutuInvoiceMismatchError} the invoice is not due any more, or another
   *   amount is; nobody was charged.
   * @throws {PlutuAlreadyPaidError} another payment has paid the order; nobody was
   *   charged.
   * @throws {PlutuOtpError} the customer can do something; `problem` says what.
   *   Nobody was charged.
   * @throws {PlutuLookupError} the application's `findInvoice` or
   *   `findCredentials` failed; nobody was charged.
   * @throws {PlutuJournalError} the journal could not be written; nobody was
   *   charged.
   * @throws {PlutuRefusedError} Plutu said no; `fault` says who can correct it.
   * @throws {PlutuConnectionError} nothing was sent; try again.
   * @throws {PlutuPaymentUnknownError} the money may have been taken; a person has
   *   to look it up in Plutu's dashboard.
   * @throws {PlutuPaymentNotDeliveredError} the money was taken, and the payment
   *   could not be handed to the consumers.
   */
  async confirm(payment: OtpPayment, request: unknown): Promise<Payment> {
    const confirmation = await this.opened(payment, request);
    const { id } = confirmation.charge;
    const underWay = this.confirming.get(id);
    if (underWay) return underWay;
    const confirming = this.confirmTraced(confirmation).finally(() =>
      this.confirming.delete(id),
    );
    this.confirming.set(id, confirming);
    return confirming;
  }

  /**
   * Before the connections to Plutu and to the database are closed: charges would end
   * without an answer, and payments would be lost.
   */
  async onModuleDestroy(): Promise<void> {
    await inTime(
      Promise.allSettled(this.confirming.values()),
      CLOSE_TIMEOUT,
      `Charges did not end in ${CLOSE_TIMEOUT} ms. Their outcome is unknown.`,
    ).catch(({ message }: Error) => this.logger.error(message));
    await Promise.all(
      [...this.retries.values()].map(({ timer, charge, payment }) => {
        clearTimeout(timer);
        return this.deliverAtLast(charge, payment);
      }),
    );
  }

  private async opened(
    payment: OtpPayment,
    request: unknown,
  ): Promise<Confirmation> {
    if (typeof request !== 'object' || request === null) {
      throw new PlutuInvalidRequestError({
        request: ['request must be an object with token and code'],
      });
    }
    const dto = toDto(ConfirmOtpDto, request);
    const code = typeof dto.code === 'string' ? plainDigits(dto.code) : '';
    const isCode = /^\d+$/.test(code) && code.length === payment.codeLength;
    const errors = {
      ...(!isCode && {
        code: [`code must be text of ${payment.codeLength} digits`],
      }),
      ...dtoErrors(dto),
    };
    if (Object.keys(errors).length > 0) {
      throw new PlutuInvalidRequestError(errors);
    }
    const notOurs = new PlutuInvalidRequestError({
      token: ['token is not one that sendOtp of this gateway has made'],
    });
    const owner = otpOwnerOf(dto.token);
    if (owner?.account !== this.account.name) throw notOurs;
    const credentials = await this.requests
      .credentialsOf(owner.tenant)
      .catch((error: unknown) => {
        throw error instanceof PlutuInvalidRequestError ? notOurs : error;
      });
    const content = openOtpToken(credentials.secretKeys(), owner, dto.token);
    if (content?.gateway !== payment.gateway) throw notOurs;
    return {
      payment,
      credentials,
      charge: chargeOf(payment, owner.tenant, content),
      code,
      customerIp: dto.customerIp ?? undefined,
      isExpired: content.expiresAt <= Date.now(),
    };
  }

  private confirmTraced(confirmation: Confirmation): Promise<Payment> {
    const { tenant, gateway, invoiceNo, orderNo } = confirmation.charge;
    return traced<PlutuConfirmTrace, Payment>(
      confirmChannel,
      () => ({
        account: this.account.name,
        tenant,
        gateway,
        invoiceNo,
        orderNo,
      }),
      async (trace) => {
        try {
          return await this.confirmOnce(confirmation, trace);
        } catch (error) {
          if (trace && error instanceof PlutuError)
            trace.errorCode = error.code;
          throw error;
        }
      },
    );
  }

  private async confirmOnce(
    confirmation: Confirmation,
    trace: PlutuConfirmTrace | undefined,
  ): Promise<Payment> {
    const { charge, isExpired } = confirmation;
    const taken = this.undelivered.get(charge.id);
    if (taken) return this.deliver(charge, taken, trace);
    const start = await this.begin(confirmation);
    switch (start.state) {
      case 'begun':
        break;
      case 'settled':
        return this.deliver(charge, start.payment, trace);
      case 'unknown':
        throw new PlutuPaymentUnknownError(start.payment);
      case 'exhausted':
        throw new PlutuOtpError(isExpired ? 'expired' : 'too-many-refusals');
      default:
        throw new PlutuOtpError('expired');
    }
    await this.checkDue(charge);
    return this.deliver(charge, await this.charge(confirmation), trace);
  }

  /** At the last moment: it may have waited for its turn. */
  private async checkDue(charge: OtpCharge): Promise<void> {
    try {
      await this.requests.factsOf(charge.gateway, charge, charge.tenant);
    } catch (error) {
      await this.end(charge, 'not-sent');
      throw error;
    }
  }

  /** Waits for its turn: one call at a time for each order, on any instance. */
  private async begin({
    payment,
    charge,
    isExpired,
  }: Confirmation): Promise<ChargeStart> {
    const silence = 2 * this.api.confirmTimeout;
    const { maxRefusals } = this.limitsOf(payment.gateway);
    // A token that has expired still tells what became of its charge.
    const limits = { refusals: isExpired ? 0 : maxRefusals, silence };
    const deadline = performance.now() + silence;
    let refusals: number | undefined;
    for (;;) {
      const start = await writtenDown(
        this.attempts.beginCharge(charge, limits),
      );
      if (start.state !== 'busy' && start.state !== 'begun') return start;
      if (refusals !== undefined && start.refusals > refusals) {
        // The call that was waited for has heard that its code is wrong.
        if (start.state === 'begun') await this.end(charge, 'not-sent');
        throw new PlutuOtpError('wrong-code');
      }
      if (start.state === 'begun') return start;
      refusals = start.refusals;
      if (performance.now() > deadline) {
        return { state: 'unknown', payment: this.unknown(charge) };
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  }

  /** Asks Plutu to charge, once, and keeps what came of it. */
  private async charge({
    payment,
    credentials,
    charge,
    code,
    customerIp,
  }: Confirmation): Promise<SignedPayment> {
    const { gateway, tenant, invoiceNo, orderNo, amount, processId } = charge;
    try {
      const answer = await this.client.post(credentials, {
        tenant,
        gateway,
        action: 'confirm',
        form: {
          process_id: processId,
          code,
          amount,
          invoice_no: invoiceNo,
          ...(customerIp && { customer_ip: customerIp }),
        },
        invoiceNo,
        readResult: (result) => takenIn(result, payment.currency),
        personal: [code, processId],
        timeout: this.api.confirmTimeout,
      });
      return new PaymentApprovedEvent({
        account: this.account.name,
        tenant,
        gateway,
        invoiceNo,
        orderNo,
        transactionId: answer.transactionId,
        amount: answer.amount ?? amount,
        requestedAmount: amount,
        currency: payment.currency,
        source: 'confirm',
      });
    } catch (error) {
      const failure = chargeFailure(error);
      await this.end(charge, failure);
      if (failure !== 'unknown') throw explained(error);
      throw new PlutuPaymentUnknownError(this.unknown(charge), {
        cause: error,
      });
    }
  }

  /** Hands over what was charged, and remembers it until that is done. */
  private async deliver(
    charge: OtpCharge,
    payment: SignedPayment,
    trace: PlutuConfirmTrace | undefined,
  ): Promise<Payment> {
    this.undelivered.set(charge.id, payment);
    if (trace) trace.payment = summaryOf(payment);
    let receipt: PaymentReceipt;
    try {
      receipt = await this.intake.takeCharged(payment);
    } catch (error) {
      this.deliverLater(charge, payment);
      throw new PlutuPaymentNotDeliveredError(payment, error);
    }
    await this.delivered(charge, payment);
    const { duplicate } = receipt;
    if (trace) trace.arrival = duplicate ? 'duplicate' : 'new';
    const booked =
      receipt.booked ?? (await this.intake.whenBooked(payment, BOOKING_WAIT));
    if (trace && booked) trace.payment = summaryOf(booked);
    return booked ?? payment;
  }

  private async delivered(
    charge: OtpCharge,
    payment: SignedPayment,
  ): Promise<void> {
    await this.end(charge, payment);
    this.undelivered.delete(charge.id);
  }

  /** Nothing else brings a payment that was charged on request. */
  private deliverLater(
    charge: OtpCharge,
    payment: SignedPayment,
    pause = FIRST_PAUSE,
  ): void {
    const again = async (): Promise<void> => {
      this.retries.delete(charge.id);
      if (!this.undelivered.has(charge.id)) return;
      try {
        await this.intake.takeCharged(payment);
        await this.delivered(charge, payment);
      } catch {
        // The intake has logged it.
        this.deliverLater(charge, payment, Math.min(pause * 2, LONGEST_PAUSE));
      }
    };
    if (this.retries.has(charge.id)) return;
    const timer = setTimeout(() => void again(), pause);
    timer.unref();
    this.retries.set(charge.id, { timer, charge, payment });
  }

  private async deliverAtLast(
    charge: OtpCharge,
    payment: SignedPayment,
  ): Promise<void> {
    try {
      await this.intake.takeCharged(payment);
      await this.delivered(charge, payment);
    } catch {
      // A person has to book it: the intake has logged its transaction.
      await this.end(charge, 'unknown');
    }
  }

  /** Never rejects: if it is not written down, it is found to be unknown later. */
  private async end(charge: OtpCharge, end: ChargeEnd): Promise<void> {
    try {
      await this.attempts.endCharge(charge, end);
    } catch (error) {
      const what = typeof end === 'string' ? end : 'paid';
      this.logger.error(
        `How the charge of ${charge.gateway} invoice ${charge.invoiceNo} ended (${what}) could not be written down: ${messageOf(error)}`,
        ...logFields({
          account: this.account.name,
          tenant: charge.tenant,
          gateway: charge.gateway,
          invoiceNo: charge.invoiceNo,
          orderNo: charge.orderNo,
          end: what,
        }),
      );
    }
  }

  private unknown(charge: OtpCharge): PlutuPaymentUnknownError['payment'] {
    const { tenant, gateway, invoiceNo, orderNo, amount, currency, processId } =
      charge;
    return {
      account: this.account.name,
      tenant,
      gateway,
      invoiceNo,
      orderNo,
      amount,
      currency,
      processId,
    };
  }

  private limitsOf(gateway: string): OtpLimits {
    const limits = this.gateways.find(gateway)?.otp;
    if (!limits) throw new TypeError(`${gateway} is not among "gateways".`);
    return limits;
  }
}

function chargeOf(
  { gateway, currency }: OtpPayment,
  tenant: string | undefined,
  { id, processId, invoiceNo, orderNo, amount }: OtpTokenContent,
): OtpCharge {
  return {
    id,
    tenant,
    gateway,
    invoiceNo,
    orderNo,
    amount,
    currency,
    processId,
  };
}

/** The process that *verify* has opened, unless it is for another amount. */
function processIn(
  result: Readonly<Record<string, unknown>>,
  amount: string,
): string | undefined {
  const processId = idOf(result['process_id']);
  const answered = textOf(result['amount']);
  const isSame = answered === undefined || isSameAmount(answered, amount);
  return processId !== undefined && /^\d{1,64}$/.test(processId) && isSame
    ? processId
    : undefined;
}

/** What *confirm* says that it has taken. */
function takenIn(
  result: Readonly<Record<string, unknown>>,
  currency: string,
): { transactionId: string; amount: string | undefined } | undefined {
  const transactionId = idOf(result['transaction_id']);
  const amount = textOf(result['amount']);
  if (transactionId === undefined || !TRANSACTION_ID.test(transactionId)) {
    return undefined;
  }
  const isReadable =
    amount === undefined || minorUnits(amount, currency) !== undefined;
  return isReadable ? { transactionId, amount } : undefined;
}

/** A number or a text of Plutu's: it spells the same field in both ways. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/** The same of an identifier: JavaScript reads a longer number as another one. */
function idOf(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return undefined;
  }
  return textOf(value);
}
