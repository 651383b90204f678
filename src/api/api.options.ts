import { isHttpUrl } from '../protocol/return-url.js';
import { PLUTU_ENVIRONMENT } from '../account/environment.js';
import {
  checkWholeNumber,
  failOption,
  MAX_TIMER,
  namesOf,
} from '../utils/options.js';

/** How to talk to Plutu. */
export interface ApiOptions {
  /**
   * Where Plutu's API is, without the version. Plain `http:` sends the keys
   * unprotected and is meant for a local Plutu.
   *
   * @default 'https://api.plutus.ly/api'
   */
  baseUrl?: string | undefined;

  /**
   * How long one request to Plutu may take, connecting included, in
   * milliseconds.
   *
   * @default 30000
   */
  timeout?: number | undefined;

  /**
   * The same for a request that charges a customer with a one-time password.
   * Without an answer by then it is unknown whether the money was taken, so it is
   * longer; Plutu's official clients wait for 600 seconds.
   *
   * @default 120000
   */
  confirmTimeout?: number | undefined;

  /**
   * How many more times to try when no connection could be made. A request that
   * may have reached Plutu is never sent again.
   *
   * @default 2
   */
  retries?: number | undefined;
}

export const API_OPTIONS = namesOf<ApiOptions>({
  baseUrl: true,
  timeout: true,
  confirmTimeout: true,
  retries: true,
});

/** {@link ApiOptions}, checked and complete. */
export class ApiSettings implements Required<ApiOptions> {
  readonly baseUrl: string;
  readonly timeout: number;
  readonly confirmTimeout: number;
  readonly retries: number;

  /** @throws {PlutuConfigurationError} for an invalid option. */
  constructor(options: ApiOptions) {
    this.baseUrl = checkedBaseUrl(
      options.baseUrl ?? 'https://api.plutus.ly/api',
    );
    this.timeout = options.timeout ?? 30_000;
    checkWholeNumber('timeout', this.timeout, { most: MAX_TIMER });
    this.confirmTimeout = options.confirmTimeout ?? 120_000;
    checkWholeNumber('confirmTimeout', this.confirmTimeout, {
      most: MAX_TIMER,
    });
    this.retries = options.retries ?? 2;
    checkWholeNumber('retries', this.retries, { least: 0, most: 10 });
  }
}

function checkedBaseUrl(value: unknown): string {
  const isUrl = typeof value === 'string' && isHttpUrl(value);
  const url = isUrl ? new URL(value) : undefined;
  if (!url || url.search || url.hash || url.username || url.password) {
    return failOption(
      'baseUrl',
      `must be an absolute http(s) URL without credentials, query or fragment (environment variable ${PLUTU_ENVIRONMENT.baseUrl})`,
    );
  }
  return url.href.replace(/\/+$/, '');
}
