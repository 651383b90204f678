import {
  applyDecorators,
  createParamDecorator,
  Get,
  Inject,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { getPlutuToken } from '../plutu.account.js';
import { mpgsCallbackGuard, verifiedRequestOf } from './mpgs-callback.guard.js';
import { MpgsCallbackInterceptor } from './mpgs-callback.interceptor.js';
import { MpgsPendingFilter } from './mpgs-pending.filter.js';
import { MpgsService } from './mpgs.service.js';
import {
  MPGS_EVENTS,
  type MpgsCallbackRejectedEvent,
  type MpgsCheckoutCreatedEvent,
  type MpgsDeliveryFailedEvent,
  type MpgsPaymentApprovedEvent,
  type MpgsPaymentCanceledEvent,
  type MpgsPaymentIncompleteEvent,
  type MpgsPaymentMismatchEvent,
} from './mpgs.events.js';

/**
 * Injects the {@link MpgsService} of an account.
 *
 * @param account the `name` of its registration; default: that without one.
 */
export const InjectMpgs = (account?: string): ParameterDecorator =>
  Inject(getPlutuToken(MpgsService, account));

/**
 * Makes a controller's method a callback endpoint: `GET path`, open only to
 * callbacks that Plutu signed, each published once. The method then answers the
 * first arrival and every later one; {@link MpgsCallback} hands it the callback.
 *
 * @param path the route's path below the controller's.
 * @param options `account`: the `name` of the account whose callbacks come to it.
 */
export function MpgsCallbackEndpoint(
  path = '',
  options: { readonly account?: string | undefined } = {},
): MethodDecorator {
  return applyDecorators(
    Get(path),
    UseGuards(mpgsCallbackGuard(options.account)),
    UseInterceptors(MpgsCallbackInterceptor),
    UseFilters(MpgsPendingFilter),
  );
}

/**
 * Hands a method the callback that the guard verified, as a
 * {@link MpgsCallbackDto}.
 */
export const MpgsCallback: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    verifiedRequestOf(context).callback,
);

/** How an `@OnMpgs…` handler is called. */
export interface MpgsHandlerOptions {
  /** Call it before the handlers that were registered earlier. */
  prependListener?: boolean | undefined;
}

/**
 * Calls the method when an invoice is paid. Where the method throws, the
 * payment counts as not delivered, and all handlers are called again: by the
 * queue, or at the callback's next arrival. So make the handler idempotent.
 */
export const OnMpgsPaymentApproved = handlerDecorator<MpgsPaymentApprovedEvent>(
  MPGS_EVENTS.paymentApproved,
);

/** Calls the method when a customer backed out. Errors: as for *approved*. */
export const OnMpgsPaymentCanceled = handlerDecorator<MpgsPaymentCanceledEvent>(
  MPGS_EVENTS.paymentCanceled,
);

/**
 * Calls the method when a payment was neither made nor backed out of. Errors:
 * as for *approved*.
 */
export const OnMpgsPaymentIncomplete =
  handlerDecorator<MpgsPaymentIncompleteEvent>(MPGS_EVENTS.paymentIncomplete);

/**
 * Calls the method when something was paid that was not due (with the module's
 * `invoices` option). Errors: as for *approved*.
 */
export const OnMpgsPaymentMismatch = handlerDecorator<MpgsPaymentMismatchEvent>(
  MPGS_EVENTS.paymentMismatch,
);

/** Calls the method when a queue gave up on a payment. Its errors are logged. */
export const OnMpgsDeliveryFailed = handlerDecorator<MpgsDeliveryFailedEvent>(
  MPGS_EVENTS.deliveryFailed,
);

/** Calls the method when a checkout is open. Its errors are logged. */
export const OnMpgsCheckoutCreated = handlerDecorator<MpgsCheckoutCreatedEvent>(
  MPGS_EVENTS.checkoutCreated,
);

/** Calls the method when a callback was refused. Its errors are logged. */
export const OnMpgsCallbackRejected =
  handlerDecorator<MpgsCallbackRejectedEvent>(MPGS_EVENTS.callbackRejected);

/**
 * A decorator for methods that take the event `E`.
 *
 * @typeParam Method such a method, with whatever it returns.
 */
export type MpgsHandlerDecorator<E> = <Method extends (event: E) => unknown>(
  target: object,
  propertyKey: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

function handlerDecorator<E>(
  name: string,
): (options?: MpgsHandlerOptions) => MpgsHandlerDecorator<E> {
  // `@OnEvent` by itself logs a handler's error and goes on as if it had worked.
  return (options) => OnEvent(name, { ...options, suppressErrors: false });
}
