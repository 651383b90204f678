import type {
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';
import {
  KEY_OPTIONS,
  type PlutuKeys,
  type PlutuTenants,
} from './account/account.options.js';
import { API_OPTIONS, type ApiOptions } from './api/api.options.js';
import {
  CALLBACK_OPTIONS,
  type CallbackOptions,
} from './callbacks/callback.options.js';
import {
  CHECKOUT_OPTIONS,
  type CheckoutOptions,
} from './checkout/checkout.options.js';
import { PlutuConfigurationError } from './errors/plutu-errors.js';
import type { GatewayFeature } from './gateways/gateway.js';
import type { InvoiceSource } from './payments/invoices.js';
import type { PaymentDeliveryDefinition } from './payments/payment-delivery.js';
import type { PaymentJournalDefinition } from './payments/payment-journal.js';
import { checkOptionNames, namesOf } from './utils/options.js';

// Each concept declares its own options; here they are put together. Nest's
// ConfigurableModuleBuilder is not used: it has neither options that stand beside a
// factory, nor types that depend on one of them (`tenants`).

/** What a factory can make: the account, how to talk to Plutu, how to open checkouts. */
export interface PlutuOptions extends PlutuKeys, ApiOptions, CheckoutOptions {}

/** The same with tenants: the application itself needs no keys. */
export interface PlutuTenantOptions extends ApiOptions, CheckoutOptions {
  /** See {@link PlutuKeys.apiKey}. */
  apiKey?: PlutuKeys['apiKey'] | undefined;
  /** See {@link PlutuKeys.accessToken}. */
  accessToken?: PlutuKeys['accessToken'] | undefined;
  /** See {@link PlutuKeys.secretKey}. */
  secretKey?: PlutuKeys['secretKey'] | undefined;
}

/**
 * The options that shape the module itself. They stand beside a factory, because the
 * routes are made before the factory runs.
 */
export interface PlutuModuleExtras extends CallbackOptions {
  /**
   * A name for the account, made of `A-Z a-z 0-9 _ -`, if the application has
   * several. Each account is a registration of its own, with its own credentials,
   * routes and delivery. Its events carry the name, and
   * `@InjectPlutu(MpgsService, name)` injects its services.
   *
   * @default 'default'
   */
  name?: string | undefined;

  /**
   * Whether the module's services can be injected everywhere.
   *
   * @default true
   */
  isGlobal?: boolean | undefined;

  /**
   * The gateways that the application takes payments through.
   *
   * @default [mpgs()]
   */
  gateways?: readonly GatewayFeature[] | undefined;

  /**
   * How a genuine payment gets to the consumers, once and safely.
   *
   * @default inProcessDelivery(), for one instance
   */
  delivery?: PaymentDeliveryDefinition | undefined;

  /**
   * The record of checkouts and payments in the application's database, such as
   * `sqlJournal(…)` of `nestjs-plutu/sql`. It also delivers the payments, so it
   * cannot be combined with `delivery`.
   */
  journal?: PaymentJournalDefinition | undefined;

  /**
   * A provider that knows the application's invoices: any injectable class with the
   * method of {@link InvoiceSource}. With it, a payment of an amount that was not due
   * is a *mismatch* and not *approved*, and a checkout needs only the invoice number.
   */
  invoices?: InjectionToken<InvoiceSource> | undefined;

  /**
   * Where to find the credentials of each tenant. `createCheckout` then names the
   * tenant, its callbacks are verified with that tenant's keys, and its events carry
   * the tenant.
   */
  tenants?: PlutuTenants | undefined;

  /** Modules whose providers the factory or the gateways' guards inject. */
  imports?: ModuleMetadata['imports'] | undefined;
}

/** What `PlutuModule.forRoot` takes. */
export interface PlutuModuleOptions extends PlutuOptions, PlutuModuleExtras {
  tenants?: undefined;
}

/** What `PlutuModule.forRoot` takes with tenants. */
export interface PlutuTenantModuleOptions
  extends PlutuTenantOptions, PlutuModuleExtras {
  tenants: PlutuTenants;
}

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface PlutuOptionsFactory<Options = PlutuOptions> {
  /**
   * Called once, while the application starts.
   *
   * @param account the `name` of the registration.
   */
  createPlutuOptions(account: string): Options | Promise<Options>;
}

/** What `PlutuModule.forRootAsync` takes: one of the three `use…` options, and the options beside it. */
export interface PlutuModuleAsyncOptions<
  Options = PlutuOptions,
> extends PlutuModuleExtras {
  /** The providers that `useFactory` gets as its arguments. */
  inject?: (InjectionToken | OptionalFactoryDependency)[] | undefined;
  /** Makes the options. Its arguments are the providers in `inject`. */
  // No type can express that.
  useFactory?: ((...args: never[]) => Options | Promise<Options>) | undefined;
  /** A class to instantiate, whose instance makes the options. */
  useClass?: Type<PlutuOptionsFactory<Options>> | undefined;
  /** A provider that makes them, from a module in `imports` or a global one. */
  useExisting?: InjectionToken<PlutuOptionsFactory<Options>> | undefined;
}

/** What `PlutuModule.forRootAsync` takes with tenants. */
export interface PlutuTenantModuleAsyncOptions extends PlutuModuleAsyncOptions<PlutuTenantOptions> {
  tenants: PlutuTenants;
}

/**
 * What `PlutuModule.forRoot` needs, depending on whether it is given `tenants`. This
 * way, the compiler names a missing credential; for a union of the two types it would
 * name `tenants`.
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

const FACTORY_OPTIONS = [...KEY_OPTIONS, ...API_OPTIONS, ...CHECKOUT_OPTIONS];

const EXTRAS = [
  ...CALLBACK_OPTIONS,
  ...namesOf<Omit<PlutuModuleExtras, keyof CallbackOptions>>({
    name: true,
    isGlobal: true,
    gateways: true,
    delivery: true,
    journal: true,
    invoices: true,
    tenants: true,
    imports: true,
  }),
];

const ASYNC_OPTIONS = [
  ...EXTRAS,
  ...namesOf<Omit<PlutuModuleAsyncOptions, keyof PlutuModuleExtras>>({
    inject: true,
    useFactory: true,
    useClass: true,
    useExisting: true,
  }),
];

/** @throws {PlutuConfigurationError} for an option that `forRoot` does not have. */
export function checkModuleOptions(options: unknown): void {
  checkOptionNames(options, [...FACTORY_OPTIONS, ...EXTRAS]);
}

/** @throws {PlutuConfigurationError} for one that `forRootAsync` does not have. */
export function checkAsyncOptions(options: object): void {
  for (const name of FACTORY_OPTIONS) {
    if (!Object.hasOwn(options, name)) continue;
    throw new PlutuConfigurationError(
      name,
      `PlutuModule: the option "${name}" belongs in what the factory returns, not beside it.`,
    );
  }
  checkOptionNames(options, ASYNC_OPTIONS);
}

/** @throws {PlutuConfigurationError} for an option that a factory cannot set. */
export function checkFactoryOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) {
    for (const name of EXTRAS) {
      if (!Object.hasOwn(options, name)) continue;
      throw new PlutuConfigurationError(
        name,
        `PlutuModule: the option "${name}" shapes the module itself, so it belongs beside the factory, not in what it returns.`,
      );
    }
  }
  checkOptionNames(options, FACTORY_OPTIONS);
}
