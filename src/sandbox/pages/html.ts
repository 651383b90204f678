import { createHash } from 'node:crypto';
import type { Answer } from '../http/answer.js';

/** Markup: text in it has been escaped. */
export class Html {
  constructor(readonly markup: string) {}
}

type Part = Html | string | number | false | undefined | readonly Part[];

/** Markup with values in it; escapes each that is not markup itself. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let markup = strings[0] ?? '';
  for (const [index, part] of parts.entries()) {
    markup += render(part) + (strings[index + 1] ?? '');
  }
  return new Html(markup);
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part !== 'string' && typeof part !== 'number') {
    return part.map(render).join('');
  }
  return String(part).replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

export interface Page {
  readonly lang: 'ar' | 'en';
  readonly title: string;
  /** Under the banner that every page has. */
  readonly warning: string;
  readonly body: Html;
  /** On top of the style of every page. */
  readonly style?: string | undefined;
  /** Runs in the page, and may talk to the sandbox. Default: none. */
  readonly script?: string | undefined;
  readonly status?: number | undefined;
}

const STYLE = `
:root { color-scheme: light; font: 1rem/1.6 system-ui, "Noto Sans Arabic", sans-serif;
  --ink: #17232b; --soft: #51606b; --line: #cfd8dc; --accent: #0b5c7a; }
* { box-sizing: border-box; }
body { margin: 0; background: #f2f5f6; color: var(--ink); overflow-wrap: break-word; }
header.banner { padding: .6rem 1rem; text-align: center; color: #241a00;
  background: repeating-linear-gradient(-45deg, #ffd34d 0 1rem, #ffdc70 1rem 2rem);
  border-bottom: 2px solid #241a00; }
header.banner strong { font-size: 1.1rem; letter-spacing: .25em; }
header.banner p { margin: 0; font-size: .9rem; }
h1 { text-wrap: balance; font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem; }
button, .button { min-height: 2.75rem; padding: .45rem 1rem; font: inherit; cursor: pointer;
  border: 1px solid var(--accent); border-radius: .5rem; background: #fff; color: var(--accent); }
button:hover, .button:hover { background: #e9f2f5; }
.button { display: block; text-align: center; text-decoration: none; }
button.primary { background: var(--accent); color: #fff; font-weight: 600; }
button.primary:hover { background: #084a63; }
:focus-visible { outline: 3px solid #d9480f; outline-offset: 2px; border-radius: .25rem; }
a { color: var(--accent); }
code, pre { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
`;

/**
 * A page that loads nothing from elsewhere. `form-action` is left out on
 * purpose: Chromium applies it to the redirect after a form too, and that goes
 * to the merchant's site.
 */
export function page({
  lang,
  title,
  warning,
  body,
  style = '',
  script,
  status = 200,
}: Page): Answer {
  const allStyle = STYLE + style;
  const policy = [
    "default-src 'none'",
    `style-src '${hash(allStyle)}'`,
    ...(script ? [`script-src '${hash(script)}'`, "connect-src 'self'"] : []),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  const document = html`<!doctype html>
    <html lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>SANDBOX: ${title}</title>
        ${element('style', allStyle)}
      </head>
      <body>
        <header class="banner">
          <strong lang="en" dir="ltr">SANDBOX</strong>
          <p>${warning}</p>
        </header>
        ${body}${script && element('script', script)}
      </body>
    </html> `;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
    },
    body: document.markup,
  };
}

/** Byte for byte, as its hash in the policy has it. */
function element(name: 'style' | 'script', content: string): Html {
  return new Html(`<${name}>${content}</${name}>`);
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
