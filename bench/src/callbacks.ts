import { signCallback } from 'nestjs-plutu';

export const ACCOUNT = {
  apiKey: 'bench-api-key',
  accessToken: 'bench-access-token',
  secretKey: 'bench-secret-key-0123456789abcdef0123456789',
};

export const CALLBACK_PATH = '/plutu/mpgs/callback';

/** A paid callback of one transaction, with what Plutu signs of it. */
export function callbackOf(
  transaction: string,
  {
    extra = [],
    secretKey = ACCOUNT.secretKey,
  }: {
    /** What else the return URL carries, and Plutu signs. */
    extra?: readonly (readonly [name: string, value: string])[];
    secretKey?: string;
  } = {},
): { query: string; signed: string } {
  const pairs = [
    ...extra,
    ['gateway', 'mpgs'],
    ['approved', '1'],
    ['amount', '25.50'],
    ['currency', 'USD'],
    ['invoice_no', `INV-2026-${transaction}`],
    ['transaction_id', transaction],
  ] as const;
  const signed = pairs.map((pair) => pair.join('=')).join('&');
  const signature = signCallback(pairs, secretKey);
  return { query: `${signed}&hashed=${signature}`, signed };
}
