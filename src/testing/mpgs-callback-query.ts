import {
  SIGNATURE_PARAMETER,
  signCallback,
} from '../callbacks/callback-signature.js';
import { encodeAsPhp, type QueryPair } from '../callbacks/query-pairs.js';
import type { MpgsOutcome } from '../mpgs/mpgs-callback.dto.js';
import { callbackPairs } from '../sandbox/checkout/callback-url.js';

/** What a callback says. A test names what it cares about. */
export interface MpgsCallbackValues {
  /** Default `approved`. */
  outcome?: MpgsOutcome | undefined;
  /** Default `inv-1`. */
  invoiceNo?: string | undefined;
  /**
   * Default: one for each invoice number, always the same, so that callbacks of
   * one invoice belong to one transaction.
   */
  transactionId?: string | undefined;
  /** As Plutu writes it; a number becomes its shortest text. Default `5.00`. */
  amount?: string | number | undefined;
  /** ISO 4217. Default `USD`. */
  currency?: string | undefined;
  /** Makes a URL of the query, behind what query this one has. */
  returnUrl?: string | undefined;
}

/** What can be wrong with a callback; an endpoint has to refuse each. */
export const MPGS_FORGERIES = [
  'tampered',
  'other-gateway',
  'other-key',
  'unsigned',
] as const;

/**
 * - `tampered`: signed by Plutu for another invoice, and changed since
 * - `other-gateway`: signed by Plutu, with the same key, for a payment by a
 *   local bank card
 * - `other-key`: signed with a key that is not the account's
 * - `unsigned`: no signature at all
 */
export type MpgsForgery = (typeof MPGS_FORGERIES)[number];

/**
 * A callback as Plutu sends it: signed, and spelled as PHP spells queries. What
 * is no valid callback, such as the amount `free`, is signed just the same. To
 * replay a callback, send it again.
 *
 * @returns the query without `?`, or the whole URL where there is a `returnUrl`.
 * @throws {TypeError} where the secret key is empty, or `returnUrl` is no URL.
 */
export function signMpgsCallback(
  values: MpgsCallbackValues,
  secretKey: string,
): string {
  return spell(signed(parametersOf(values), secretKey), values.returnUrl);
}

/**
 * A callback that says the same as {@link signMpgsCallback}'s and that Plutu has
 * not signed for MPGS. Whoever receives it has to refuse it.
 *
 * @param secretKey the account's own, whatever the forgery.
 * @returns and throws as {@link signMpgsCallback} does.
 */
export function forgeMpgsCallback(
  forgery: MpgsForgery,
  values: MpgsCallbackValues,
  secretKey: string,
): string {
  const parameters = parametersOf(values);
  const forgers: Record<MpgsForgery, () => readonly QueryPair[]> = {
    tampered: () => {
      const another = changed(parameters, 'invoice_no', (no) => `${no}-2`);
      return [...parameters, signature(another, secretKey)];
    },
    'other-gateway': () => {
      const local = changed(parameters, 'gateway', () => 'localbankcards');
      return signed(
        local.filter(([name]) => name !== 'currency'),
        secretKey,
      );
    },
    'other-key': () => signed(parameters, `not-${secretKey}`),
    unsigned: () => parameters,
  };
  return spell(forgers[forgery](), values.returnUrl);
}

function parametersOf({
  outcome = 'approved',
  invoiceNo = 'inv-1',
  transactionId = `t-${invoiceNo}`,
  amount = '5.00',
  currency = 'USD',
}: MpgsCallbackValues): QueryPair[] {
  const facts = { amount: String(amount), currency, invoiceNo, transactionId };
  return callbackPairs(facts, outcome);
}

function changed(
  pairs: readonly QueryPair[],
  name: string,
  change: (value: string) => string,
): QueryPair[] {
  return pairs.map((pair) =>
    pair[0] === name ? [name, change(pair[1])] : pair,
  );
}

function signed(pairs: readonly QueryPair[], secretKey: string): QueryPair[] {
  return [...pairs, signature(pairs, secretKey)];
}

function signature(pairs: readonly QueryPair[], secretKey: string): QueryPair {
  return [SIGNATURE_PARAMETER, signCallback(pairs, secretKey)];
}

function spell(
  pairs: readonly QueryPair[],
  returnUrl: string | undefined,
): string {
  const query = encodeAsPhp(pairs);
  if (returnUrl === undefined) return query;
  const url = new URL(returnUrl);
  url.search = url.search === '' ? query : `${url.search}&${query}`;
  return url.href;
}
