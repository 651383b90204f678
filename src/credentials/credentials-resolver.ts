import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import { inTime } from '../callbacks/in-time.js';
import type { PlutuConfig } from '../plutu.config.js';
import { PlutuConfigurationError } from '../plutu.errors.js';
import { checkOptionNames, TENANTS_OPTIONS } from '../plutu.option-names.js';
import type { PlutuKeys, PlutuTenants } from '../plutu.options.js';
import { applicationProvider } from '../validation/application-provider.js';
import { checkWholeNumber } from '../validation/options.js';
import { PlutuCredentials } from './plutu-credentials.js';

/**
 * Where the credentials of the application's tenants are kept. Any injectable
 * class of the application can be one.
 */
export interface TenantCredentialsSource {
  /**
   * @param account the `name` of the registration that asks.
   * @returns the tenant's credentials, or nothing where there is no such tenant.
   */
  findCredentials(
    tenant: string,
    account: string,
  ): PlutuKeys | null | undefined | Promise<PlutuKeys | null | undefined>;
}

/** The tenants there may be: what their names are made of. */
export const TENANT = /^[A-Za-z0-9._-]{1,64}$/;

/** In milliseconds. */
const LOOKUP_TIMEOUT = 4_000;

/** How many lookups may be under way: what forged names can ask of a database. */
const MAX_LOOKUPS = 100;

/** How long nobody asks again for a tenant that is not known, in milliseconds. */
const UNKNOWN_FOR = 5_000;

/** How old keys have to be to be looked up afresh, in milliseconds. */
const FRESH_FOR = 1_000;

interface Found {
  readonly credentials: PlutuCredentials;
  /** When, on the process's own clock. */
  readonly at: number;
}

/** Finds the credentials for a call: the application's own, or a tenant's. */
export class CredentialsResolver implements OnModuleInit {
  private source: TenantCredentialsSource | undefined;
  private readonly known: LRUCache<string, Found>;
  /** Apart from the others, which forged names shall not push out. */
  private readonly unknown = new LRUCache<string, true>({
    max: 1000,
    ttl: UNKNOWN_FOR,
  });
  private readonly underWay = new Map<
    string,
    Promise<PlutuCredentials | undefined>
  >();

  /** @throws {PlutuConfigurationError} for an option that cannot work. */
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly config: PlutuConfig,
    private readonly tenants: PlutuTenants | undefined,
  ) {
    if (tenants) checkOptionNames(tenants, TENANTS_OPTIONS);
    const { max = 1000, ttl = 60_000 } = tenants ?? {};
    checkWholeNumber('tenants.max', max, { most: 1_000_000 });
    checkWholeNumber('tenants.ttl', ttl);
    this.known = new LRUCache({ max, ttl });
  }

  /** Whether there are tenants at all. */
  get hasTenants(): boolean {
    return this.tenants !== undefined;
  }

  /** @throws {PlutuConfigurationError} where no provider of that name is found. */
  onModuleInit(): void {
    if (!this.tenants) return;
    this.source = applicationProvider(
      this.moduleRef,
      'tenants.source',
      this.tenants.source,
    );
  }

  /**
   * @param tenant `undefined` for the application's own credentials.
   * @param options `isFresh`: what is remembered has not held, so look again,
   *   unless it was looked up just now.
   * @returns `undefined` where there are none.
   * @throws whatever the application's class throws; then nothing is remembered.
   */
  async credentialsOf(
    tenant: string | undefined,
    { isFresh = false } = {},
  ): Promise<PlutuCredentials | undefined> {
    if (tenant === undefined) return this.config.credentials;
    if (!this.source || !TENANT.test(tenant)) return undefined;
    const known = this.known.get(tenant);
    const age = performance.now() - (known?.at ?? 0);
    if (known && (!isFresh || age < FRESH_FOR)) return known.credentials;
    if (this.unknown.has(tenant)) return undefined;
    return this.underWay.get(tenant) ?? this.start(tenant);
  }

  private start(tenant: string): Promise<PlutuCredentials | undefined> {
    if (this.underWay.size >= MAX_LOOKUPS) {
      throw new Error(`${MAX_LOOKUPS} tenants are being looked up.`);
    }
    const lookup = this.lookUp(tenant).finally(() =>
      this.underWay.delete(tenant),
    );
    this.underWay.set(tenant, lookup);
    return lookup;
  }

  private async lookUp(tenant: string): Promise<PlutuCredentials | undefined> {
    const { account } = this.config;
    const find = async () => this.source?.findCredentials(tenant, account);
    const keys = await inTime(
      find(),
      LOOKUP_TIMEOUT,
      `findCredentials did not answer in ${LOOKUP_TIMEOUT} ms.`,
    );
    if (!keys) {
      this.known.delete(tenant);
      this.unknown.set(tenant, true);
      return undefined;
    }
    const credentials = this.check(tenant, keys);
    this.known.set(tenant, { credentials, at: performance.now() });
    return credentials;
  }

  private check(tenant: string, keys: PlutuKeys): PlutuCredentials {
    const problem = (what: string) =>
      new PlutuConfigurationError(
        'tenants.source',
        `The keys of tenant ${tenant} cannot work: ${what}.`,
      );
    let credentials: PlutuCredentials;
    try {
      credentials = new PlutuCredentials(keys);
    } catch (error) {
      if (!(error instanceof PlutuConfigurationError)) throw error;
      throw problem(`${error.option} is missing, or is no key of Plutu`);
    }
    // A callback without its tenant would pass for the application's own.
    if (this.config.credentials?.sharesSecretKeyWith(credentials)) {
      throw problem("secretKey is the application's own");
    }
    return credentials;
  }
}
