import type { SandboxTransaction } from '../checkout/transaction.js';
import type { Answer } from '../http/answer.js';
import { CHECKOUT_STYLE, renderSummary } from './checkout-page.js';
import { CHECKOUT_TEXTS } from './checkout-texts.js';
import { html, page } from './html.js';

/** The second page of the 3-D Secure test card: what a bank would ask. */
export function renderChallengePage(
  transaction: SandboxTransaction,
  merchantName: string,
): Answer {
  const { lang, redirectUrl } = transaction;
  const { warning, challenge } = CHECKOUT_TEXTS[lang];
  return page({
    lang,
    title: challenge.title,
    warning,
    style: CHECKOUT_STYLE,
    body: html`<main>
      <div class="sheet">
        <h1>${challenge.title}</h1>
        ${renderSummary(transaction, merchantName)}
        <p>${challenge.question}</p>
        <form method="post" action="${redirectUrl}/challenge/confirm">
          <button type="submit" class="primary">${challenge.confirm}</button>
        </form>
        <form method="post" action="${redirectUrl}/challenge/cancel">
          <button type="submit">${challenge.cancel}</button>
        </form>
      </div>
    </main>`,
  });
}
