import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import { inTime } from '../callbacks/in-time.js';
import type { PlutuKeys, PlutuTenants } from '../plutu.options.js';
import { applicationProvider } from '../validation/application-provider.js';
import { checkWholeNumber } from '../validation/options.js';
import { PlutuCredentials } from './plutu-credentials.js';

/**
 * Where the credentials of the application's tenants are kept. Any injectable
 * class of the application can be one.
 */
export interface TenantCredentialsSource {
  /** @returns the tenant's credentials, or nothing where there is no such tenant. */
  findCredentials(
    tenant: string,
  ): PlutuKeys | null | undefined | Promise<PlutuKeys | null | undefined>;
}

/** The tenants there may be: what their names are made of. */
export const TENANT = /^[A-Za-z0-9._-]{1,64}$/;

/** In milliseconds. */
const LOOKUP_TIMEOUT = 4_000;

/** Also that there is no such tenant is worth remembering. */
interface Found {
  readonly credentials: PlutuCredentials | undefined;
}

/** Finds the credentials for a call: the application's own, or a tenant's. */
export class CredentialsResolver implements OnModuleInit {
  private source: TenantCredentialsSource | undefined;
  private readonly cache: LRUCache<string, Found>;

  /**
   * @param own the application's own, where there are any.
   * @throws {PlutuConfigurationError} for an option that cannot work.
   */
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly own: PlutuCredentials | undefined,
    private readonly tenants: PlutuTenants | undefined,
  ) {
    const { max = 1000, ttl = 60_000 } = tenants ?? {};
    checkWholeNumber('tenants.max', max);
    checkWholeNumber('tenants.ttl', ttl);
    this.cache = new LRUCache({
      max,
      ttl,
      fetchMethod: (tenant) => this.find(tenant),
    });
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
   * @returns `undefined` where there are none.
   * @throws whatever the application's class throws; then nothing is remembered.
   */
  async credentialsOf(
    tenant: string | undefined,
  ): Promise<PlutuCredentials | undefined> {
    if (tenant === undefined) return this.own;
    if (!this.source || !TENANT.test(tenant)) return undefined;
    const found = await this.cache.fetch(tenant);
    return found?.credentials;
  }

  private async find(tenant: string): Promise<Found> {
    const lookup = async () => this.source?.findCredentials(tenant);
    const keys = await inTime(
      lookup(),
      LOOKUP_TIMEOUT,
      `findCredentials did not answer in ${LOOKUP_TIMEOUT} ms.`,
    );
    return { credentials: keys ? new PlutuCredentials(keys) : undefined };
  }
}
