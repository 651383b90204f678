import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  verifyCallback,
  type CallbackRefusalReason,
  type CallbackRules,
} from '../callbacks/callback-signature.js';
import type { CallbackDelivery } from '../callbacks/callback-delivery.js';
import { PlutuEvents, stackOf } from '../events/plutu-events.js';
import { PlutuConfig } from '../plutu.config.js';
import type { FieldErrors } from '../plutu.errors.js';
import { toMpgsCallback, type MpgsCallbackDto } from './mpgs-callback.dto.js';
import {
  MpgsCallbackInvalidException,
  MpgsCallbackNotDeliveredException,
  MpgsCallbackRefusedException,
} from './mpgs-callback.exceptions.js';
import { mpgsCallbackRules } from './mpgs-callback.rules.js';
import { MPGS_EVENTS, MpgsCallbackRejectedEvent } from './mpgs.events.js';

/** The injection token of what delivers MPGS callbacks. */
export const MPGS_CALLBACK_DELIVERY = Symbol('MPGS_CALLBACK_DELIVERY');

/** The way in: from a raw query to a delivered callback. */
@Injectable()
export class MpgsCallbacks {
  private readonly logger = new Logger(MpgsCallbacks.name);
  private readonly rules: CallbackRules;

  constructor(
    private readonly config: PlutuConfig,
    private readonly events: PlutuEvents,
    @Inject(MPGS_CALLBACK_DELIVERY)
    private readonly delivery: CallbackDelivery<MpgsCallbackDto>,
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
   * @throws {MpgsCallbackNotDeliveredException} where that failed; the next
   *   arrival of the callback tries again.
   */
  async deliver(callback: MpgsCallbackDto): Promise<void> {
    const about = `invoice ${callback.invoiceNo}, transaction ${callback.transactionId}, ${callback.outcome}`;
    try {
      const { duplicate } = await this.delivery.accept(callback);
      this.logger.log(
        `Callback ${duplicate ? 'seen before' : 'delivered'}: ${about}`,
      );
    } catch (error) {
      this.logger.error(`Callback not delivered: ${about}`, stackOf(error));
      throw new MpgsCallbackNotDeliveredException(error);
    }
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
      new MpgsCallbackRejectedEvent({ reason, fields, path }),
    );
  }
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  return [path.slice(0, 200), url.slice(path.length + 1)];
}
