/**
 * What the public types promise to an application: checked by the compiler,
 * never run. `types.spec.ts` checks it with `exactOptionalPropertyTypes` too.
 */
import { expectTypeOf } from 'vitest';
import {
  mpgs,
  MpgsService,
  OnPaymentApproved,
  PlutuModule,
  plutuOptionsFromEnv,
  PlutuRefusedError,
  type ApiOptions,
  type CallbackEndpointOptions,
  type CallbackOptions,
  type Checkout,
  type CheckoutDto,
  type CheckoutOptions,
  type CheckoutTarget,
  type ConsumerOptions,
  type GatewayOptions,
  type InProcessDeliveryOptions,
  type Mismatch,
  type MpgsCheckoutRequest,
  type MpgsOptions,
  type Payment,
  type PaymentApprovedEvent,
  type PaymentCanceledEvent,
  type PaymentDeliveryDefinition,
  type PaymentEvent,
  type PaymentFacts,
  type PaymentMismatchEvent,
  type PlutuErrorAnswer,
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
  CallbackValues,
  NextEventOptions,
  PlutuTestSandboxOptions,
} from 'nestjs-plutu/testing';

expectTypeOf<
  MpgsService['createCheckout']
>().returns.resolves.toEqualTypeOf<Checkout>();
expectTypeOf<Checkout>().toEqualTypeOf<{
  readonly redirectUrl: string;
  readonly invoiceNo: string;
  readonly orderNo: string;
  readonly amount: string;
}>();
expectTypeOf<MpgsCheckoutRequest>().toExtend<CheckoutDto>();
expectTypeOf<keyof CheckoutDto>().toEqualTypeOf<
  'amount' | 'invoiceNo' | 'orderNo' | 'customerIp' | 'lang'
>();
expectTypeOf<keyof CheckoutTarget>().toEqualTypeOf<
  'returnUrl' | 'callbackUrl' | 'tenant'
>();
expectTypeOf<Payment['outcome']>().toEqualTypeOf<
  'approved' | 'canceled' | 'incomplete' | 'mismatch'
>();
expectTypeOf<Payment['gateway']>().toEqualTypeOf<string>();
expectTypeOf<Payment['amountMinor']>().toEqualTypeOf<number>();
expectTypeOf<PaymentApprovedEvent>().toExtend<Payment>();
expectTypeOf<PaymentApprovedEvent['outcome']>().toEqualTypeOf<'approved'>();
// The outcome tells which event it is.
expectTypeOf<
  Extract<PaymentEvent, { outcome: 'mismatch' }>
>().toEqualTypeOf<PaymentMismatchEvent>();
expectTypeOf<PlutuRefusedError['fault']>().toEqualTypeOf<
  'configuration' | 'request' | 'customer' | 'plutu'
>();
expectTypeOf(bullMqDelivery).returns.toEqualTypeOf<PaymentDeliveryDefinition>();

export class Handlers {
  @OnPaymentApproved({ gateway: 'mpgs', consumer: 'booking' })
  takesItsEvent(event: PaymentApprovedEvent): string {
    return event.invoiceNo;
  }

  @OnPaymentApproved({ after: ['booking'] })
  takesAnyPayment(payment: Payment): string {
    return payment.invoiceNo;
  }

  // @ts-expect-error a handler takes its own event and no other
  @OnPaymentApproved()
  takesAnother(event: PaymentCanceledEvent): string {
    return event.invoiceNo;
  }
}

const account = { apiKey: 'a', accessToken: 'b', secretKey: 'c' };

PlutuModule.forRoot(account);
PlutuModule.forRoot({ ...account, secretKey: ['c', 'd'] as const });
PlutuModule.forRoot({
  ...account,
  appUrl: 'https://shop.example',
  returnUrl: { mpgs: 'https://shop.example/paid' },
  redirect: '/done',
  gateways: [mpgs({ routes: ['callback', 'checkout'] })] as const,
});
PlutuModule.forRootAsync({
  inject: [Date],
  useFactory: (now: Date) => ({ ...account, apiKey: now.toISOString() }),
});
// @ts-expect-error a credential is missing
PlutuModule.forRoot({ apiKey: 'a', accessToken: 'b' });
// @ts-expect-error there is no such option
PlutuModule.forRoot({ ...account, returnURL: 'https://x' });
mpgs({
  // @ts-expect-error there is no such route
  routes: ['pay'],
});
// @ts-expect-error what the factory returns does not stand beside it
PlutuModule.forRootAsync({ useFactory: () => account, returnUrl: 'https://x' });

PlutuModule.forRoot({ ...plutuOptionsFromEnv(), returnUrl: undefined });
PlutuModule.forRoot({ ...plutuOptionsFromEnv({}), name: process.env['NAME'] });
PlutuModule.forRoot({ tenants: { source: 'Tenants' }, apiKey: undefined });
PlutuModule.forRootAsync({
  tenants: { source: 'Tenants' },
  useFactory: () => ({ appUrl: process.env['APP_URL'] }),
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
expectTypeOf<NeverUndefined<ApiOptions>>().toBeNever();
expectTypeOf<NeverUndefined<CheckoutOptions>>().toBeNever();
expectTypeOf<NeverUndefined<CallbackOptions>>().toBeNever();
expectTypeOf<NeverUndefined<CallbackEndpointOptions>>().toBeNever();
expectTypeOf<NeverUndefined<GatewayOptions>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsOptions>>().toBeNever();
expectTypeOf<NeverUndefined<InProcessDeliveryOptions>>().toBeNever();
expectTypeOf<NeverUndefined<BullMqDeliveryOptions>>().toBeNever();
expectTypeOf<NeverUndefined<PaymentDeliveryDefinition>>().toBeNever();
expectTypeOf<NeverUndefined<MpgsCheckoutRequest>>().toBeNever();
expectTypeOf<NeverUndefined<ConsumerOptions>>().toBeNever();
expectTypeOf<NeverUndefined<PaymentFacts>>().toBeNever();
expectTypeOf<NeverUndefined<Mismatch>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuErrorAnswer>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuSandboxOptions>>().toBeNever();
expectTypeOf<NeverUndefined<SandboxFaultRule>>().toBeNever();
expectTypeOf<NeverUndefined<SandboxReplay>>().toBeNever();
expectTypeOf<NeverUndefined<SandboxWait>>().toBeNever();
expectTypeOf<NeverUndefined<PlutuTestSandboxOptions>>().toBeNever();
expectTypeOf<NeverUndefined<CallbackValues>>().toBeNever();
expectTypeOf<NeverUndefined<NextEventOptions>>().toBeNever();

bullMqDelivery({
  queueName: 'q',
  connection: { url: process.env['REDIS_URL'] ?? '' },
});
