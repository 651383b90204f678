import {
  shownOutcome,
  type Payment,
  type PaymentOutcome,
} from '../payments/payment.js';
import type { CheckoutReturn } from './checkout-return.js';
import { isHttpUrl } from '../protocol/return-url.js';
import { checkOptionNames, failOption, namesOf } from '../utils/options.js';

/** The shop's own pages to send the customer's browser to, after a callback. */
export interface RedirectPages {
  /** An absolute `http(s):` URL, or a path that begins with one `/`. */
  approved: string;
  /** Likewise: the customer backed out. */
  canceled: string;
  /** Likewise: neither paid nor canceled, such as after a declined card. */
  incomplete: string;
  /**
   * The callback was not genuine or made no sense (`outcome=refused`), or something
   * was paid that was not due (`outcome=mismatch`).
   */
  refused: string;
  /**
   * The customer came back, but how the payment went is not known yet: it may well
   * have been paid. Needed for gateways whose callback does not come with the
   * customer (T-Lync).
   */
  pending?: string | undefined;
}

/** The pages of a gateway whose callback does not come with the customer. */
export type ReturnPages = RedirectPages & { pending: string };

const PAGES = namesOf<RedirectPages>({
  approved: true,
  canceled: true,
  incomplete: true,
  refused: true,
  pending: true,
});

/**
 * Checks the option `redirect`, and turns a single page into one for each outcome.
 *
 * @param redirect one page for all outcomes, or one for each.
 * @throws {PlutuConfigurationError} if a page is missing or invalid.
 */
export function redirectPages(redirect: string | RedirectPages): RedirectPages {
  const pages =
    typeof redirect === 'string'
      ? {
          approved: redirect,
          canceled: redirect,
          incomplete: redirect,
          refused: redirect,
          pending: redirect,
        }
      : redirect;
  checkOptionNames(pages, PAGES, 'redirect');
  for (const name of PAGES) {
    const page: unknown = Reflect.get(pages, name);
    if (name === 'pending' && page === undefined) continue;
    const isPage =
      typeof page === 'string' && (isHttpUrl(page) || isPath(page));
    if (!isPage) {
      failOption(
        `redirect.${name}`,
        'must be an absolute http(s) URL, or a path that begins with one "/"',
      );
    }
  }
  return pages;
}

/**
 * Checks that there is a page for a customer whose payment is not known yet. Any
 * other page would claim too much.
 *
 * @throws {PlutuConfigurationError} if there is no such page.
 */
export function returnPages(pages: RedirectPages): ReturnPages {
  const { pending } = pages;
  return pending === undefined
    ? failOption(
        'redirect.pending',
        'is missing: a gateway in "gateways" lets customers come back before their payment is known',
      )
    : { ...pages, pending };
}

/** Where to send the customer's browser after what Plutu signed. */
export function pageAfter(
  payment: Pick<
    Payment,
    'outcome' | 'isLate' | 'invoiceNo' | 'orderNo' | 'tenant'
  >,
  pages: RedirectPages,
): string {
  const outcome = shownOutcome(payment);
  return withResult(pageOf(outcome, pages), { ...payment, outcome });
}

/** Where to send a customer who came back, perhaps before the payment is known. */
export function pageAfterReturn(
  back: CheckoutReturn,
  pages: ReturnPages,
): string {
  const { outcome } = back;
  return withResult(
    outcome === 'pending' ? pages.pending : pageOf(outcome, pages),
    back,
  );
}

/** Where to send the browser after anything else. */
export function refusedPage({ refused }: RedirectPages): string {
  return withQuery(refused, { outcome: 'refused' });
}

function pageOf(outcome: PaymentOutcome, pages: RedirectPages): string {
  return outcome === 'mismatch' ? pages.refused : pages[outcome];
}

function withResult(
  page: string,
  {
    outcome,
    invoiceNo,
    orderNo,
    tenant,
  }: Pick<CheckoutReturn, 'outcome' | 'invoiceNo' | 'orderNo' | 'tenant'>,
): string {
  return withQuery(page, {
    outcome,
    invoiceNo,
    ...(orderNo !== undefined && { orderNo }),
    ...(tenant !== undefined && { tenant }),
  });
}

function withQuery(page: string, query: Record<string, string>): string {
  // A path gets a host so that it can be parsed, and loses it again.
  const url = new URL(page, 'http://path.invalid');
  for (const [name, value] of Object.entries(query)) {
    url.searchParams.set(name, value);
  }
  return isPath(page) ? url.href.slice(url.origin.length) : url.href;
}

function isPath(page: string): boolean {
  // Also after normalization, as in `/.//elsewhere.example`.
  return (
    /^\/[^\s\\]*$/.test(page) &&
    !page.startsWith('//') &&
    !new URL(page, 'http://path.invalid').pathname.startsWith('//')
  );
}
