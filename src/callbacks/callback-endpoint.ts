import {
  applyDecorators,
  createParamDecorator,
  Get,
  HttpCode,
  Post,
  UseFilters,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { CallbackChannel } from './callback-channel.js';
import { CallbackFilter } from './callback.filter.js';
import { paymentOf, PlutuCallbackGuard, returnOf } from './callback.guard.js';
import { setEndpoint } from './endpoint-metadata.js';
import type { RedirectPages } from './redirect-pages.js';
import type { ReturnChannel } from './return-channel.js';

/** Whose callbacks come to an endpoint. */
export interface CallbackEndpointOptions {
  /**
   * The `name` of the account.
   *
   * @default the account without a name
   */
  readonly account?: string | undefined;
}

/** Makes the decorator of a gateway's endpoints, for its callbacks or its returns. */
export function callbackEndpointDecorator(
  channel: CallbackChannel | ReturnChannel,
): (path?: string, options?: CallbackEndpointOptions) => MethodDecorator {
  return (path = '', { account } = {}) =>
    callbackEndpoint(channel, { path, account });
}

/**
 * Makes a controller's method an endpoint: open only to messages that Plutu signed
 * for the channel. Callbacks are each published once, and the method then answers
 * the first arrival and every later one; {@link CallbackPayment} hands it the
 * payment. Returns are not published; {@link EndpointReturn} hands them on.
 */
export function callbackEndpoint(
  channel: CallbackChannel | ReturnChannel,
  {
    path,
    account = DEFAULT_ACCOUNT,
    pages,
  }: { path: string; account?: string | undefined; pages?: RedirectPages },
): MethodDecorator {
  return applyDecorators(
    channel.method === 'GET' ? Get(path) : Post(path),
    HttpCode(200),
    setEndpoint({ channel, account, pages }),
    UseGuards(PlutuCallbackGuard),
    UseFilters(CallbackFilter),
  );
}

/** Hands the method of a callback endpoint the `Payment`, with its verdict. */
export const CallbackPayment: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => paymentOf(context),
);

/** Hands the method of a return endpoint the `CheckoutReturn`. */
export const EndpointReturn: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => returnOf(context),
);
