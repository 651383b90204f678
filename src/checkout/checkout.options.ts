import type { EnabledGateways } from '../account/enabled-gateways.js';
import { isHttpUrl, returnUrlProblem } from '../protocol/return-url.js';
import { failOption, namesOf } from '../utils/options.js';

/** The languages of Plutu's checkout page: Arabic or English. */
export type PlutuLanguage = 'ar' | 'en';

/** Every {@link PlutuLanguage}. */
export const LANGUAGES = ['ar', 'en'] as const satisfies PlutuLanguage[];

/** How checkouts are opened. */
export interface CheckoutOptions {
  /**
   * Where customers and Plutu reach the application, such as `https://shop.example`.
   * The URLs that Plutu gets for each gateway are made from it, the application's
   * global prefix, and the paths of the module's routes.
   */
  appUrl?: string | undefined;

  /**
   * The absolute URL that the customer's browser comes back to, if it cannot be made
   * from `appUrl`: for the only gateway, or for each by its name (`{ mpgs:
   * 'https://…' }`). Except at T-Lync, it is that of a callback endpoint.
   */
  returnUrl?: string | Readonly<Record<string, string>> | undefined;

  /**
   * The absolute URL that Plutu posts callbacks to, if it cannot be made from
   * `appUrl`; only for gateways where it is separate from `returnUrl` (T-Lync).
   */
  callbackUrl?: string | Readonly<Record<string, string>> | undefined;

  /**
   * The language of the checkout page, if the request names none.
   *
   * @default Plutu's own default, Arabic
   */
  lang?: PlutuLanguage | undefined;
}

export const CHECKOUT_OPTIONS = namesOf<CheckoutOptions>({
  appUrl: true,
  returnUrl: true,
  callbackUrl: true,
  lang: true,
});

/** {@link CheckoutOptions}, checked. */
export class CheckoutSettings {
  /** Without a slash at the end. */
  readonly appUrl: string | undefined;
  /** By the name of the gateway. */
  readonly returnUrls: Readonly<Record<string, string>>;
  /** Likewise. */
  readonly callbackUrls: Readonly<Record<string, string>>;
  readonly lang: PlutuLanguage | undefined;

  /**
   * @param gateways the gateways of the registration.
   * @throws {PlutuConfigurationError} for an invalid option.
   */
  constructor(options: CheckoutOptions, gateways: EnabledGateways) {
    const { hosted } = gateways;
    this.appUrl = checkedAppUrl(options.appUrl);
    this.returnUrls = checkedUrls('returnUrl', options.returnUrl, hosted);
    this.callbackUrls = checkedUrls(
      'callbackUrl',
      options.callbackUrl,
      hosted.filter((name) => gateways.find(name)?.hasReturn),
    );
    this.lang = options.lang;
    if (this.lang !== undefined && !LANGUAGES.includes(this.lang)) {
      failOption('lang', 'must be "ar" or "en"');
    }
  }
}

function checkedAppUrl(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const isUrl = typeof value === 'string' && isHttpUrl(value);
  const url = isUrl ? new URL(value) : undefined;
  if (!url || url.search || url.hash || url.username || url.password) {
    return failOption(
      'appUrl',
      'must be an absolute http(s) URL without query or fragment, such as "https://shop.example"',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** @param gateways the names of the gateways that have such a URL. */
function checkedUrls(
  option: 'returnUrl' | 'callbackUrl',
  value: unknown,
  gateways: readonly string[],
): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([gateway, url]) => {
        if (!gateways.includes(gateway)) {
          failOption(
            option,
            `names the gateway "${gateway}", but "gateways" does not list it, or it has no such URL`,
          );
        }
        return [gateway, checkedUrl(`${option}.${gateway}`, url)];
      }),
    );
  }
  const [only, another] = gateways;
  if (only === undefined) {
    return failOption(
      option,
      'is only for a gateway with separate callback and return URLs, and "gateways" lists no such gateway',
    );
  }
  if (another !== undefined) {
    failOption(
      option,
      `must say which gateway each URL is for, such as { ${only}: "https://…" }, because there are several: ${gateways.join(', ')}`,
    );
  }
  return { [only]: checkedUrl(option, value) };
}

function checkedUrl(option: string, url: unknown): string {
  const problem = returnUrlProblem(url);
  if (problem !== undefined) failOption(option, problem);
  return String(url);
}
