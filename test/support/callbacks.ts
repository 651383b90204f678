import {
  signMpgsCallback,
  type MpgsCallbackValues,
} from '../../src/testing/index.js';
import { vectors } from './vectors.js';

/**
 * The query of a callback to the test's application, signed as Plutu signs it;
 * of a paid one, where nothing else is said.
 */
export function callbackQuery(values: MpgsCallbackValues = {}): string {
  return signMpgsCallback(
    { transactionId: 't-1', ...values },
    vectors.secretKey,
  );
}
