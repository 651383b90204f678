import { REDACTED } from '../utils/redact.js';

/** The parameters of a callback whose values a log may show. */
const HARMLESS: ReadonlySet<string> = new Set([
  'gateway',
  'approved',
  'canceled',
  'amount',
  'currency',
  'invoice_no',
  'transaction_id',
  'payment_method',
  'paymet_method',
]);

/**
 * Makes a callback's URL fit for a log. What Plutu says about the payment stays. The
 * signature, the tenant's tag and the value of every other parameter become
 * `[redacted]`: the query of a return URL is the application's own, and may hold a
 * token. A user and a password in front of the host are redacted as well.
 *
 * @param url as it arrived, absolute or from the path on.
 */
export function redactCallbackUrl(url: string): string {
  const [, start = '', query] = /^([^?#]*)(?:\?([^#]*))?/.exec(url) ?? [];
  const place = start.replace(/^([a-z]+:\/\/)[^/]*@/i, `$1${REDACTED}@`);
  if (query === undefined) return place;
  const pairs = query.split('&').map((pair) => {
    const [name = ''] = pair.split('=', 1);
    if (HARMLESS.has(name)) return pair;
    return pair.includes('=') ? `${name}=${REDACTED}` : REDACTED;
  });
  return `${place}?${pairs.join('&')}`;
}
