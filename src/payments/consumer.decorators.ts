import { SetMetadata } from '@nestjs/common';
import {
  PLUTU_EVENTS,
  type DeliveryFailedEvent,
  type PaymentApprovedEvent,
  type PaymentCanceledEvent,
  type PaymentIncompleteEvent,
  type PaymentMismatchEvent,
  type PaymentUnknownEvent,
} from './events.js';

/** Which events a handler gets, and when it is called. */
export interface ConsumerOptions {
  /**
   * The name of the consumer. The module records under this name which payments it
   * has handled, so set it before you rename the class or the method.
   *
   * @default the names of class and method, such as `OrdersService.paid`
   */
  readonly consumer?: string | undefined;

  /**
   * The consumers of the same event that have to succeed before this one is called.
   * A consumer that does not apply, because of its filter, counts as done.
   */
  readonly after?: string | readonly string[] | undefined;

  /** Only events of this gateway, such as `mpgs`. */
  readonly gateway?: string | undefined;

  /** Only events of the account with this `name`. */
  readonly account?: string | undefined;
}

/**
 * A decorator for methods that take the event `E`.
 *
 * @typeParam Method such a method, with any return type.
 */
export type ConsumerDecorator<E> = <Method extends (event: E) => unknown>(
  target: object,
  propertyKey: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** What a decorated method consumes. */
export interface Consumption extends ConsumerOptions {
  /** The name of the event. */
  readonly event: string;
}

const CONSUMPTIONS = Symbol('plutu:consumptions');

/** @returns what the decorators on a method say. */
export function consumptionsOf(method: object): readonly Consumption[] {
  const consumptions: Consumption[] | undefined = Reflect.getMetadata(
    CONSUMPTIONS,
    method,
  );
  return consumptions ?? [];
}

/** Makes the decorator for one event. */
export function consumerDecorator<E>(
  event: string,
): (options?: ConsumerOptions) => ConsumerDecorator<E> {
  return (options) => (target, propertyKey, descriptor) => {
    const { value } = descriptor;
    if (!value) return;
    SetMetadata(CONSUMPTIONS, [
      ...consumptionsOf(value),
      { ...options, event },
    ])(target, propertyKey, descriptor);
  };
}

/**
 * Calls the method when an invoice is paid. If the method throws, it is called
 * again, by the delivery or at the payment's next arrival. Consumers that have
 * succeeded are not called again. A process may die after the method has worked and
 * before that was recorded, so make its effect idempotent.
 */
export const OnPaymentApproved = consumerDecorator<PaymentApprovedEvent>(
  PLUTU_EVENTS.paymentApproved,
);

/** Calls the method when a customer backed out. If it throws: as for *approved*. */
export const OnPaymentCanceled = consumerDecorator<PaymentCanceledEvent>(
  PLUTU_EVENTS.paymentCanceled,
);

/**
 * Calls the method when a customer has neither paid nor backed out, such as after a
 * declined card. If it throws: as for *approved*.
 */
export const OnPaymentIncomplete = consumerDecorator<PaymentIncompleteEvent>(
  PLUTU_EVENTS.paymentIncomplete,
);

/** Calls the method when something was paid that was not due. If it throws: as for *approved*. */
export const OnPaymentMismatch = consumerDecorator<PaymentMismatchEvent>(
  PLUTU_EVENTS.paymentMismatch,
);

/**
 * Calls the method when it is unknown whether a customer was charged. Its errors are
 * logged.
 */
export const OnPaymentUnknown = consumerDecorator<PaymentUnknownEvent>(
  PLUTU_EVENTS.paymentUnknown,
);

/** Calls the method when a delivery gave up on a payment. Its errors are logged. */
export const OnDeliveryFailed = consumerDecorator<DeliveryFailedEvent>(
  PLUTU_EVENTS.deliveryFailed,
);
