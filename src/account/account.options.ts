import type { InjectionToken } from '@nestjs/common';
import { namesOf } from '../utils/options.js';

/** The credentials of an account at Plutu. */
export interface PlutuKeys {
  /** The account's API key, sent as `X-API-KEY`. */
  apiKey: string;

  /** The account's access token. It decides between test and live. */
  accessToken: string;

  /**
   * The account's secret key, which signs callbacks. While you replace it, give a
   * list of both keys: a callback that is signed with either of them is genuine.
   */
  secretKey: string | readonly string[];
}

export const KEY_OPTIONS = namesOf<PlutuKeys>({
  apiKey: true,
  accessToken: true,
  secretKey: true,
});

/**
 * Finds the credentials of each tenant. Any injectable class of the application can
 * implement it.
 */
export interface TenantCredentialsSource {
  /**
   * @param account the `name` of the account that asks.
   * @returns the tenant's credentials, or nothing if there is no such tenant.
   */
  findCredentials(
    tenant: string,
    account: string,
  ): PlutuKeys | null | undefined | Promise<PlutuKeys | null | undefined>;
}

/** Tenants of the application, each with its own account at Plutu. */
export interface PlutuTenants {
  /** The provider that knows their credentials. */
  source: InjectionToken<TenantCredentialsSource>;

  /**
   * For how many tenants to remember the credentials: the ones used last.
   *
   * @default 1000
   */
  max?: number | undefined;

  /**
   * How long to remember them, in milliseconds. A changed key takes effect after
   * this time at the latest.
   *
   * @default 60000
   */
  ttl?: number | undefined;
}

export const TENANTS_OPTIONS = namesOf<PlutuTenants>({
  source: true,
  max: true,
  ttl: true,
});
