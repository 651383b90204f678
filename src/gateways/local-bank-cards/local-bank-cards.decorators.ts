import {
  callbackEndpointDecorator,
  CallbackPayment,
} from '../../callbacks/callback-endpoint.js';
import { LOCAL_BANK_CARDS } from './local-bank-cards.gateway.js';

/**
 * Makes a controller's method a callback endpoint of local bank cards: `GET path`,
 * open only to callbacks that Plutu signed, each published once. The method then
 * answers the first arrival and every later one; `@LocalBankCardsCallback()` hands
 * it the payment.
 *
 * @param path the route's path below the controller's.
 * @param options `account`: the `name` of the account whose callbacks come to it.
 */
export const LocalBankCardsCallbackEndpoint = callbackEndpointDecorator(
  LOCAL_BANK_CARDS.callback,
);

/** Hands the method of a callback endpoint its `Payment`. */
export const LocalBankCardsCallback = CallbackPayment;
