import type { SandboxTransaction } from '../checkout/transaction.js';
import type { CheckoutPage, Texts } from '../gateways/hosted-gateway.js';
import type { Answer } from '../http/answer.js';
import { CHECKOUT_TEXTS } from './checkout-texts.js';
import { html, page, type Html } from './html.js';

/** Of every page that a customer sees. */
export const CHECKOUT_STYLE = `
main { max-width: 27rem; margin: 1.25rem auto; padding: 0 1rem; }
.sheet { background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
dl { margin: 0 0 1.25rem; padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .15rem 0; }
dt { color: var(--soft); flex: none; }
dd { margin: 0; font-weight: 600; min-width: 0; overflow-wrap: anywhere; text-align: end; }
.total dd { font-size: 1.35rem; line-height: 1.3; }
.notice { margin: 0 0 1rem; padding: .6rem .8rem; background: #eef4f7; border-inline-start: 4px solid var(--accent); }
fieldset { border: 0; margin: 0 0 1rem; padding: 0; min-width: 0; }
legend { font-weight: 600; padding: 0; margin-bottom: .5rem; }
label { display: flex; gap: .7rem; align-items: center; padding: .5rem .75rem; cursor: pointer;
  border: 1px solid var(--line); border-bottom-width: 0; }
fieldset label:first-of-type { border-radius: .5rem .5rem 0 0; }
fieldset label:last-of-type { border-radius: 0 0 .5rem .5rem; border-bottom-width: 1px; }
label:has(:checked) { background: #eef4f7; }
label:has(:focus-visible) { outline: 3px solid #d9480f; outline-offset: -3px; }
input { flex: none; width: 1.15rem; height: 1.15rem; margin: 0; accent-color: var(--accent); }
label span { flex: 1; min-width: 0; line-height: 1.35; }
small { display: block; color: var(--soft); font-size: .85rem; }
form { margin: 0; }
form button { width: 100%; }
form + form, form + .button { margin-top: .6rem; }
`;

/** The checkout page, in the transaction's language. */
export function renderCheckoutPage(
  transaction: SandboxTransaction,
  gatewayPage: CheckoutPage,
  merchantName: string,
): Answer {
  const { lang, status, declineReason, browserUrl, redirectUrl } = transaction;
  const { chooseResult, results, methods, returnsByLink } = gatewayPage;
  const text = CHECKOUT_TEXTS[lang];
  const isFinished = status === 'approved' || status === 'canceled';
  // Back at this page, where the link to the shop is.
  const stay = returnsByLink ? '?stay' : '';
  const reason = declineReason ? `${text.reasons[declineReason]} ` : '';
  return page({
    lang,
    title: text.title,
    warning: text.warning,
    style: CHECKOUT_STYLE,
    body: html`<main>
      <div class="sheet">
        <h1>${text.title}</h1>
        ${status !== 'open' && html`<p class="notice" role="status">${reason}${text.statuses[status]}</p>`}
        ${renderSummary(transaction, merchantName)}
        ${
          !isFinished &&
          html`<form method="post" action="${redirectUrl}/pay${stay}">
              ${methods.length > 0 && renderChoices('method', text.chooseMethod, methods, lang)}
              ${renderChoices('result', chooseResult[lang], results, lang)}
              <button type="submit" class="primary">
                ${text.pay}
                <bdi dir="ltr"
                  >${transaction.amount} ${transaction.currency}</bdi
                >
              </button>
            </form>
            <form method="post" action="${redirectUrl}/cancel${stay}">
              <button type="submit">${text.cancel}</button>
            </form>`
        }
        ${
          browserUrl &&
          (isFinished || returnsByLink) &&
          html`<a class="button" href="${browserUrl}">${text.goBack}</a>`
        }
      </div>
    </main>`,
  });
}

/** What is paid, to whom and what for. */
export function renderSummary(
  { lang, amount, currency, invoiceNo }: SandboxTransaction,
  merchantName: string,
): Html {
  const text = CHECKOUT_TEXTS[lang];
  return html`<dl>
    <div>
      <dt>${text.merchant}</dt>
      <dd><bdi>${merchantName}</bdi></dd>
    </div>
    <div>
      <dt>${text.invoice}</dt>
      <dd><bdi dir="ltr">${invoiceNo}</bdi></dd>
    </div>
    <div class="total">
      <dt>${text.amount}</dt>
      <dd><bdi dir="ltr">${amount} ${currency}</bdi></dd>
    </div>
  </dl>`;
}

interface Choice {
  readonly id: string;
  readonly name: Texts;
  readonly effect?: Texts;
}

/** Radio buttons; the first one is chosen. */
function renderChoices(
  field: string,
  legend: string,
  choices: readonly Choice[],
  lang: 'ar' | 'en',
): Html {
  return html`<fieldset>
    <legend>${legend}</legend>
    ${choices.map(({ id, name, effect }, index) => {
      const checked = index === 0 ? html` checked` : undefined;
      const note = effect && html`<small>${effect[lang]}</small>`;
      return html`<label>
        <input type="radio" name="${field}" value="${id}" ${checked} />
        <span>${name[lang]}${note}</span>
      </label>`;
    })}
  </fieldset>`;
}
