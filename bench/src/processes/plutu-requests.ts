import { CALLBACK_PATH, callbackOf } from '../callbacks.js';
import type { InjectedRequest } from './inject.js';

/**
 * A paid callback of one transaction. Plutu leads the customer's browser to it.
 *
 * @param secretKey what to sign it with, if not with the account's key.
 */
export function requestOf(
  transaction: string,
  secretKey?: string,
): InjectedRequest {
  const { query } = callbackOf(transaction, { secretKey });
  return {
    method: 'GET',
    url: `${CALLBACK_PATH}?${query}`,
    headers: {
      host: 'shop.example',
      'user-agent':
        'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'ar,en;q=0.5',
      connection: 'keep-alive',
    },
  };
}
