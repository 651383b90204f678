import { Logger } from '@nestjs/common';
import type { CallbackPublisher } from '../callbacks/callback-delivery.js';
import type { PlutuEvents } from '../events/plutu-events.js';
import type { MpgsCallbackDto } from './mpgs-callback.dto.js';
import {
  MPGS_EVENTS,
  MpgsPaymentApprovedEvent,
  MpgsPaymentCanceledEvent,
  MpgsPaymentIncompleteEvent,
} from './mpgs.events.js';

const PAYMENT_EVENTS = {
  approved: [MPGS_EVENTS.paymentApproved, MpgsPaymentApprovedEvent],
  canceled: [MPGS_EVENTS.paymentCanceled, MpgsPaymentCanceledEvent],
  incomplete: [MPGS_EVENTS.paymentIncomplete, MpgsPaymentIncompleteEvent],
} as const;

/** Publishes a delivered callback as the payment event of its outcome. */
export function mpgsPaymentPublisher(
  events: PlutuEvents,
): CallbackPublisher<MpgsCallbackDto> {
  const logger = new Logger('MpgsPaymentPublisher');
  return async (callback) => {
    const [name, PaymentEvent] = PAYMENT_EVENTS[callback.outcome];
    const handlers = await events.publish(name, new PaymentEvent(callback));
    if (handlers === 0) {
      logger.warn(`Nothing in this application listens to ${name}`);
    }
  };
}
