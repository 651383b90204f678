import { parseQueryPairs, phpVariableName } from './pairs.js';
import { SIGNATURE_PARAMETER } from './signature.js';

/** The parameter that says whose callback it is, if there are tenants. */
export const TENANT_PARAMETER = 'plutu_tenant';

/** The parameters that are added to a return or callback URL, for any gateway. */
export const CALLBACK_PARAMETERS: ReadonlySet<string> = new Set([
  'gateway',
  'approved',
  'canceled',
  'amount',
  'currency',
  'invoice_no',
  'transaction_id',
  'payment_method',
  'paymet_method',
  SIGNATURE_PARAMETER,
  TENANT_PARAMETER,
]);

/** Leaves room for the callback's own parameters in any server's request line. */
export const MAX_RETURN_URL_LENGTH = 2048;

/**
 * Says why a return or callback URL cannot carry Plutu's message.
 *
 * @returns the problem as a clause that follows the field's name, or
 *   `undefined` for a good one.
 */
export function returnUrlProblem(returnUrl: unknown): string | undefined {
  if (typeof returnUrl !== 'string' || !isHttpUrl(returnUrl)) {
    return 'must be an absolute http(s) URL';
  }
  if (!/^[\x21-\x7e]+$/.test(returnUrl)) {
    return 'must be percent-encoded: it has characters that are not allowed in a URL';
  }
  if (returnUrl.length > MAX_RETURN_URL_LENGTH) {
    return `must not be longer than ${MAX_RETURN_URL_LENGTH} characters`;
  }
  const { search, hash } = new URL(returnUrl);
  if (hash !== '' || returnUrl.endsWith('#')) {
    return 'must not have a fragment (#…), which browsers do not send to the server';
  }
  const pairs = parseQueryPairs(search.slice(1));
  if (!pairs) return 'must have a query with well-formed percent escapes';
  const taken = pairs
    .map(([name]) => phpVariableName(name))
    .find((name) => CALLBACK_PARAMETERS.has(name));
  return (
    taken &&
    `must not have "${taken}" in its query: Plutu adds a parameter of that name, and a callback with two of them is ambiguous and always refused`
  );
}

/** Whether a text is an absolute URL with the scheme `http:` or `https:`. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text);
}
