import { isSameAmount } from '../payments/invoices.js';
import { minorUnits } from '../protocol/money.js';
import { TRANSACTION_ID } from '../protocol/values.js';

/** The process that *verify* opened, unless it is for another amount. */
export function processIn(
  result: Readonly<Record<string, unknown>>,
  amount: string,
): string | undefined {
  const processId = idOf(result['process_id']);
  const answered = textOf(result['amount']);
  const isSame = answered === undefined || isSameAmount(answered, amount);
  return processId !== undefined && /^\d{1,64}$/.test(processId) && isSame
    ? processId
    : undefined;
}

/** What *confirm* says was charged. */
export function takenIn(
  result: Readonly<Record<string, unknown>>,
  currency: string,
): { transactionId: string; amount: string | undefined } | undefined {
  const transactionId = idOf(result['transaction_id']);
  const amount = textOf(result['amount']);
  if (transactionId === undefined || !TRANSACTION_ID.test(transactionId)) {
    return undefined;
  }
  const isReadable =
    amount === undefined || minorUnits(amount, currency) !== undefined;
  return isReadable ? { transactionId, amount } : undefined;
}

/** A number or a text: Plutu spells the same field in both ways. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/** The same for an identifier: JavaScript would change a longer number. */
function idOf(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return undefined;
  }
  return textOf(value);
}
