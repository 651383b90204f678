import type { PlutuLanguage } from 'nestjs-plutu';
import { html, type Html } from './html.js';
import {
  dueOf,
  type Book,
  type Order,
  type OrderPayment,
} from './orders.service.js';
import {
  GATEWAYS,
  isGatewayName,
  type CustomerFields,
  type GatewayName,
} from './payments.service.js';
import { TEXTS, type Message } from './texts.js';

export function homePage(
  lang: PlutuLanguage,
  books: readonly Book[],
  orders: readonly Order[],
): string {
  const text = TEXTS[lang];
  return page(lang, text.books, '/', [
    html`<ul>
      ${books.map(
        ({ id, title, price, sold }) =>
          html`<li class="row">
            <div>
              ${title[lang]}
              <small>
                ${money(price.LYD, 'LYD')} / ${money(price.USD, 'USD')}
              </small>
              <small>${text.sold} ${sold}</small>
            </div>
            <form method="post" action="/orders">
              <button name="book" value="${id}">${text.buy}</button>
            </form>
          </li>`,
      )}
    </ul>`,
    html`<h2>${text.orders}</h2>`,
    orders.length === 0
      ? html`<p>${text.noOrders}</p>`
      : html`<ul>
          ${orders.map(
            ({ orderNo, title, state, paid }) =>
              html`<li class="row">
                <div>
                  <a href="/orders/${orderNo}">${text.order} ${orderNo}</a>
                  <small>${title[lang]}</small>
                  ${paid && html`<small>${nameOf(lang, paid.gateway)}</small>`}
                </div>
                <span class="state ${state}">${text.states[state]}</span>
              </li>`,
          )}
        </ul>`,
  ]);
}

/** @param message about a payment that was just tried. */
export function orderPage(
  lang: PlutuLanguage,
  order: Order,
  toPayBack: readonly OrderPayment[],
  message?: Message,
): string {
  const text = TEXTS[lang];
  const { orderNo, state, paid } = order;
  const waits = isWaiting(order, message);
  const mayPay = state === 'open' && !waits && message !== 'unknown';
  return page(
    lang,
    paid ? text.thanks : `${text.order} ${orderNo}`,
    `/orders/${orderNo}`,
    [
      messageBox(
        lang,
        paid && message !== 'already-paid' ? undefined : message,
      ),
      state === 'unclear' && html`<p class="note problem">${text.unclear}</p>`,
      toPayBack.length > 0 &&
        html`<section class="note problem" role="status">
          <p>${text.payBack}</p>
          ${toPayBack.map((payment) => paymentLines(lang, payment))}
        </section>`,
      summary(lang, order),
      paid && html`<section>${paymentLines(lang, paid)}</section>`,
      waits &&
        html`<p><a href="/orders/${orderNo}">${text.chooseAgain}</a></p>`,
      mayPay &&
        html`<h2>${text.choose}</h2>
          <div class="ways">
            ${Object.keys(GATEWAYS).filter(isGatewayName).map(way)}
          </div>`,
    ],
  );

  function way(gateway: GatewayName): Html {
    const address = `/orders/${orderNo}/pay/${gateway}`;
    const name = html`${text.gateways[gateway]}
      <small>${due(order, gateway)}</small>`;
    return GATEWAYS[gateway].length > 0
      ? html`<a class="button" href="${address}">${name}</a>`
      : html`<form method="post" action="${address}">
          <button>${name}</button>
        </form>`;
  }
}

/** Whether a payment may have been made that is not booked yet. */
export function isWaiting({ state }: Order, message?: Message): boolean {
  return state === 'open' && message === 'pending';
}

/** Asks for what the gateway needs to know. */
export function payPage(
  lang: PlutuLanguage,
  order: Order,
  gateway: GatewayName,
  filledIn: CustomerFields,
  message?: Message,
): string {
  const text = TEXTS[lang];
  const address = `/orders/${order.orderNo}/pay/${gateway}`;
  return page(lang, text.gateways[gateway], address, [
    messageBox(lang, message),
    summary(lang, order, gateway),
    html`<form method="post" action="${address}">
      ${GATEWAYS[gateway].map(
        (field) =>
          html`<label>
            ${text.fields[field]}
            <input
              name="${field}"
              value="${filledIn[field]}"
              dir="ltr"
              inputmode="${field === 'birthYear' ? 'numeric' : 'tel'}"
              autocomplete="${field === 'birthYear' ? 'bday-year' : 'tel'}"
              required
            />
          </label>`,
      )}
      <button>${text.goOn}</button>
    </form>`,
    otherWay(lang, order),
  ]);
}

