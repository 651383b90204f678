import { Inject, Injectable } from '@nestjs/common';
import { EnabledGateways } from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import { PlutuClient } from '../api/plutu-client.js';
import { PlutuOutcomeUnknownError } from '../errors/plutu-errors.js';
import { OTP_ATTEMPTS, type OtpAttempts } from '../payments/payment-journal.js';
import { mobileNumber } from '../protocol/mobile-number.js';
import {
  PaymentOwner,
  type WithInvoiceOrOrder,
} from '../requests/payment-request.dto.js';
import {
  isCertainNo,
  PaymentRequests,
  writtenDown,
} from '../requests/payment-requests.js';
import type { OtpPayment } from './otp-payment.js';
import { recipientKey, sealOtpToken } from './otp-token.js';
import type { SendOtpDto, SentOtp } from './otp.dto.js';
import { processIn } from './plutu-answers.js';
import { explained } from './refusals.js';

/** The time within which `maxCodes` counts, in milliseconds. */
const HOUR = 60 * 60 * 1000;

/** Sends a one-time password to a customer, at any gateway. */
@Injectable()
export class OtpSender {
  constructor(
    private readonly account: PlutuAccount,
    private readonly gateways: EnabledGateways,
    private readonly requests: PaymentRequests,
    private readonly client: PlutuClient,
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
   * Sends a code to the customer. This charges nothing.
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
   * @throws {PlutuUnexpectedAnswerError} something other than Plutu answered.
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
    const limits = this.gateways.otpLimitsOf(gateway);
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
        // Without the leading zero: every spelling of the number contains it.
        personal: [
          number.slice(1),
          ...Object.values(payment.toForm?.(dto) ?? {}),
        ],
      });
    } catch (error) {
      // Nobody can pay without the number of the process. A code that may have been
      // sent still counts.
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
}
