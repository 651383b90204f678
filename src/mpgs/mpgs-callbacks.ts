import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  CALLBACK_DELIVERY,
  type CallbackDelivery,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import {
  verifyCallback,
  type CallbackRefusalReason,
  type CallbackRules,
} from '../callbacks/callback-signature.js';
import { PlutuEvents, stackOf } from '../events/plutu-events.js';
import {
  Invoices,
  isSameAmount,
  type InvoiceDue,
} from '../invoices/invoices.js';
import { DEFAULT_ACCOUNT } from '../plutu.account.js';
import { PlutuConfig } from '../plutu.config.js';
import type { FieldErrors } from '../plutu.errors.js';
import { toMpgsCallback, type MpgsCallbackDto } from './mpgs-callback.dto.js';
import {
  MpgsCallbackInvalidException,
  MpgsCallbackNotDeliveredException,
  MpgsCallbackRefusedException,
  MpgsPaymentMismatchException,
} from './mpgs-callback.exceptions.js';
import { mpgsCallbackRules } from './mpgs-callback.rules.js';
import { MPGS_EVENTS, MpgsCallbackRejectedEvent } from './mpgs.events.js';

/** The way in: from a raw query to a delivered callback. */
@Injectable()
export class MpgsCallbacks {
  private readonly logger = new Logger(MpgsCallbacks.name);
  private readonly rules: CallbackRules;

  constructor(
    private readonly config: PlutuConfig,
    private readonly events: PlutuEvents,
    private readonly invoices: Invoices,
    @Inject(CALLBACK_DELIVERY) private readonly delivery: CallbackDelivery,
  ) {
    this.rules = mpgsCallbackRules(config.currencies);
  }

  /**
   * Makes a typed callback of what arrived.
   *
   * @param url the request's URL as it arrived, path and query.
   * @throws {MpgsCallbackRefusedException} Plutu did not sign it for MPGS.
   * @throws {MpgsCallbackInvalidException} signed, but not as documented.
   */
  verify(url: string): MpgsCallbackDto {
    const [path, query] = splitUrl(url);
    const verification = verifyCallback(
      query,
      this.config.secretKeys(),
      this.rules,
    );
    if (!verification.verified) {
      this.reportRejection(verification.reason, {}, path);
      throw new MpgsCallbackRefusedException();
    }
    const result = toMpgsCallback(verification.fields);
    if ('errors' in result) {
      this.reportRejection('invalid-fields', result.errors, path);
      throw new MpgsCallbackInvalidException(result.errors);
    }
    return result.callback;
  }

  /**
   * Hands a callback to the application, unless it has had it already.
   *
   * @throws {MpgsPaymentMismatchException} it is not what the invoice was due;
   *   the mismatch is delivered in its place.
   * @throws {MpgsCallbackNotDeliveredException} where delivering failed; the
   *   next arrival of the callback tries again.
   */
  async deliver(callback: MpgsCallbackDto): Promise<void> {
    const { account } = this.config;
    const { gateway, outcome, invoiceNo, transactionId } = callback;
    const { amount, amountCents, currency } = callback;
    const payment = { invoiceNo, transactionId, amount, amountCents, currency };
    const verified = { account, gateway, outcome, ...payment };
    const mismatch = await this.accept(verified);
    if (!mismatch) return;
    const { due } = mismatch;
    await this.accept({ ...verified, outcome: 'mismatch', due });
    throw new MpgsPaymentMismatchException();
  }

  /** @returns the mismatch for which an approved callback was not accepted. */
  private async accept(
    callback: VerifiedCallback,
  ): Promise<InvoiceMismatch | undefined> {
    const account =
      callback.account === DEFAULT_ACCOUNT ? '' : `${callback.account}: `;
    const about = `${account}invoice ${callback.invoiceNo}, transaction ${callback.transactionId}, ${callback.outcome}`;
    const start = performance.now();
    const took = () => `${Math.round(performance.now() - start)} ms`;
    try {
      const { duplicate } = await this.delivery.accept(callback, () =>
        this.compareWithInvoice(callback),
      );
      const what = duplicate ? 'Duplicate callback' : 'Callback accepted';
      this.logger.log(`${what}: ${about}, ${took()}`);
      return undefined;
    } catch (error) {
      if (error instanceof InvoiceMismatch) {
        const due = error.due
          ? `${error.due.amount} ${error.due.currency} was due`
          : 'the invoice is not known';
        this.logger.error(
          `Payment mismatch: ${about}, ${callback.amount} ${callback.currency}, but ${due}`,
        );
        return error;
      }
      this.logger.error(
        `Callback not delivered: ${about}, ${took()}`,
        stackOf(error),
      );
      throw new MpgsCallbackNotDeliveredException(error);
    }
  }

  private async compareWithInvoice(callback: VerifiedCallback): Promise<void> {
    if (callback.outcome !== 'approved' || !this.invoices.areKnown) return;
    const due = await this.invoices.find(callback.invoiceNo);
    if (!due || !isSameAmount(callback, due)) throw new InvoiceMismatch(due);
  }

  private reportRejection(
    reason: CallbackRefusalReason | 'invalid-fields',
    fields: FieldErrors,
    path: string,
  ): void {
    const details = Object.values(fields).flat().join('; ');
    this.logger.warn(
      `Callback rejected at ${path}: ${reason}${details && ` (${details})`}`,
    );
    // Not waited for: whoever sends forgeries shall not find out what they cost.
    void this.events.notify(
      MPGS_EVENTS.callbackRejected,
      new MpgsCallbackRejectedEvent({
        account: this.config.account,
        reason,
        fields,
        path,
      }),
    );
  }
}

/** Not an error of anybody's: how {@link CallbackDelivery} is told "not this one". */
class InvoiceMismatch extends Error {
  constructor(readonly due: InvoiceDue | undefined) {
    super('The payment is not the one that was due.');
  }
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  return [path.slice(0, 200), url.slice(path.length + 1)];
}