/** Asks for the code. The token goes with it. */
export function codePage(
  lang: PlutuLanguage,
  order: Order,
  gateway: GatewayName,
  token: string,
  message?: Message,
): string {
  const text = TEXTS[lang];
  const address = `/orders/${order.orderNo}/pay/${gateway}`;
  return page(lang, text.gateways[gateway], address, [
    messageBox(lang, message),
    summary(lang, order, gateway),
    html`<form method="post" action="${address}/code">
        <input type="hidden" name="token" value="${token}" />
        <label>
          ${text.code}
          <small>${text.codeSent}</small>
          <input
            name="code"
            dir="ltr"
            inputmode="numeric"
            autocomplete="one-time-code"
            required
          />
        </label>
        <button>${text.pay}</button>
      </form>
      <p><a href="${address}">${text.newCode}</a></p>`,
    otherWay(lang, order),
  ]);
}

/** The money is taken, and the payment is not booked: asking again charges nothing. */
export function notDeliveredPage(
  lang: PlutuLanguage,
  order: Order,
  gateway: GatewayName,
  { token, code }: { readonly token: string; readonly code: string },
): string {
  const address = `/orders/${order.orderNo}/pay/${gateway}`;
  return page(lang, TEXTS[lang].gateways[gateway], address, [
    messageBox(lang, 'not-delivered'),
    summary(lang, order, gateway),
    html`<form method="post" action="${address}/code">
      <input type="hidden" name="token" value="${token}" />
      <input type="hidden" name="code" value="${code}" />
      <button>${TEXTS[lang].checkAgain}</button>
    </form>`,
  ]);
}

/** Of an error: with nothing but its title. */
export function emptyPage(lang: PlutuLanguage, title: string): string {
  return page(lang, title, '/', []);
}

function messageBox(lang: PlutuLanguage, message?: Message): Html | undefined {
  return (
    message &&
    html`<p class="note problem" role="alert">
      ${TEXTS[lang].messages[message]}
    </p>`
  );
}

/** @param gateway how it is going to be paid, if that is known. */
function summary(
  lang: PlutuLanguage,
  order: Order,
  gateway?: GatewayName,
): Html {
  return html`<section>
    ${order.title[lang]}
    <small>${TEXTS[lang].order} ${order.orderNo}</small>
    ${gateway && html`<small>${due(order, gateway)}</small>`}
  </section>`;
}

function paymentLines(
  lang: PlutuLanguage,
  { gateway, transactionId, amount, currency }: OrderPayment,
): Html {
  const text = TEXTS[lang];
  return html`<div>${money(amount, currency)}</div>
    <small>${text.paidBy}: ${nameOf(lang, gateway)}</small>
    <small>${text.transaction}: <bdi dir="ltr">${transactionId}</bdi></small>`;
}

function otherWay(lang: PlutuLanguage, { orderNo }: Order): Html {
  return html`<p>
    <a href="/orders/${orderNo}">${TEXTS[lang].chooseAgain}</a>
  </p>`;
}

function nameOf(lang: PlutuLanguage, gateway: string): string {
  return isGatewayName(gateway) ? TEXTS[lang].gateways[gateway] : gateway;
}

function due(order: Order, gateway: GatewayName): Html {
  const { amount, currency } = dueOf(order, gateway);
  return money(String(amount), currency);
}

function money(amount: string, currency: string): Html {
  return html`<bdi dir="ltr">${amount} ${currency}</bdi>`;
}

/** @param address of the page, which the other language is shown at. */
function page(
  lang: PlutuLanguage,
  title: string,
  address: string,
  body: readonly (Html | false | undefined)[],
): string {
  const text = TEXTS[lang];
  const other = lang === 'ar' ? 'en' : 'ar';
  return html`<!doctype html>
    <html lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} | ${text.shop}</title>
        <link rel="stylesheet" href="/shop.css" />
      </head>
      <body>
        <header>
          <a href="/">${text.shop}</a>
          <a href="${address}?lang=${other}" lang="${other}">
            ${text.otherLanguage}
          </a>
        </header>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `.markup;
}
