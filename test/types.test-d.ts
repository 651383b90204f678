/**
 * What the public types promise: checked by the compiler, never run.
 */
import { expectTypeOf } from 'vitest';
import {
  MpgsService,
  OnMpgsPaymentApproved,
  PlutuModule,
  PlutuRefusedError,
  type CallbackDeliveryDefinition,
  type MpgsCallbackDto,
  type MpgsCheckout,
  type MpgsPaymentApprovedEvent,
  type MpgsPaymentCanceledEvent,
} from '../src/index.js';
import { bullMqDelivery } from '../src/bullmq/index.js';

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
