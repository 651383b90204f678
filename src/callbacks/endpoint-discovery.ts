import {
  Injectable,
  VersioningType,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  ApplicationConfig,
  DiscoveryService,
  MetadataScanner,
  ModuleRef,
  ModulesContainer,
} from '@nestjs/core';
import { getPlutuToken } from '../account/tokens.js';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import { CallbackVerifier } from './callback-verifier.js';
import { endpointOf, type CallbackEndpoint } from './endpoint-metadata.js';
import { RawBodies } from './raw-body.js';

/** Where Nest keeps the path that `RouterModule` gives a module. */
const MODULE_PATH = '__module_path__';

/** An endpoint of the application, and the routes that lead to it. */
interface FoundEndpoint extends CallbackEndpoint {
  /** The name of the method, for people. */
  readonly name: string;
  /** Matches the whole path, prefix and version included. */
  readonly path: RegExp;
}

/**
 * Every endpoint for callbacks and returns: the module's own, and those on the
 * application's controllers.
 */
@Injectable()
export class EndpointDiscovery implements OnApplicationBootstrap {
  private found: readonly FoundEndpoint[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly application: ApplicationConfig,
    private readonly modules: ModulesContainer,
    rawBodies: RawBodies,
  ) {
    rawBodies.capture(
      ({ method, path }) =>
        method === 'POST' && this.all.some((one) => isPostTo(one, path)),
    );
  }

  /** Complete once all modules are created. */
  get all(): readonly FoundEndpoint[] {
    this.found ??= this.discovery
      .getControllers()
      .flatMap(({ metatype, host }) =>
        typeof metatype === 'function'
          ? this.endpointsOf(metatype, host?.metatype)
          : [],
      );
    return this.found;
  }

  /**
   * @throws {PlutuConfigurationError} for an endpoint whose messages no registration
   *   takes.
   */
  onApplicationBootstrap(): void {
    for (const { name, account, channel } of this.all) {
      if (this.verifierOf(account)?.takes(channel.gateway)) continue;
      throw new PlutuConfigurationError(
        'gateways',
        `${name} is a ${channel.kind} endpoint of ${channel.gateway} for the account "${account}", but no PlutuModule has that account and that gateway.`,
      );
    }
  }

  /**
   * Prefix and version are optional: a route may be excluded from the prefix, or have
   * no version. Nothing else may come before the path, or the body of another route
   * would be taken.
   */
  private patternOf(path: string, module: object | undefined): RegExp {
    const { applicationId } = this.modules;
    const moved: unknown =
      module && Reflect.getMetadata(MODULE_PATH + applicationId, module);
    const isVersioned =
      this.application.getVersioning()?.type === VersioningType.URI;
    const before = [
      partsOf(this.application.getGlobalPrefix()),
      isVersioned ? ['[^/]+'] : [],
      partsOf(typeof moved === 'string' ? moved : ''),
    ];
    const own = partsOf(path)
      .map((part) => `/+${part}`)
      .join('');
    return new RegExp(`^${before.map(optional).join('')}${own}/*$`, 'i');
  }

  private verifierOf(account: string): CallbackVerifier | undefined {
    try {
      return this.moduleRef.get<CallbackVerifier>(
        getPlutuToken(CallbackVerifier, account),
        { strict: false },
      );
    } catch {
      return undefined;
    }
  }

  private endpointsOf(
    controller: object,
    module: object | undefined,
  ): FoundEndpoint[] {
    const prototype: unknown = Reflect.get(controller, 'prototype');
    if (typeof prototype !== 'object' || prototype === null) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const method: unknown = Reflect.get(prototype, key);
      const endpoint = typeof method === 'function' && endpointOf(method);
      if (!endpoint || typeof method !== 'function') return [];
      const name = `${String(Reflect.get(controller, 'name'))}.${key}`;
      return pathsOf(controller).flatMap((base) =>
        pathsOf(method).map((path) => ({
          ...endpoint,
          name,
          path: this.patternOf(`${base}/${path}`, module),
        })),
      );
    });
  }
}

function isPostTo({ channel, path }: FoundEndpoint, of: string): boolean {
  return channel.method === 'POST' && path.test(of);
}

/** Where Nest keeps the paths of controllers and methods. */
function pathsOf(target: object): string[] {
  const paths: unknown = Reflect.getMetadata('path', target);
  return [paths].flat().map((path) => (typeof path === 'string' ? path : ''));
}

/** Routers ignore case and one extra slash, and `:name` matches anything. */
function partsOf(path: string): string[] {
  return path
    .split('/')
    .filter(Boolean)
    .map((part) => {
      if (part.includes('*')) return '.*';
      return /[:{(]/.test(part)
        ? '[^/]+'
        : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    });
}

function optional(parts: readonly string[]): string {
  return parts.length === 0 ? '' : `(?:/+${parts.join('/+')})?`;
}
