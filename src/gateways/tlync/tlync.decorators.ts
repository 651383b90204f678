import {
  callbackEndpointDecorator,
  CallbackPayment,
  EndpointReturn,
} from '../../callbacks/callback-endpoint.js';
import { TLYNC, TLYNC_RETURN } from './tlync.gateway.js';

/**
 * Makes a controller's method a callback endpoint of T-Lync: `POST path`, open only
 * to callbacks that Plutu signed, each published once. The method then answers the
 * first arrival and every later one; `@TlyncCallback()` hands it the payment.
 *
 * @param path the route's path below the controller's.
 * @param options `account`: the `name` of the account whose callbacks come to it.
 */
export const TlyncCallbackEndpoint = callbackEndpointDecorator(TLYNC.callback);

/** Hands the method of a callback endpoint its `Payment`. */
export const TlyncCallback = CallbackPayment;

/**
 * Makes a controller's method the endpoint that T-Lync's customers come back to:
 * `GET path`, open only to what Plutu signed. It publishes nothing;
 * `@TlyncReturn()` hands the method a `CheckoutReturn`. Before that, a browser waits
 * up to `browserWait` for the callback to be booked.
 *
 * @param path the route's path below the controller's.
 * @param options `account`: the `name` of the account whose customers come to it.
 */
export const TlyncReturnEndpoint = callbackEndpointDecorator(TLYNC_RETURN);

/** Hands the method of a return endpoint its `CheckoutReturn`. */
export const TlyncReturn = EndpointReturn;
