/** Browsers name HTML first and without a weight; a weight of 0 excludes it. */
const ACCEPTS_HTML =
  /(?:^|,)\s*text\/html\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|,|$)/i;

/** Whether a customer's browser sent the request, and not a program. */
export function isBrowser(request: {
  readonly headers: { readonly accept?: string };
}): boolean {
  return ACCEPTS_HTML.test(request.headers.accept ?? '');
}
