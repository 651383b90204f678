import { HttpModule } from '@nestjs/axios';
import {
  Module,
  Optional,
  type DynamicModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { PlutuClient } from './api/plutu-client.js';
import {
  CALLBACK_DELIVERY,
  CALLBACK_PUBLISHER,
} from './callbacks/callback-delivery.js';
import { inProcessDelivery } from './callbacks/in-process-callback-delivery.js';
import { CredentialsResolver } from './credentials/credentials-resolver.js';
import { PlutuEvents } from './events/plutu-events.js';
import { Invoices } from './invoices/invoices.js';
import { MpgsCallbackGuard } from './mpgs/mpgs-callback.guard.js';
import { MpgsCallbacks } from './mpgs/mpgs-callbacks.js';
import { MpgsPaymentPublisher } from './mpgs/mpgs-payment.publisher.js';
import {
  controllerPath,
  hasCallbackRoute,
  createMpgsControllers,
} from './mpgs/mpgs.controller.js';
import { MpgsHealthIndicator } from './mpgs/mpgs.health.js';
import { describeMpgs } from './mpgs/mpgs.openapi.js';
import { MpgsService } from './mpgs/mpgs.service.js';
import { DEFAULT_ACCOUNT, getPlutuToken } from './plutu.account.js';
import { PlutuConfig, type PlutuRegistration } from './plutu.config.js';
import { PlutuConfigurationError } from './plutu.errors.js';
import {
  ASYNC_OPTIONS,
  checkOptionNames,
  MODULE_EXTRAS,
  PLUTU_OPTIONS,
} from './plutu.option-names.js';
import type {
  PlutuModuleAsyncOptions,
  PlutuModuleAsyncOptionsFor,
  PlutuModuleExtras,
  PlutuModuleOptionsFor,
  PlutuOptionsFactory,
  PlutuTenantOptions,
} from './plutu.options.js';

const OPENAPI = Symbol('OPENAPI');

/**
 * Card payments through Plutu. Import it once for each account, in the root
 * module, beside `EventEmitterModule.forRoot()`.
 */
@Module({})
export class PlutuModule implements OnModuleInit {
  constructor(
    private readonly modules: ModulesContainer,
    @Optional() private readonly config?: PlutuConfig,
  ) {}

  /** @throws {PlutuConfigurationError} where two registrations are one too many. */
  onModuleInit(): void {
    if (!this.config) {
      throw new PlutuConfigurationError(
        'options',
        'PlutuModule is imported without options. Import PlutuModule.forRoot(…) in the root module; other modules need no import.',
      );
    }
    const { account, path } = this.config;
    const others = [...this.modules.values()].flatMap(
      ({ metatype, instance }) =>
        metatype === PlutuModule &&
        instance instanceof PlutuModule &&
        instance.config &&
        instance.config !== this.config
          ? [instance.config]
          : [],
    );
    if (others.some((other) => isSame(account, other.account))) {
      throw new PlutuConfigurationError(
        'name',
        `PlutuModule is registered more than once for the account "${account}". Import it once, in the root module, or give each account a name.`,
      );
    }
    if (others.some((other) => isSamePath(path, other.path))) {
      throw new PlutuConfigurationError(
        'controller.path',
        `PlutuModule: two accounts have the path "${path}", so the callbacks of one would come to the other.`,
      );
    }
    const twin = others.find((other) => this.takesCallbacksOf(other));
    if (twin) {
      throw new PlutuConfigurationError(
        'secretKey',
        `PlutuModule: the accounts "${account}" and "${twin.account}" have the same secret key and both take callbacks, so one callback sent to both would be published twice. Register the account once.`,
      );
    }
  }

  /** Whether a callback to the other account would pass here as well. */
  private takesCallbacksOf(other: PlutuConfig): boolean {
    const { config } = this;
    return (
      config?.credentials !== undefined &&
      other.credentials !== undefined &&
      config.hasCallbackRoute &&
      other.hasCallbackRoute &&
      config.credentials.sharesSecretKeyWith(other.credentials)
    );
  }

  /**
   * Registers the module with options that are at hand. What is wrong with them
   * stops the start-up with a {@link PlutuConfigurationError}.
   */
  static forRoot<Given extends PlutuModuleExtras>(
    options: Given & PlutuModuleOptionsFor<Given>,
  ): DynamicModule {
    checkOptionNames(options, [...PLUTU_OPTIONS, ...MODULE_EXTRAS]);
    const {
      name,
      isGlobal,
      controller,
      delivery,
      invoices,
      tenants,
      imports,
      ...account
    } = options;
    return PlutuModule.register<PlutuTenantOptions>({
      name,
      isGlobal,
      controller,
      delivery,
      invoices,
      tenants,
      imports,
      useFactory: () => account,
    });
  }

  /**
   * Registers the module with options that a factory makes. What shapes the
   * module (`controller`, `delivery` …) stands beside the factory, since routes
   * are made before it runs.
   *
   * @throws {PlutuConfigurationError} where none of `useFactory`, `useClass`
   *   and `useExisting` is given, an option is none, or `controller` cannot work.
   */
  static forRootAsync<Given extends PlutuModuleExtras>(
    options: Given & PlutuModuleAsyncOptionsFor<Given>,
  ): DynamicModule {
    checkOptionNames(options, ASYNC_OPTIONS);
    return PlutuModule.register<PlutuTenantOptions>(options);
  }

  private static register<Options extends PlutuTenantOptions>(
    options: PlutuModuleAsyncOptions<Options>,
  ): DynamicModule {
    const {
      name = DEFAULT_ACCOUNT,
      isGlobal = true,
      controller = true,
      delivery: {
        imports: deliveryImports = [],
        providers: deliveryProviders = [],
        injectAs,
        ...delivery
      } = inProcessDelivery(),
      invoices,
      tenants,
      imports = [],
    } = options;
    if (!/^[\w-]+$/.test(name)) {
      throw new PlutuConfigurationError(
        'name',
        'PlutuModule: the option "name" must be made of A-Z a-z 0-9 _ -.',
      );
    }
    const injectable: Provider[] = [
      // One of an account with a name is made by mpgsCallbackGuard(name).
      ...(name === DEFAULT_ACCOUNT ? [MpgsCallbackGuard] : []),
      ...[MpgsService, MpgsCallbacks, MpgsHealthIndicator].map((provider) => ({
        provide: getPlutuToken<unknown>(provider, name),
        useClass: provider,
      })),
      ...(injectAs
        ? [
            {
              provide: getPlutuToken(injectAs, name),
              useExisting: CALLBACK_DELIVERY,
            },
          ]
        : []),
    ];
    const controllers = controller
      ? createMpgsControllers(controller === true ? {} : controller, name)
      : [];
    return {
      module: PlutuModule,
      global: isGlobal,
      // An axios of its own: interceptors of the application's do not see it.
      imports: [HttpModule.register({}), ...deliveryImports, ...imports],
      controllers,
      providers: [
        ...configProviders(options, {
          account: name,
          hasTenants: tenants !== undefined,
          path: controller ? controllerPath(controller, name) : undefined,
          hasCallbackRoute: hasCallbackRoute(controller),
        }),
        PlutuClient,
        PlutuEvents,
        {
          provide: Invoices,
          useFactory: (moduleRef: ModuleRef, { account }: PlutuConfig) =>
            new Invoices(moduleRef, invoices, account),
          inject: [ModuleRef, PlutuConfig],
        },
        {
          provide: CredentialsResolver,
          useFactory: (moduleRef: ModuleRef, config: PlutuConfig) =>
            new CredentialsResolver(moduleRef, config, tenants),
          inject: [ModuleRef, PlutuConfig],
        },
        { provide: CALLBACK_PUBLISHER, useClass: MpgsPaymentPublisher },
        ...deliveryProviders,
        { provide: CALLBACK_DELIVERY, ...delivery },
        ...injectable,
        // Run when the application is made, as all providers are, and so
        // before SwaggerModule.createDocument(app).
        { provide: OPENAPI, useFactory: () => describeMpgs(controllers, name) },
      ],
      exports: injectable,
    };
  }
}

/** Nest and Express take `/EU//mpgs/` for `eu/mpgs`. */
function isSamePath(one?: string, other?: string): boolean {
  return isSame(normalizedPath(one), normalizedPath(other));
}

function normalizedPath(path?: string): string | undefined {
  return path?.split('/').filter(Boolean).join('/');
}

/** Express takes `/EU` for `/eu`. */
function isSame(one?: string, other?: string): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase();
}

function configProviders<Options extends PlutuTenantOptions>(
  options: PlutuModuleAsyncOptions<Options>,
  registration: PlutuRegistration,
): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if (useFactory) {
    return [
      {
        provide: PlutuConfig,
        useFactory: async (...args: never[]) =>
          new PlutuConfig(await useFactory(...args), registration),
        inject,
      },
    ];
  }
  const factory = useExisting ?? useClass;
  if (!factory) {
    throw new PlutuConfigurationError(
      'useFactory',
      'PlutuModule.forRootAsync needs one of useFactory, useClass and useExisting.',
    );
  }
  return [
    ...(useClass ? [useClass] : []),
    {
      provide: PlutuConfig,
      useFactory: async (optionsFactory: PlutuOptionsFactory<Options>) =>
        new PlutuConfig(
          await optionsFactory.createPlutuOptions(registration.account),
          registration,
        ),
      inject: [factory],
    },
  ];
}
