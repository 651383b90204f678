import { createHash } from 'node:crypto';
import type { SandboxTransaction } from './checkout.js';

const STYLE = `
:root { color-scheme: light; font: 1rem/1.6 system-ui, sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef3f2; color: #15302c; }
header { background: #15302c; color: #fff; padding: .75rem 1rem; text-align: center; }
header strong { letter-spacing: .2em; font-size: 1.25rem; }
header p { margin: 0; }
main { max-width: 28rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.35rem; }
dl { margin: 0 0 1.5rem; border: 2px dashed #3c7a70; background: #fff; padding: 1rem; }
dt { color: #47635e; }
dd { margin: 0 0 .75rem; font-weight: 600; overflow-wrap: anywhere; }
form { margin: 0 0 .75rem; }
button { width: 100%; min-height: 3rem; padding: .5rem 1rem; font: inherit;
  border: 2px solid #15302c; border-radius: .25rem; background: #fff; color: inherit; cursor: pointer; }
button.primary { background: #15302c; color: #fff; font-weight: 600; }
button:focus-visible { outline: 3px solid #0a6cd6; outline-offset: 3px; }
`;

/**
 * No script and nothing from elsewhere. `form-action` is left out on purpose:
 * Chromium applies it to the redirect after a form too, and that goes to the
 * merchant's site.
 */
export const CHECKOUT_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TEXTS = {
  ar: {
    dir: 'rtl',
    title: 'صفحة دفع تجريبية',
    warning: 'بيئة تجريبية: لا يُخصم أي مبلغ.',
    merchant: 'المتجر',
    amount: 'المبلغ',
    invoice: 'رقم الفاتورة',
    pay: 'ادفع',
    decline: 'ارفض البطاقة',
    cancel: 'ألغِ الدفع',
    goBack: 'عُد إلى المتجر',
    incomplete: 'رُفضت البطاقة. يمكنك المحاولة مرة أخرى.',
    approved: 'تم الدفع.',
    canceled: 'أُلغي الدفع.',
  },
  en: {
    dir: 'ltr',
    title: 'Test checkout',
    warning: 'A test environment: no money is taken.',
    merchant: 'Shop',
    amount: 'Amount',
    invoice: 'Invoice number',
    pay: 'Pay',
    decline: 'Decline the card',
    cancel: 'Cancel the payment',
    goBack: 'Return to the shop',
    incomplete: 'The card was declined. You can try again.',
    approved: 'The payment is complete.',
    canceled: 'The payment was canceled.',
  },
} as const;

/** The checkout page, in the transaction's language. */
export function renderCheckoutPage(
  transaction: SandboxTransaction,
  merchantName: string,
): string {
  const { lang, status, amount, currency, invoiceNo } = transaction;
  const text = TEXTS[lang];
  const button = (action: string, label: string, style = '') => `
      <form method="post" action="${escapeHtml(transaction.redirectUrl)}/${action}">
        <button type="submit"${style && ` class="${style}"`}>${label}</button>
      </form>`;
  // Finishing a finished checkout again only sends the browser back.
  const buttons =
    status === 'approved' || status === 'canceled'
      ? button(status === 'approved' ? 'pay' : 'cancel', text.goBack, 'primary')
      : button('pay', text.pay, 'primary') +
        button('decline', text.decline) +
        button('cancel', text.cancel);

  return `<!doctype html>
<html lang="${lang}" dir="${text.dir}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>SANDBOX: ${text.title}</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <header>
      <strong lang="en">SANDBOX</strong>
      <p>${text.warning}</p>
    </header>
    <main>
      <h1>${text.title}</h1>
      <p role="status">${status === 'open' ? '' : text[status]}</p>
      <dl>
        <dt>${text.merchant}</dt>
        <dd><bdi>${escapeHtml(merchantName)}</bdi></dd>
        <dt>${text.amount}</dt>
        <dd><bdi dir="ltr">${escapeHtml(`${amount} ${currency}`)}</bdi></dd>
        <dt>${text.invoice}</dt>
        <dd><bdi dir="ltr">${escapeHtml(invoiceNo)}</bdi></dd>
      </dl>${buttons}
    </main>
  </body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
