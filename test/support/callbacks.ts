import {
  signedCallback,
  type CallbackValues,
} from '../../src/testing/index.js';
import { vectors } from './vectors.js';

/**
 * The query of a callback of MPGS to the test's application, signed as Plutu signs
 * it; of a paid one, if nothing else is said.
 *
 * @param secretKey default: that of the test's account.
 */
export function callbackQuery(
  values: Omit<CallbackValues, 'gateway' | 'method'> = {},
  secretKey = vectors.secretKey,
): string {
  const callback = signedCallback(
    { transactionId: 't-1', ...values },
    { url: 'http://shop.example/', secretKey },
  );
  return new URL(callback.url).search.slice(1);
}
