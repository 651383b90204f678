/**
 * What the public types promise to an application: checked by the compiler,
 * never run. `types.spec.ts` checks it with `exactOptionalPropertyTypes` too.
 */
import { expectTypeOf } from 'vitest';
import {
  MpgsService,
  OnMpgsPaymentApproved,
  PlutuModule,
  PlutuRefusedError,
  plutuOptionsFromEnv,
  type CallbackDeliveryDefinition,
  type InProcessDeliveryOptions,
  type MpgsCallbackDto,
  type MpgsCheckout,
  type MpgsConfirmDto,
  type MpgsControllerOptions,
  type MpgsHandlerOptions,
  type MpgsPaymentApprovedEvent,
  type MpgsPaymentCanceledEvent,
  type MpgsPaymentFacts,
  type PlutuModuleAsyncOptions,
  type PlutuModuleOptions,
  type PlutuTenantModuleAsyncOptions,
  type PlutuTenantModuleOptions,
  type PlutuTenants,
} from 'nestjs-plutu';
import {
  bullMqDelivery,
  type BullMqDeliveryOptions,
} from 'nestjs-plutu/bullmq';
import type {
  PlutuSandboxOptions,
  SandboxFaultRule,
  SandboxReplay,
  SandboxWait,
} from 'nestjs-plutu/sandbox';
import type {
  MpgsCallbackValues,
  NextEventOptions,
  PlutuTestSandboxOptions,
} from 'nestjs-plutu/testing';

expectTypeOf<
  MpgsService['confirm']
>().returns.resolves.toEqualTypeOf<MpgsCheckout>();
expectTypeOf<MpgsCheckout>().toEqualTypeOf<{
  readonly redirectUrl: string;
  readonly invoiceNo: string;
  readonly amount: string;
}>();
expectTypeOf<MpgsCallbackDto['outcome']>().toEqualTypeOf<
  'approved' | 'canceled' | 'incomplete'
>();
expectTypeOf<MpgsCallbackDto['gateway']>().toEqualTypeOf<'mpgs'>();
expectTypeOf<MpgsPaymentApprovedEvent['outcome']>().toEqualTypeOf<'approved'>();
expectTypeOf<PlutuRefusedError['fault']>().toEqualTypeOf<
  'configuration' | 'request' | 'customer' | 'plutu'
>();
expectTypeOf(
  bullMqDelivery,
).returns.toEqualTypeOf<CallbackDeliveryDefinition>();

export class Handlers {
  @OnMpgsPaymentApproved()
  takesItsEvent(event: MpgsPaymentApprovedEvent): string {
    return event.invoiceNo;
  }

  // @ts-expect-error a handler takes its own event and no other
  @OnMpgsPaymentApproved()
  takesAnother(event: MpgsPaymentCanceledEvent): string {
    return event.invoiceNo;
  }
}

const account = { apiKey: 'a', accessToken: 'b', secretKey: 'c' };

PlutuModule.forRoot(account);
PlutuModule.forRoot({ ...account, secretKey: ['c', 'd'] as const });
PlutuModule.forRootAsync({
  inject: [Date],
  useFactory: (now: Date) => ({ ...account, apiKey: now.toISOString() }),
});
// @ts-expect-error a credential is missing
PlutuModule.forRoot({ apiKey: 'a', accessToken: 'b' });
PlutuModule.forRoot({
  ...account,
  // @ts-expect-error there is no such route
  controller: { routes: ['pay'] },
});
// @ts-expect-error what shapes the module stands beside the factory
PlutuModule.forRootAsync({ useFactory: () => account, returnUrl: 'https://x' });

PlutuModule.forRoot({ ...plutuOptionsFromEnv(), returnUrl: undefined });
PlutuModule.forRoot({ ...plutuOptionsFromEnv({}), name: process.env['NAME'] });
PlutuModule.forRoot({ tenants: { source: 'Tenants' }, apiKey: undefined });
PlutuModule.forRootAsync({
  tenants: { source: 'Tenants' },
  useFactory: () => ({ returnUrl: 'https://shop.example/' }),
});
declare const eitherOptions: PlutuModuleOptions | PlutuTenantModuleOptions;
PlutuModule.forRoot(eitherOptions);
declare const eitherAsyncOptions:
  PlutuModuleAsyncOptions | PlutuTenantModuleAsyncOptions;
PlutuModule.forRootAsync(eitherAsyncOptions);

/**
 * The optional properties of a type that may be left out, but not be
 * `undefined`. An application reads its options from somewhere, and then has
 * `undefined` for what is not there.
 */
type NeverUndefined<T> = {
  [Name in keyof T]-?: object extends Pick<T, Name>
    ? Record<Name, undefined> extends Pick<T, Name>
      ? never
      : Name
    : never;
}[keyof T];

expectTypeOf<NeverUndefined<PlutuModuleOptions>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuModuleAsyncOptions>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuTenantModuleOptions>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuTenantModuleAsyncOptions>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuTenants>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsControllerOptions>>().toBeNever();
expectTypeOf<NeverUndefined<InProcessDeliveryOptions>>().toBeNever();
expectTypeOf<NeverUndefined<BullMqDeliveryOptions>>().toBeNever();
expectTypeOf<NeverUndefined<CallbackDeliveryDefinition>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsConfirmDto>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsHandlerOptions>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsPaymentFacts>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuSandboxOptions>>().toBeNever();
expectTypeOf<NeverUndefined<SandboxFaultRule>>().toBeNever();
expectTypeOf<NeverUndefined<SandboxReplay>>().toBeNever();
expectTypeOf<NeverUndefined<SandboxWait>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuTestSandboxOptions>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsCallbackValues>>().toBeNever();
expectTypeOf<NeverUndefined<NextEventOptions>>().toBeNever();

bullMqDelivery({
  queueName: 'q',
  connection: { url: process.env['REDIS_URL'] ?? '' },
});
