import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
} from '@nestjs/common';
import { EnabledGateways } from '../account/enabled-gateways.js';
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
  PlutuPaymentUnknownError,
} from '../errors/plutu-errors.js';
import { PaymentApprovedEvent } from '../payments/events.js';
import {
  OTP_ATTEMPTS,
  type ChargeStart,
  type OtpAttempts,
  type OtpCharge,
} from '../payments/payment-journal.js';
import type { SignedPayment } from '../payments/payment-record.js';
import type { Payment } from '../payments/payment.js';
import { plainDigits } from '../protocol/digits.js';
import { PaymentRequests, writtenDown } from '../requests/payment-requests.js';
import { dtoErrors, toDto } from '../utils/dto.js';
import { inTime } from '../utils/in-time.js';
import { ChargeEnds } from './charge-ends.js';
import type { OtpPayment } from './otp-payment.js';
import { openOtpToken, otpOwnerOf, type OtpTokenContent } from './otp-token.js';
import { ConfirmOtpDto } from './otp.dto.js';
import { takenIn } from './plutu-answers.js';
import { chargeFailure, explained } from './refusals.js';

/** How often to check whether another call has ended, in milliseconds. */
const LOOK_EVERY = 250;

/** How long a shutdown waits for charges, in milliseconds. */
const CLOSE_TIMEOUT = 30_000;

/** What a caller has handed in, opened and checked. */
interface Confirmation {
  readonly payment: OtpPayment;
  readonly credentials: PlutuCredentials;
  readonly charge: OtpCharge;
  readonly code: string;
  readonly customerIp: string | undefined;
  readonly isExpired: boolean;
}

/** Charges a customer who typed the one-time password. */
@Injectable()
export class OtpConfirmations implements OnModuleDestroy {
  private readonly logger = new Logger('PlutuPayments');
  /** By attempt: a second call gets what the first one gets. */
  private readonly confirming = new Map<string, Promise<Payment>>();

  constructor(
    private readonly account: PlutuAccount,
    private readonly gateways: EnabledGateways,
    private readonly api: ApiSettings,
    private readonly requests: PaymentRequests,
    private readonly client: PlutuClient,
    private readonly ends: ChargeEnds,
    @Inject(OTP_ATTEMPTS) private readonly attempts: OtpAttempts,
  ) {}

  /**
   * Charges the customer, if the code is right. A second call with the same token,
   * such as after a double click, gets what the first one gets.
   *
   * @param request what may come from a client; not validated yet.
   * @returns the payment, which is published like any other; with its verdict, if
   *   that is known by then.
   * @throws {PlutuInvalidRequestError} a field breaks a rule, or the token is not
   *   from this gateway and account; nobody was charged.
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
   * Runs before the connections to Plutu and to the database are closed. Otherwise,
   * charges would end without an answer, and payments would be lost.
   */
  async onModuleDestroy(): Promise<void> {
    await inTime(
      Promise.allSettled(this.confirming.values()),
      CLOSE_TIMEOUT,
      `Charges did not end in ${CLOSE_TIMEOUT} ms. Their outcome is unknown.`,
    ).catch(({ message }: Error) => this.logger.error(message));
    await this.ends.drain();
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
    const errors = dtoErrors(dto);
    if (errors) throw new PlutuInvalidRequestError(errors);
    const notOurs = new PlutuInvalidRequestError({
      token: ['token was not made by sendOtp of this gateway'],
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
    // After the token: how long a code is depends on the gateway.
    const code = plainDigits(dto.code);
    if (!/^\d+$/.test(code) || code.length !== payment.codeLength) {
      throw new PlutuInvalidRequestError({
        code: [`code must be text of ${payment.codeLength} digits`],
      });
    }
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
    const taken = this.ends.undeliveredOf(charge.id);
    if (taken) return this.ends.deliver(charge, taken, trace);
    const start = await this.begin(confirmation);
    switch (start.state) {
      case 'begun':
        break;
      case 'settled':
        return this.ends.deliver(charge, start.payment, trace);
      case 'unknown':
        throw new PlutuPaymentUnknownError(start.payment);
      case 'exhausted':
        throw new PlutuOtpError(isExpired ? 'expired' : 'too-many-refusals');
      default:
        throw new PlutuOtpError('expired');
    }
    await this.checkDue(charge);
    return this.ends.deliver(charge, await this.charge(confirmation), trace);
  }

  /** Checked at the last moment: the call may have waited for its turn. */
  private async checkDue(charge: OtpCharge): Promise<void> {
    try {
      await this.requests.factsOf(charge.gateway, charge, charge.tenant);
    } catch (error) {
      await this.ends.end(charge, 'not-sent');
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
    const { maxRefusals } = this.gateways.otpLimitsOf(payment.gateway);
    // An expired token still tells how its charge went.
    const limits = { refusals: isExpired ? 0 : maxRefusals, silence };
    const deadline = performance.now() + silence;
    let refusals: number | undefined;
    for (;;) {
      const start = await writtenDown(
        this.attempts.beginCharge(charge, limits),
      );
      if (start.state !== 'busy' && start.state !== 'begun') return start;
      if (refusals !== undefined && start.refusals > refusals) {
        // Plutu told the earlier call that its code is wrong.
        if (start.state === 'begun') await this.ends.end(charge, 'not-sent');
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

  /** Asks Plutu to charge, once, and records the result. */
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
      await this.ends.end(charge, failure);
      if (failure !== 'unknown') throw explained(error);
      throw new PlutuPaymentUnknownError(this.unknown(charge), {
        cause: error,
      });
    }
  }

  private unknown(charge: OtpCharge): PlutuPaymentUnknownError['payment'] {
    const { id: _, ...payment } = charge;
    return { account: this.account.name, ...payment };
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
