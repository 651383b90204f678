import type { InjectionToken } from '@nestjs/common';
import { namesOf } from '../utils/options.js';

/** The credentials of an account at Plutu. */
export interface PlutuKeys {
  /** The account's API key, sent as `X-API-KEY`. */
  apiKey: string;

  /** The account's access token. It decides between test and live. */
  accessToken: string;

  /**
   * The account's secret key, which signs callbacks. While it is being
   * replaced, give both: a callback that any of them signed is genuine.
   */
  secretKey: string | readonly string[];
}

export const KEY_OPTIONS = namesOf<PlutuKeys>({
  apiKey: true,
  accessToken: true,
  secretKey: true,
});

/**
 * Where the credentials of the application's tenants are kept. Any injectable
 * class of the application can be one.
 */
export interface TenantCredentialsSource {
  /**
   * @param account the `name` of the registration that asks.
   * @returns the tenant's credentials, or nothing if there is no such tenant.
   */
  findCredentials(
    tenant: string,
    account: string,
  ): PlutuKeys | null | undefined | Promise<PlutuKeys | null | undefined>;
}

/** The application's tenants, each with an account of its own at Plutu. */
export interface PlutuTenants {
  /** A provider of the application that knows their credentials. */
  source: InjectionToken<TenantCredentialsSource>;

  /**
   * How many tenants' credentials to keep at hand, the latest used.
   *
   * @default 1000
   */
  max?: number | undefined;

  /**
   * For how long, in milliseconds: how soon a changed key takes effect.
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
