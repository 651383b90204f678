import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  isHttpUrl,
  returnUrlProblem,
} from './callbacks/callback-parameters.js';
import { PlutuConfigurationError } from './plutu.errors.js';
import {
  PLUTU_ENVIRONMENT,
  type PlutuLanguage,
  type PlutuOptions,
} from './plutu.options.js';

type Credential = 'apiKey' | 'accessToken' | 'secretKey';

/**
 * The options, checked and complete. The credentials are private to it: they
 * show neither when it is inspected nor when it is serialized.
 */
export class PlutuConfig {
  readonly baseUrl: string;
  readonly returnUrl: string | undefined;
  readonly lang: PlutuLanguage | undefined;
  readonly currencies: readonly string[];
  /** In milliseconds. */
  readonly timeout: number;
  readonly retries: number;

  readonly #apiKey: string;
  readonly #accessToken: string;
  readonly #secretKeys: readonly KeyObject[];
  readonly #redacted: readonly string[];

  /** @throws {PlutuConfigurationError} for an option that cannot work. */
  constructor(options: PlutuOptions) {
    this.#apiKey = credential(options?.apiKey, 'apiKey');
    this.#accessToken = credential(options.accessToken, 'accessToken');
    const secretKeys = [options.secretKey ?? ''].flat();
    if (secretKeys.length === 0) credential('', 'secretKey');
    for (const key of secretKeys) credential(key, 'secretKey');
    this.#secretKeys = secretKeys.map((key) => createSecretKey(key, 'utf8'));
    this.#redacted = [this.#apiKey, this.#accessToken, ...secretKeys].flatMap(
      (secret) => [secret, encodeURIComponent(secret)],
    );

    this.baseUrl = baseUrl(options.baseUrl ?? 'https://api.plutus.ly/api');
    this.returnUrl = options.returnUrl;
    if (this.returnUrl !== undefined) {
      const problem = returnUrlProblem(this.returnUrl);
      if (problem) fail('returnUrl', problem);
    }
    this.lang = options.lang;
    if (![undefined, 'ar', 'en'].includes(this.lang)) {
      fail('lang', 'must be "ar" or "en"');
    }
    this.currencies = options.currencies ?? ['USD'];
    if (
      !Array.isArray(this.currencies) ||
      this.currencies.length === 0 ||
      !this.currencies.every((currency) => /^[A-Z]{3}$/.test(currency))
    ) {
      fail('currencies', 'must list ISO 4217 codes, such as ["USD"]');
    }
    this.timeout = options.timeout ?? 30_000;
    if (!isWholeNumber(this.timeout, 1, 2 ** 31 - 1)) {
      fail('timeout', 'must be a whole number of milliseconds, at least 1');
    }
    this.retries = options.retries ?? 2;
    if (!isWholeNumber(this.retries, 0, 10)) {
      fail('retries', 'must be a whole number from 0 to 10');
    }
  }

  /** The keys that may have signed a callback. */
  secretKeys(): readonly KeyObject[] {
    return this.#secretKeys;
  }

  /** The headers that Plutu knows the account by. Keep them out of any log. */
  authenticationHeaders(): Record<string, string> {
    return {
      Authorization: `Bearer ${this.#accessToken}`,
      'X-API-KEY': this.#apiKey,
    };
  }

  /** Takes the account's credentials out of text that came from outside. */
  redact(text: string): string {
    return this.#redacted.reduce(
      (safe, secret) => safe.replaceAll(secret, '[redacted]'),
      text,
    );
  }
}

function credential(value: unknown, option: Credential): string {
  if (typeof value !== 'string' || value.trim() === '') {
    return fail(
      option,
      `is missing: set it to the one in your Plutu account, customarily from the environment variable ${PLUTU_ENVIRONMENT[option]}`,
    );
  }
  // A line break, say from a file, breaks the header and changes the signature.
  if (!/^[\x21-\x7e]+$/.test(value)) {
    return fail(
      option,
      `has a space, a line break or another character that no key of Plutu has: look at how ${PLUTU_ENVIRONMENT[option]} is set`,
    );
  }
  return value;
}

function baseUrl(value: unknown): string {
  const isUrl = typeof value === 'string' && isHttpUrl(value);
  const url = isUrl ? new URL(value) : undefined;
  if (!url || url.search || url.hash || url.username || url.password) {
    return fail(
      'baseUrl',
      `must be an absolute http(s) URL without credentials, query or fragment (environment variable ${PLUTU_ENVIRONMENT.baseUrl})`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function isWholeNumber(value: unknown, least: number, most: number): boolean {
  return (
    Number.isInteger(value) && least <= Number(value) && Number(value) <= most
  );
}

function fail(option: keyof PlutuOptions, problem: string): never {
  throw new PlutuConfigurationError(
    option,
    `PlutuModule: the option "${option}" ${problem}.`,
  );
}
