import { HttpModule } from '@nestjs/axios';
import {
  Module,
  Optional,
  type DynamicModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import {
  ApplicationConfig,
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
} from '@nestjs/core';
import { CredentialsResolver } from './account/credentials-resolver.js';
import { EnabledGateways } from './account/enabled-gateways.js';
import { PlutuAccount } from './account/plutu-account.js';
import { DEFAULT_ACCOUNT, getPlutuToken } from './account/tokens.js';
import { ApiSettings } from './api/api.options.js';
import { PlutuClient } from './api/plutu-client.js';
import { EndpointDiscovery } from './callbacks/endpoint-discovery.js';
import { CallbackSettings } from './callbacks/callback.options.js';
import { CallbackVerifier } from './callbacks/callback-verifier.js';
import { PlutuCallbacksModule } from './callbacks/callbacks.module.js';
import { Rejections } from './callbacks/rejections.js';
import { CheckoutSettings } from './checkout/checkout.options.js';
import { Checkouts } from './checkout/checkouts.js';
import { ReturnUrls } from './checkout/return-urls.js';
import { PlutuConfigurationError } from './errors/plutu-errors.js';
import { gatewayPath, type GatewayFeature } from './gateways/gateway.js';
import { mpgs } from './gateways/mpgs/mpgs.gateway.js';
import { ChargeEnds } from './otp/charge-ends.js';
import { OtpConfirmations } from './otp/otp-confirmations.js';
import { OtpSender } from './otp/otp-sender.js';
import { OtpAttemptsInMemory } from './otp/otp-attempts-in-memory.js';
import { PlutuHealthIndicator } from './payments/health.js';
import { defaultDelivery } from './payments/in-process-delivery.js';
import { Invoices } from './payments/invoices.js';
import {
  PAYMENT_DELIVERY,
  PAYMENT_PROCESSOR,
  type PaymentDeliveryDefinition,
} from './payments/payment-delivery.js';
import { PAYMENT_INTAKE, PaymentIntake } from './payments/payment-intake.js';
import { OTP_ATTEMPTS, PAYMENT_JOURNAL } from './payments/payment-journal.js';
import { EventPaymentProcessor } from './payments/payment-processor.js';
import { PlutuEventsModule } from './payments/plutu-events.module.js';
import { PaymentRequests } from './requests/payment-requests.js';
import { PlutuRegistration } from './plutu.registration.js';
import {
  checkAsyncOptions,
  checkFactoryOptions,
  checkModuleOptions,
  type PlutuModuleAsyncOptions,
  type PlutuModuleAsyncOptionsFor,
  type PlutuModuleExtras,
  type PlutuModuleOptionsFor,
  type PlutuOptionsFactory,
  type PlutuTenantOptions,
} from './plutu.options.js';
import { failOption } from './utils/options.js';

/**
 * The checked options from a factory. The options themselves are not kept, because
 * the keys could be seen when the application is inspected.
 */
interface Settings {
  readonly account: PlutuAccount;
  readonly api: ApiSettings;
  readonly checkout: CheckoutSettings;
}

const SETTINGS = Symbol('SETTINGS');

/** Where Nest keeps the path that `RouterModule` gives a module. */
const MODULE_PATH = '__module_path__';

/**
 * Payments through Plutu. Import it once for each account, in the root module,
 * beside `EventEmitterModule.forRoot()`.
 */
@Module({})
export class PlutuModule implements OnModuleInit {
  constructor(
    private readonly modules: ModulesContainer,
    @Optional() private readonly registration?: PlutuRegistration,
    @Optional() private readonly endpoints?: EndpointDiscovery,
  ) {}

  /** @throws {PlutuConfigurationError} if two registrations conflict. */
  onModuleInit(): void {
    const { registration, endpoints } = this;
    if (!registration || !endpoints) {
      throw new PlutuConfigurationError(
        'options',
        'PlutuModule is imported without options. Import PlutuModule.forRoot(…) in the root module; other modules need no import.',
      );
    }
    const others = [...this.modules.values()].flatMap(
      ({ metatype, instance }) =>
        metatype === PlutuModule &&
        instance instanceof PlutuModule &&
        instance.registration &&
        instance.registration !== registration
          ? [instance.registration]
          : [],
    );
    for (const other of others) registration.checkAgainst(other, endpoints);
  }

  /**
   * Registers the module with the given options. An invalid or unknown option stops
   * the application at startup with a {@link PlutuConfigurationError}.
   */
  static forRoot<Given extends PlutuModuleExtras>(
    options: Given & PlutuModuleOptionsFor<Given>,
  ): DynamicModule {
    checkModuleOptions(options);
    const {
      name,
      isGlobal,
      gateways,
      redirect,
      browserWait,
      delivery,
      journal,
      invoices,
      tenants,
      imports,
      ...account
    } = options;
    return PlutuModule.register<PlutuTenantOptions>({
      name,
      isGlobal,
      gateways,
      redirect,
      browserWait,
      delivery,
      journal,
      invoices,
      tenants,
      imports,
      useFactory: () => account,
    });
  }

  /**
   * Registers the module with options that a factory makes. The options that shape
   * the module (`gateways`, `delivery` …) stand beside the factory, because the
   * routes are made before it runs.
   *
   * @throws {PlutuConfigurationError} if `useFactory`, `useClass` and `useExisting`
   *   are all missing, or if an option is unknown or invalid.
   */
  static forRootAsync<Given extends PlutuModuleExtras>(
    options: Given & PlutuModuleAsyncOptionsFor<Given>,
  ): DynamicModule {
    checkAsyncOptions(options);
    return PlutuModule.register<PlutuTenantOptions>(options);
  }

  private static register<Options extends PlutuTenantOptions>(
    options: PlutuModuleAsyncOptions<Options>,
  ): DynamicModule {
    const {
      name = DEFAULT_ACCOUNT,
      isGlobal = true,
      gateways: features = [mpgs()],
      invoices,
      tenants,
      imports = [],
    } = options;
    const {
      imports: deliveryImports = [],
      providers: deliveryProviders = [],
      injectAs,
      ...delivery
    } = chosenDelivery(options);
    checkName(name);
    checkFeatures(features, name);
    const callbackSettings = new CallbackSettings(options);
    const gateways = new EnabledGateways(
      features.map((feature) => feature.enabled(gatewayPath(feature, name))),
    );
    const injectable: Provider[] = [
      ...[
        ...features.map(({ gateway }) => gateway.service),
        CallbackVerifier,
        PaymentIntake,
        PlutuHealthIndicator,
      ].map((provider) => ({
        provide: getPlutuToken<unknown>(provider, name),
        useClass: provider,
      })),
      {
        provide: getPlutuToken(CallbackSettings, name),
        useValue: callbackSettings,
      },
      ...(injectAs
        ? [
            {
              provide: getPlutuToken(injectAs, name),
              useExisting: PAYMENT_DELIVERY,
            },
          ]
        : []),
    ];
    return {
      module: PlutuModule,
      global: isGlobal,
      imports: [
        // A separate axios: the application's interceptors do not see its requests.
        HttpModule.register({}),
        PlutuEventsModule,
        PlutuCallbacksModule,
        ...deliveryImports,
        ...imports,
      ],
      controllers: features.flatMap((feature) =>
        feature.controllers(gatewayPath(feature, name), {
          account: name,
          hasTenants: tenants !== undefined,
          pages: callbackSettings.pages,
        }),
      ),
      providers: [
        ...settingsProviders(options, name, (made) => {
          checkFactoryOptions(made);
          const api = new ApiSettings(made);
          return {
            account: new PlutuAccount(name, made, {
              baseUrl: api.baseUrl,
              hasTenants: tenants !== undefined,
            }),
            api,
            checkout: new CheckoutSettings(made, gateways),
          };
        }),
        { provide: EnabledGateways, useValue: gateways },
        {
          provide: PlutuAccount,
          useFactory: ({ account }: Settings) => account,
          inject: [SETTINGS],
        },
        {
          provide: PlutuRegistration,
          useFactory: (account: PlutuAccount) =>
            new PlutuRegistration(
              account,
              features.map((feature) => gatewayPath(feature, name)),
            ),
          inject: [PlutuAccount],
        },
        {
          provide: ApiSettings,
          useFactory: ({ api }: Settings) => api,
          inject: [SETTINGS],
        },
        {
          provide: CheckoutSettings,
          useFactory: ({ checkout }: Settings) => checkout,
          inject: [SETTINGS],
        },
        {
          provide: ReturnUrls,
          useFactory: (
            settings: CheckoutSettings,
            application: ApplicationConfig,
            adapterHost: HttpAdapterHost,
            { applicationId }: ModulesContainer,
          ) =>
            new ReturnUrls(settings, gateways, application, adapterHost, () =>
              Reflect.hasMetadata(MODULE_PATH + applicationId, PlutuModule),
            ),
          inject: [
            CheckoutSettings,
            ApplicationConfig,
            HttpAdapterHost,
            ModulesContainer,
          ],
        },
        {
          provide: Invoices,
          useFactory: (moduleRef: ModuleRef) =>
            new Invoices(moduleRef, invoices, name),
          inject: [ModuleRef],
        },
        {
          provide: CredentialsResolver,
          useFactory: (moduleRef: ModuleRef, account: PlutuAccount) =>
            new CredentialsResolver(moduleRef, account, tenants),
          inject: [ModuleRef, PlutuAccount],
        },
        PlutuClient,
        PaymentRequests,
        Checkouts,
        ...(gateways.haveOtp
          ? [
              OtpSender,
              OtpConfirmations,
              ChargeEnds,
              options.journal
                ? { provide: OTP_ATTEMPTS, useExisting: PAYMENT_JOURNAL }
                : { provide: OTP_ATTEMPTS, useClass: OtpAttemptsInMemory },
            ]
          : []),
        Rejections,
        { provide: PAYMENT_PROCESSOR, useClass: EventPaymentProcessor },
        ...deliveryProviders,
        { provide: PAYMENT_DELIVERY, ...delivery },
        {
          provide: PAYMENT_INTAKE,
          useExisting: getPlutuToken(PaymentIntake, name),
        },
        ...(options.journal
          ? [{ provide: PAYMENT_JOURNAL, useExisting: PAYMENT_DELIVERY }]
          : []),
        ...injectable,
      ],
      exports: injectable,
    };
  }
}

/** @throws {PlutuConfigurationError} for a delivery together with a journal. */
function chosenDelivery({
  delivery,
  journal,
}: PlutuModuleExtras): PaymentDeliveryDefinition {
  if (journal === undefined) return delivery ?? defaultDelivery();
  if (delivery !== undefined) {
    throw new PlutuConfigurationError(
      'journal',
      'PlutuModule: the options "journal" and "delivery" cannot be combined, because a journal delivers the payments itself.',
    );
  }
  if (!journal.isJournal) {
    throw new PlutuConfigurationError(
      'journal',
      'PlutuModule: the option "journal" takes a journal, such as sqlJournal(…). Any other delivery belongs in the option "delivery".',
    );
  }
  const { isJournal: _, ...definition } = journal;
  return definition;
}

function checkName(name: string): void {
  if (/^[\w-]+$/.test(name)) return;
  failOption('name', 'must be made of A-Z a-z 0-9 _ -');
}

function checkFeatures(
  features: readonly GatewayFeature[],
  account: string,
): void {
  if (features.length === 0) {
    failOption('gateways', 'must list at least one, such as [mpgs()]');
  }
  const name = firstTwice(features.map(({ gateway }) => gateway.name));
  if (name !== undefined) failOption('gateways', `lists ${name} twice`);
  // Express takes `/Pay` for `/pay`.
  const path = firstTwice(
    features.map((feature) => gatewayPath(feature, account).toLowerCase()),
  );
  if (path !== undefined) {
    failOption(
      'gateways',
      `lists two gateways with the path "${path}", so the callbacks of one would reach the other`,
    );
  }
}

function firstTwice(values: readonly string[]): string | undefined {
  return values.find((value, index) => values.indexOf(value) !== index);
}

function settingsProviders<Options extends PlutuTenantOptions>(
  options: PlutuModuleAsyncOptions<Options>,
  account: string,
  settingsOf: (made: Options) => Settings,
): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if (useFactory) {
    return [
      {
        provide: SETTINGS,
        useFactory: async (...args: never[]) =>
          settingsOf(await useFactory(...args)),
        inject,
      },
    ];
  }
  const factory = useExisting ?? useClass;
  if (!factory) {
    throw new PlutuConfigurationError(
      'useFactory',
      'PlutuModule.forRootAsync needs useFactory, useClass or useExisting.',
    );
  }
  return [
    ...(useClass ? [useClass] : []),
    {
      provide: SETTINGS,
      useFactory: async (made: PlutuOptionsFactory<Options>) =>
        settingsOf(await made.createPlutuOptions(account)),
      inject: [factory],
    },
  ];
}
