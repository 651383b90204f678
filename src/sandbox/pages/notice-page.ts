import type { Answer } from '../http/answer.js';
import { CHECKOUT_STYLE } from './checkout-page.js';
import { html, page } from './html.js';

/** Tells a browser why there is nothing else to show. */
export function renderNoticePage(status: number, message: string): Answer {
  return page({
    status,
    lang: 'en',
    title: `HTTP ${status}`,
    warning: 'A local Plutu for development and tests. No money moves.',
    style: CHECKOUT_STYLE,
    body: html`<main>
      <div class="sheet">
        <h1>HTTP ${status}</h1>
        <p>${message}</p>
        <a href="/">All transactions</a>
      </div>
    </main>`,
  });
}
