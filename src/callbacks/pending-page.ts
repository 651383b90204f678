import { createHash } from 'node:crypto';

/** How soon to try again, in seconds: for browsers and for `Retry-After`. */
export const RETRY_AFTER = 5;

const STYLE = `
body { margin: 0; min-height: 100vh; display: grid; place-content: center; gap: 2rem;
  padding: 1rem; font: 1.1rem/1.7 system-ui, sans-serif; background: #fff; color: #1b1b1b; }
section { max-width: 32rem; }
h1 { font-size: 1.4rem; margin: 0; }
p { margin: .5rem 0 0; }
`;

/** No script, no form, nothing from elsewhere, and the URL is sent to nobody. */
export const PENDING_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * What a customer's browser is shown while the payment cannot be recorded. The
 * redirect may be the only arrival of the callback, so the page reloads its own URL,
 * with the signed query, until it is redirected.
 */
export const PENDING_PAGE = `<!doctype html>
<html lang="ar" dir="rtl">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="refresh" content="${RETRY_AFTER}">
    <meta name="robots" content="noindex">
    <title>جارٍ تسجيل نتيجة الدفع · Recording your payment</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <section>
      <h1>جارٍ تسجيل نتيجة الدفع</h1>
      <p>يستغرق الأمر وقتًا أطول من المعتاد. أبقِ هذه الصفحة مفتوحة من فضلك: ستتحدّث تلقائيًا. لا تدفع مرة أخرى.</p>
    </section>
    <section lang="en" dir="ltr">
      <h1>The result of your payment is being recorded</h1>
      <p>This takes longer than usual. Please keep this page open: it reloads by itself. Do not pay again.</p>
    </section>
  </body>
</html>
`;
