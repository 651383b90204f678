import { Injectable } from '@nestjs/common';
import type {
  CallbackPublisher,
  DeliveryFailure,
  VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import { PlutuEvents } from '../events/plutu-events.js';
import {
  MPGS_EVENTS,
  MpgsDeliveryFailedEvent,
  MpgsPaymentApprovedEvent,
  MpgsPaymentCanceledEvent,
  MpgsPaymentIncompleteEvent,
  MpgsPaymentMismatchEvent,
} from './mpgs.events.js';

const PAYMENT_EVENTS = {
  approved: [MPGS_EVENTS.paymentApproved, MpgsPaymentApprovedEvent],
  canceled: [MPGS_EVENTS.paymentCanceled, MpgsPaymentCanceledEvent],
  incomplete: [MPGS_EVENTS.paymentIncomplete, MpgsPaymentIncompleteEvent],
  mismatch: [MPGS_EVENTS.paymentMismatch, MpgsPaymentMismatchEvent],
} as const;

/** Publishes a delivered callback as the payment event of its outcome. */
@Injectable()
export class MpgsPaymentPublisher implements CallbackPublisher {
  constructor(private readonly events: PlutuEvents) {}

  async publish(callback: VerifiedCallback): Promise<void> {
    const [name, PaymentEvent] = PAYMENT_EVENTS[callback.outcome];
    await this.events.publish(name, new PaymentEvent(callback), {
      // Otherwise nobody would know of the payment.
      needsHandler: callback.outcome === 'approved',
    });
  }

  async reportFailure(failure: DeliveryFailure): Promise<void> {
    await this.events.notify(
      MPGS_EVENTS.deliveryFailed,
      new MpgsDeliveryFailedEvent(failure),
    );
  }
}
