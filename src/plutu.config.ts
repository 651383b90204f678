import {
  isHttpUrl,
  returnUrlProblem,
} from './callbacks/callback-parameters.js';
import { PlutuCredentials } from './credentials/plutu-credentials.js';
import { sandboxKeyProblem } from './credentials/sandbox-keys.js';
import { PlutuConfigurationError } from './plutu.errors.js';
import { checkOptionNames, PLUTU_OPTIONS } from './plutu.option-names.js';
import {
  PLUTU_ENVIRONMENT,
  type PlutuLanguage,
  type PlutuTenantOptions,
} from './plutu.options.js';

/** What is known of a registration before its options are. */
export interface PlutuRegistration {
  readonly account: string;
  readonly path: string | undefined;
  /** Whether that controller has the callback route. */
  readonly hasCallbackRoute: boolean;
  readonly hasTenants: boolean;
}

/** The options, checked and complete, but for the credentials. */
export class PlutuConfig {
  /** The `name` of the registration. */
  readonly account: string;
  /** The path of its controller; `undefined` where it has none. */
  readonly path: string | undefined;
  readonly hasCallbackRoute: boolean;
  readonly baseUrl: string;
  readonly returnUrl: string | undefined;
  readonly lang: PlutuLanguage | undefined;
  readonly currencies: readonly string[];
  /** The application's own; only where it has tenants may there be none. */
  readonly credentials: PlutuCredentials | undefined;
  /** In milliseconds. */
  readonly timeout: number;
  readonly retries: number;

  /** @throws {PlutuConfigurationError} for an option that cannot work. */
  constructor(
    options: PlutuTenantOptions,
    { account, path, hasCallbackRoute, hasTenants }: PlutuRegistration,
  ) {
    checkOptionNames(options, PLUTU_OPTIONS);
    this.account = account;
    this.path = path;
    this.hasCallbackRoute = hasCallbackRoute;
    const { apiKey, accessToken, secretKey } = options;
    this.credentials =
      hasTenants && !apiKey && !accessToken && !secretKey
        ? undefined
        : new PlutuCredentials({ apiKey, accessToken, secretKey });
    this.baseUrl = baseUrl(options.baseUrl ?? 'https://api.plutus.ly/api');
    const keyProblem = sandboxKeyProblem(secretKey ?? '', this.baseUrl);
    if (keyProblem) {
      fail(
        'secretKey',
        `${keyProblem} (environment variable ${PLUTU_ENVIRONMENT.secretKey})`,
      );
    }
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

function fail(option: keyof PlutuTenantOptions, problem: string): never {
  throw new PlutuConfigurationError(
    option,
    `PlutuModule: the option "${option}" ${problem}.`,
  );
}
