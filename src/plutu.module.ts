import { HttpModule } from '@nestjs/axios';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { PlutuClient } from './api/plutu-client.js';
import {
  CALLBACK_DELIVERY,
  CALLBACK_PUBLISHER,
} from './callbacks/callback-delivery.js';
import { inProcessDelivery } from './callbacks/in-process-callback-delivery.js';
import { PlutuEvents } from './events/plutu-events.js';
import { Invoices } from './invoices/invoices.js';
import { MpgsCallbackGuard } from './mpgs/mpgs-callback.guard.js';
import { MpgsCallbackInterceptor } from './mpgs/mpgs-callback.interceptor.js';
import { MpgsCallbacks } from './mpgs/mpgs-callbacks.js';
import { MpgsPaymentPublisher } from './mpgs/mpgs-payment.publisher.js';
import { createMpgsControllers } from './mpgs/mpgs.controller.js';
import { MpgsHealthIndicator } from './mpgs/mpgs.health.js';
import { MpgsService } from './mpgs/mpgs.service.js';
import { PlutuConfig } from './plutu.config.js';
import { PlutuConfigurationError } from './plutu.errors.js';
import {
  ASYNC_OPTIONS,
  checkOptionNames,
  MODULE_EXTRAS,
  PLUTU_OPTIONS,
} from './plutu.option-names.js';
import type {
  PlutuModuleAsyncOptions,
  PlutuModuleOptions,
  PlutuOptionsFactory,
} from './plutu.options.js';

/**
 * Card payments through Plutu. Import it once, in the root module, beside
 * `EventEmitterModule.forRoot()`.
 */
@Module({})
export class PlutuModule {
  /**
   * Registers the module with options that are at hand. What is wrong with them
   * stops the start-up with a {@link PlutuConfigurationError}.
   */
  static forRoot(options: PlutuModuleOptions): DynamicModule {
    checkOptionNames(options, [...PLUTU_OPTIONS, ...MODULE_EXTRAS]);
    const { isGlobal, controller, delivery, invoices, imports, ...account } =
      options;
    return PlutuModule.forRootAsync({
      isGlobal,
      controller,
      delivery,
      invoices,
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
  static forRootAsync(options: PlutuModuleAsyncOptions): DynamicModule {
    checkOptionNames(options, ASYNC_OPTIONS);
    const {
      isGlobal = true,
      controller = true,
      delivery: {
        imports: deliveryImports = [],
        providers: deliveryProviders = [],
        ...delivery
      } = inProcessDelivery(),
      invoices,
      imports = [],
    } = options;
    return {
      module: PlutuModule,
      global: isGlobal,
      // An axios of its own: interceptors of the application's do not see it.
      imports: [HttpModule.register({}), ...deliveryImports, ...imports],
      controllers: controller
        ? createMpgsControllers(controller === true ? {} : controller)
        : [],
      providers: [
        ...configProviders(options),
        PlutuClient,
        PlutuEvents,
        {
          provide: Invoices,
          useFactory: (moduleRef: ModuleRef) =>
            new Invoices(moduleRef, invoices),
          inject: [ModuleRef],
        },
        { provide: CALLBACK_PUBLISHER, useClass: MpgsPaymentPublisher },
        ...deliveryProviders,
        { provide: CALLBACK_DELIVERY, ...delivery },
        MpgsService,
        MpgsCallbacks,
        MpgsCallbackGuard,
        MpgsCallbackInterceptor,
        MpgsHealthIndicator,
      ],
      exports: [
        ...deliveryProviders,
        MpgsService,
        MpgsCallbacks,
        MpgsCallbackGuard,
        MpgsCallbackInterceptor,
        MpgsHealthIndicator,
      ],
    };
  }
}

function configProviders(options: PlutuModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if (useFactory) {
    return [
      {
        provide: PlutuConfig,
        useFactory: async (...args: never[]) =>
          new PlutuConfig(await useFactory(...args)),
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
      useFactory: async (optionsFactory: PlutuOptionsFactory) =>
        new PlutuConfig(await optionsFactory.createPlutuOptions()),
      inject: [factory],
    },
  ];
}
