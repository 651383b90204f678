import { setTimeout as sleep } from 'node:timers/promises';
import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import {
  PlutuConfigurationError,
  PlutuLookupError,
} from '../errors/plutu-errors.js';
import { sandboxKeyProblem } from '../protocol/sandbox-keys.js';
import { applicationProvider } from '../utils/application-provider.js';
import { inTime } from '../utils/in-time.js';
import { checkOptionNames, checkWholeNumber } from '../utils/options.js';
import {
  TENANTS_OPTIONS,
  type PlutuKeys,
  type PlutuTenants,
  type TenantCredentialsSource,
} from './account.options.js';
import type { PlutuAccount } from './plutu-account.js';
import { PlutuCredentials } from './plutu-credentials.js';
import { TENANT } from './tenant-parameter.js';

/** In milliseconds. */
const LOOKUP_TIMEOUT = 4_000;

/** How many lookups may be under way before keys that did not match are renewed. */
const MAX_LOOKUPS = 200;

/**
 * How many unknown names may be looked up at once: this limits what forgeries can
 * cost a database. Known tenants do not count.
 */
const MAX_UNKNOWN_LOOKUPS = 100;

/** How long an unknown tenant is not looked up again, in milliseconds. */
const UNKNOWN_FOR = 5_000;

/** How often forgeries can cause a lookup of a tenant's keys, in milliseconds. */
const RENEWAL_PAUSE = 250;

interface Known {
  readonly credentials: PlutuCredentials;
  /** When their lookup began, in milliseconds of the process's monotonic clock. */
  readonly at: number;
}

/** Finds the credentials for a call: the application's own, or a tenant's. */
export class CredentialsResolver implements OnModuleInit {
  private source: TenantCredentialsSource | undefined;
  private readonly ttl: number;
  /** Also those that are older than `ttl`: their names are not forged. */
  private readonly known: LRUCache<string, Known>;
  /** Kept apart, so that forged names cannot push out known ones. */
  private readonly unknown = new LRUCache<string, true>({
    max: 1000,
    ttl: UNKNOWN_FOR,
  });
  private readonly lookups = new Map<
    string,
    Promise<PlutuCredentials | undefined>
  >();
  private unknownLookups = 0;

  /** @throws {PlutuConfigurationError} for an invalid option. */
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly account: PlutuAccount,
    private readonly tenants: PlutuTenants | undefined,
  ) {
    if (tenants) checkOptionNames(tenants, TENANTS_OPTIONS, 'tenants');
    const { max = 1000, ttl = 60_000 } = tenants ?? {};
    checkWholeNumber('tenants.max', max, { most: 1_000_000 });
    checkWholeNumber('tenants.ttl', ttl);
    this.ttl = ttl;
    this.known = new LRUCache({ max });
  }

  /** Whether there are tenants at all. */
  get hasTenants(): boolean {
    return this.tenants !== undefined;
  }

  /** @throws {PlutuConfigurationError} if no provider of that name is found. */
  onModuleInit(): void {
    if (this.tenants) this.tenantSource(this.tenants);
  }

  /**
   * @param tenant `undefined` for the application's own credentials.
   * @returns `undefined` if there are none.
   * @throws {PlutuLookupError} if the application's class fails or returns invalid
   *   keys; then nothing is remembered.
   */
  async credentialsOf(
    tenant: string | undefined,
  ): Promise<PlutuCredentials | undefined> {
    if (tenant === undefined) return this.account.credentials;
    if (!this.tenants || !TENANT.test(tenant)) return undefined;
    const known = this.known.get(tenant);
    if (known && ageOf(known) < this.ttl) return known.credentials;
    return this.lookUpOnce(tenant, this.tenants);
  }

  /**
   * The same for a tenant whose remembered keys did not match: looks them up again.
   * All callers who ask within {@link RENEWAL_PAUSE} share one lookup.
   *
   * @param since when the caller came, in milliseconds of the process's monotonic
   *   clock: keys that were looked up later are new enough.
   * @returns `undefined` if there is nothing newer.
   * @throws {PlutuLookupError} as above.
   */
  async renewedCredentialsOf(
    tenant: string,
    since: number,
  ): Promise<PlutuCredentials | undefined> {
    const known = this.known.get(tenant);
    if (!this.tenants || !known || known.at >= since) return undefined;
    if (!this.lookups.has(tenant) && this.lookups.size >= MAX_LOOKUPS) {
      throw new PlutuLookupError(
        'findCredentials',
        `${MAX_LOOKUPS} tenants are being looked up`,
      );
    }
    return this.lookUpOnce(
      tenant,
      this.tenants,
      Math.max(RENEWAL_PAUSE - ageOf(known), 0),
    );
  }

  /** @param pause before the lookup, in milliseconds. */
  private lookUpOnce(
    tenant: string,
    tenants: PlutuTenants,
    pause = 0,
  ): Promise<PlutuCredentials | undefined> {
    if (this.unknown.has(tenant)) return Promise.resolve(undefined);
    const underWay = this.lookups.get(tenant);
    if (underWay) return underWay;
    const isKnown = this.known.has(tenant);
    if (!isKnown && this.unknownLookups >= MAX_UNKNOWN_LOOKUPS) {
      return Promise.reject(
        new PlutuLookupError(
          'findCredentials',
          `${MAX_UNKNOWN_LOOKUPS} tenants are being looked up`,
        ),
      );
    }
    if (!isKnown) this.unknownLookups++;
    const lookup = this.lookUp(tenant, tenants, pause).finally(() => {
      this.lookups.delete(tenant);
      if (!isKnown) this.unknownLookups--;
    });
    this.lookups.set(tenant, lookup);
    return lookup;
  }

  private async lookUp(
    tenant: string,
    tenants: PlutuTenants,
    pause: number,
  ): Promise<PlutuCredentials | undefined> {
    if (pause > 0) await sleep(pause);
    const at = performance.now();
    const find = async () =>
      this.tenantSource(tenants).findCredentials(tenant, this.account.name);
    try {
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
      this.known.set(tenant, { credentials, at });
      return credentials;
    } catch (error) {
      throw new PlutuLookupError(
        'findCredentials',
        `the keys of tenant ${tenant} could not be loaded`,
        error,
      );
    }
  }

  // Also looked up later than at startup: Nest does not initialize a lazily loaded
  // module.
  private tenantSource({ source }: PlutuTenants): TenantCredentialsSource {
    this.source ??= applicationProvider(
      this.moduleRef,
      'tenants.source',
      source,
    );
    return this.source;
  }

  private check(tenant: string, keys: PlutuKeys): PlutuCredentials {
    const problem = (what: string) =>
      new PlutuConfigurationError(
        'tenants.source',
        `The keys of tenant ${tenant} are invalid: ${what}.`,
      );
    let credentials: PlutuCredentials;
    try {
      credentials = new PlutuCredentials(keys);
    } catch (error) {
      if (!(error instanceof PlutuConfigurationError)) throw error;
      throw problem(`${error.option} is missing, or is not a key from Plutu`);
    }
    // A callback without its tenant would pass for the application's own.
    if (this.account.credentials?.sharesSecretKeyWith(credentials)) {
      throw problem("secretKey is the application's own");
    }
    const keyProblem = sandboxKeyProblem(keys.secretKey, this.account.baseUrl);
    if (keyProblem) throw problem(`secretKey ${keyProblem}`);
    return credentials;
  }
}

/** In milliseconds. */
function ageOf({ at }: Known): number {
  return performance.now() - at;
}
