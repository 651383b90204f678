import type { SandboxTransaction } from '../checkout/transaction.js';
import type { CheckoutPage } from '../gateways/hosted-gateway.js';
import type { Answer } from '../http/answer.js';
import { CHECKOUT_STYLE, renderSummary } from './checkout-page.js';
import { CHECKOUT_TEXTS } from './checkout-texts.js';
import { html, page } from './html.js';

/** The second page of a test result that asks: what a bank would do. */
export function renderChallengePage(
  transaction: SandboxTransaction,
  challenge: NonNullable<CheckoutPage['challenge']>,
  merchantName: string,
): Answer {
  const { lang, redirectUrl } = transaction;
  const { warning, confirm, refuse } = CHECKOUT_TEXTS[lang];
  return page({
    lang,
    title: challenge.title[lang],
    warning,
    style: CHECKOUT_STYLE,
    body: html`<main>
      <div class="sheet">
        <h1>${challenge.title[lang]}</h1>
        ${renderSummary(transaction, merchantName)}
        <p>${challenge.question[lang]}</p>
        <form method="post" action="${redirectUrl}/challenge/confirm">
          <button type="submit" class="primary">${confirm}</button>
        </form>
        <form method="post" action="${redirectUrl}/challenge/cancel">
          <button type="submit">${refuse}</button>
        </form>
      </div>
    </main>`,
  });
}
