import { checkWholeNumber, MAX_TIMER, namesOf } from '../utils/options.js';
import { redirectPages, type RedirectPages } from './redirect-pages.js';

/** How callbacks are answered. */
export interface CallbackOptions {
  /**
   * Answers callbacks with `303 See Other` to the shop's pages: one page for all, or
   * one for each outcome. The query has `outcome` and, for a genuine callback,
   * `invoiceNo`, `orderNo` and, with tenants, `tenant`. The query is not signed, so the
   * page has to look up the order.
   *
   * @default none: callbacks are answered with JSON
   */
  redirect?: string | RedirectPages | undefined;

  /**
   * How long a customer's browser waits for an accepted payment to be booked, in
   * milliseconds. After that it is shown a page that asks again by itself.
   *
   * @default 3000
   */
  browserWait?: number | undefined;
}

export const CALLBACK_OPTIONS = namesOf<CallbackOptions>({
  redirect: true,
  browserWait: true,
});

/** {@link CallbackOptions}, checked and complete. */
export class CallbackSettings {
  readonly pages: RedirectPages | undefined;
  /** In milliseconds. */
  readonly browserWait: number;

  /** @throws {PlutuConfigurationError} for an invalid option. */
  constructor({ redirect, browserWait = 3_000 }: CallbackOptions) {
    this.pages = redirect === undefined ? undefined : redirectPages(redirect);
    checkWholeNumber('browserWait', browserWait, { most: MAX_TIMER });
    this.browserWait = browserWait;
  }
}
