import type {
  CanActivate,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';
import type { CallbackDeliveryDefinition } from './callbacks/callback-delivery.js';
import type { TenantCredentialsSource } from './credentials/credentials-resolver.js';
import type { InvoiceSource } from './invoices/invoices.js';

/** The languages of Plutu's checkout page: Arabic or English. */
export type PlutuLanguage = 'ar' | 'en';

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

/** How to talk to Plutu. */
export interface PlutuSettings {
  /**
   * Where Plutu's API is, without the version. Plain `http:` sends the keys
   * unprotected and is meant for a local Plutu.
   *
   * @default 'https://api.plutus.ly/api'
   */
  baseUrl?: string | undefined;

  /**
   * The absolute URL of the callback endpoint, as the customer's browser
   * reaches it. Without it, every `confirm` has to name its own.
   */
  returnUrl?: string | undefined;

  /**
   * The language of the checkout page, where `confirm` does not say.
   *
   * @default Plutu's own default, Arabic
   */
  lang?: PlutuLanguage | undefined;

  /**
   * The currencies, as ISO 4217 codes, in which the account is paid. The one that
   * it processes is set at Plutu. An approved payment in any other is a mismatch.
   *
   * @default ['USD']
   */
  currencies?: readonly string[] | undefined;

  /**
   * How long one request to Plutu may take, connecting included, in
   * milliseconds.
   *
   * @default 30000
   */
  timeout?: number | undefined;

  /**
   * How many more times to try when no connection could be made. A request that
   * may have reached Plutu is never sent again.
   *
   * @default 2
   */
  retries?: number | undefined;
}

/** The account at Plutu and how to talk to it. */
export interface PlutuOptions extends PlutuKeys, PlutuSettings {}

/** The shop's own pages to send the customer's browser to, after a callback. */
export interface MpgsRedirectPages {
  /** An absolute `http(s):` URL, or a path that begins with one `/`. */
  approved: string;
  /** Likewise: the customer backed out. */
  canceled: string;
  /** Neither paid nor backed out of, such as a declined card. */
  incomplete: string;
  /**
   * The callback was not genuine, or made no sense, or the payment was not due.
   * This page gets no `invoiceNo`.
   */
  refused: string;
}

/** The two routes of the module's controller. */
export type MpgsRoute = 'confirm' | 'callback';

/** The controller that the module registers for MPGS. */
export interface MpgsControllerOptions {
  /**
   * The path of the controller. `returnUrl` has to lead to `<path>/callback`,
   * behind the application's global prefix if it has one. Versioning does not
   * touch it.
   *
   * @default 'plutu/mpgs', and 'plutu/<name>/mpgs' for an account with a name
   */
  path?: string | undefined;

  /**
   * Which routes there are: `POST confirm`, `GET callback`.
   *
   * @default ['confirm', 'callback']
   */
  routes?: readonly MpgsRoute[] | undefined;

  /**
   * Guards for `POST confirm`. Whoever may call it chooses the amount and the
   * invoice number. What the guards inject has to be global, or come from a
   * module in `imports`.
   */
  confirmGuards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;

  /**
   * Whether `POST confirm` tells Plutu the address of its caller, where the
   * request names none. It is the one that Express and Fastify see: behind a
   * proxy, set their `trust proxy` or `trustProxy`. Switch it on where customers
   * call the route themselves; where a server of yours does, it is the server's.
   *
   * @default false
   */
  customerIp?: boolean | undefined;

  /**
   * Decorators for the method of `GET callback`: what tells a global guard of
   * the application's to let Plutu in, such as its own `@Public()`, or
   * `SkipThrottle()` of `@nestjs/throttler`: a callback that a rate limit
   * refuses is lost.
   */
  callbackDecorators?: readonly MethodDecorator[] | undefined;

  /**
   * Answer a callback with `303 See Other` to one of these pages, with the
   * query parameters `outcome` and `invoiceNo`. The page `refused` gets no
   * `invoiceNo`.
   *
   * @default none: callbacks are answered with JSON
   */
  redirect?: MpgsRedirectPages | undefined;
}

/** What shapes the module itself, and so has to be known before any factory ran. */
export interface PlutuModuleExtras {
  /**
   * A name for the account, made of `A-Z a-z 0-9 _ -`, where an application has
   * several: each is a registration of its own, with its own credentials,
   * controller and delivery. Its events carry the name, `@InjectMpgs(name)`
   * injects its service.
   *
   * @default 'default'
   */
  name?: string | undefined;

  /**
   * Make the module's providers injectable everywhere.
   *
   * @default true
   */
  isGlobal?: boolean | undefined;

  /**
   * The controller: `false` for none, or how it should be.
   *
   * @default true
   */
  controller?: boolean | MpgsControllerOptions | undefined;

  /**
   * How a verified callback gets to the event handlers, once and safely.
   *
   * @default inProcessDelivery(), for one instance
   */
  delivery?: CallbackDeliveryDefinition | undefined;

  /**
   * A provider of the application's that knows its invoices: any injectable
   * class with the method of {@link InvoiceSource}. With it, a payment of
   * another amount than was due is a *mismatch* and not *approved*, and
   * `confirm` needs only the invoice number.
   */
  invoices?: InjectionToken<InvoiceSource> | undefined;

  /**
   * Credentials for each tenant of the application's, from wherever they are
   * kept. `confirm` then names the tenant, its callbacks are verified with that
   * tenant's keys, and the events carry it.
   */
  tenants?: PlutuTenants | undefined;

  /** Modules whose providers the factory, or the controller's guards, inject. */
  imports?: ModuleMetadata['imports'] | undefined;
}

/** The application's tenants, each with an account of its own at Plutu. */
export interface PlutuTenants {
  /** A provider of the application's that knows their credentials. */
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

/** What `PlutuModule.forRoot` takes. */
export interface PlutuModuleOptions extends PlutuOptions, PlutuModuleExtras {}

/** Options with tenants: credentials of the application's own may be left out. */
export interface PlutuTenantOptions extends PlutuSettings {
  /** As {@link PlutuKeys.apiKey}. */
  apiKey?: PlutuKeys['apiKey'] | undefined;
  /** As {@link PlutuKeys.accessToken}. */
  accessToken?: PlutuKeys['accessToken'] | undefined;
  /** As {@link PlutuKeys.secretKey}. */
  secretKey?: PlutuKeys['secretKey'] | undefined;
}

/** What `PlutuModule.forRoot` takes where there are tenants. */
export interface PlutuTenantModuleOptions
  extends PlutuTenantOptions, PlutuModuleExtras {
  tenants: PlutuTenants;
}

/** What `PlutuModule.forRootAsync` takes where there are tenants. */
export interface PlutuTenantModuleAsyncOptions extends PlutuModuleAsyncOptions<PlutuTenantOptions> {
  tenants: PlutuTenants;
}

/**
 * The options that `PlutuModule.forRoot` needs. Chosen by what it is given, so
 * that the compiler names the missing credential: for a union of the two it
 * would name `tenants`.
 */
export type PlutuModuleOptionsFor<Given> =
  Given extends Pick<PlutuTenantModuleOptions, 'tenants'>
    ? PlutuTenantModuleOptions
    : PlutuModuleOptions;

/** Likewise, for `PlutuModule.forRootAsync`. */
export type PlutuModuleAsyncOptionsFor<Given> =
  Given extends Pick<PlutuTenantModuleOptions, 'tenants'>
    ? PlutuTenantModuleAsyncOptions
    : PlutuModuleAsyncOptions;

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface PlutuOptionsFactory<Options = PlutuOptions> {
  /**
   * Called once, while the application starts.
   *
   * @param account the `name` of the registration.
   */
  createPlutuOptions(account: string): Options | Promise<Options>;
}

/** What `PlutuModule.forRootAsync` takes: one of the three `use…`, and extras. */
export interface PlutuModuleAsyncOptions<
  Options = PlutuOptions,
> extends PlutuModuleExtras {
  /** What to hand to `useFactory`. */
  inject?: (InjectionToken | OptionalFactoryDependency)[] | undefined;
  /** Makes the options; its arguments are what `inject` names. */
  // Which no type can follow.
  useFactory?: ((...args: never[]) => Options | Promise<Options>) | undefined;
  /** A class to make an instance of, which makes the options. */
  useClass?: Type<PlutuOptionsFactory<Options>> | undefined;
  /** A provider of a module in `imports`, or a global one, that makes them. */
  useExisting?: InjectionToken<PlutuOptionsFactory<Options>> | undefined;
}

/** The environment variables that {@link plutuOptionsFromEnv} reads. */
export const PLUTU_ENVIRONMENT = {
  apiKey: 'PLUTU_API_KEY',
  accessToken: 'PLUTU_ACCESS_TOKEN',
  secretKey: 'PLUTU_SECRET_KEY',
  baseUrl: 'PLUTU_BASE_URL',
} as const;

/**
 * Reads the account from the environment: `PLUTU_API_KEY`,
 * `PLUTU_ACCESS_TOKEN`, `PLUTU_SECRET_KEY` (several, while it is being
 * replaced, separated by commas) and `PLUTU_BASE_URL` (optional).
 *
 * A missing variable becomes an empty option, which stops the start-up with a
 * {@link PlutuConfigurationError} that names it.
 *
 * @example
 * PlutuModule.forRootAsync({
 *   useFactory: () => ({ ...plutuOptionsFromEnv(), returnUrl: 'https://…' }),
 * })
 */
export function plutuOptionsFromEnv(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Pick<PlutuOptions, keyof typeof PLUTU_ENVIRONMENT> {
  return {
    apiKey: env[PLUTU_ENVIRONMENT.apiKey] ?? '',
    accessToken: env[PLUTU_ENVIRONMENT.accessToken] ?? '',
    secretKey: (env[PLUTU_ENVIRONMENT.secretKey] ?? '').split(','),
    baseUrl: env[PLUTU_ENVIRONMENT.baseUrl] || undefined,
  };
}
