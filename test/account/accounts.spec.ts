import { Controller, Injectable, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bullMqDelivery,
  BullMqPaymentDelivery,
} from '../../src/bullmq/index.js';
import {
  getPlutuToken,
  InjectPlutu,
  MpgsCallback,
  MpgsCallbackEndpoint,
  mpgs,
  MpgsService,
  PlutuHealthIndicator,
  PlutuModule,
  type MpgsOptions,
  type Payment,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import { ACCOUNT, record, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

/** A second account of the merchant's, at a Plutu of its own. */
async function europe(): Promise<{
  sandbox: PlutuSandbox;
  options: PlutuModuleOptions;
}> {
  const sandbox = await PlutuSandbox.start({
    apiKey: 'eu-api-key',
    accessToken: 'eu-access-token',
    secretKey: 'eu-secret-key',
  });
  onTestFinished(() => sandbox.close());
  const options = {
    name: 'eu',
    ...sandbox.credentials,
    baseUrl: sandbox.baseUrl,
  };
  return { sandbox, options };
}

@Injectable()
class Orders {
  constructor(
    readonly service: MpgsService,
    @InjectPlutu(MpgsService, 'eu') readonly european: MpgsService,
  ) {}
}

@Controller('payments')
class PaymentsController {
  @MpgsCallbackEndpoint('eu', { account: 'eu' })
  europe(@MpgsCallback() callback: Payment): string {
    return callback.invoiceNo;
  }
}

const get = (url: string) => fetch(url, { redirect: 'manual' });

describe('two accounts in one application', () => {
  it.each([
    ['forRoot', (options: PlutuModuleOptions) => PlutuModule.forRoot(options)],
    [
      'forRootAsync',
      ({ name, ...account }: PlutuModuleOptions) =>
        PlutuModule.forRootAsync({ name, useFactory: async () => account }),
    ],
  ])('each have their own keys, routes and events: %s', async (_, register) => {
    const { sandbox, options } = await europe();
    const { app, url, emitter } = await startApp(
      {},
      {
        imports: [register(options)],
        providers: [Orders],
        controllers: [PaymentsController],
      },
    );
    const events = record(emitter);
    const orders = app.get(Orders);

    const checkout = await orders.european.createCheckout({
      amount: 5,
      invoiceNo: 'inv-1',
      returnUrl: `${url}/plutu/eu/mpgs/callback`,
    });
    const { browserUrl, delivery } = await sandbox.pay('inv-1');
    const genuine = `${url}/plutu/mpgs/callback?${callbackQuery()}`;

    expect(orders.service).not.toBe(orders.european);
    expect(checkout.redirectUrl).toContain(sandbox.origin);
    expect(delivery.status).toBe(200);
    expect((await get(genuine)).status).toBe(200);
    // The keys of one account open nothing of the other's.
    expect((await get(browserUrl.replace('/eu/', '/'))).status).toBe(403);
    expect((await get(genuine.replace('/mpgs/', '/eu/mpgs/'))).status).toBe(
      403,
    );
    expect(
      events.map(([name, event]) => [
        name,
        (event as { account: string }).account,
      ]),
    ).toEqual([
      ['plutu.checkout.created', 'eu'],
      ['plutu.payment.approved', 'eu'],
      ['plutu.payment.approved', 'default'],
      ['plutu.callback.rejected', 'default'],
      ['plutu.callback.rejected', 'eu'],
    ]);
  });

  it("an endpoint of the application's own takes the callbacks of the account it names", async () => {
    const { sandbox, options } = await europe();
    const { app, url } = await startApp(
      {},
      {
        imports: [
          PlutuModule.forRoot({
            ...options,
            gateways: [mpgs({ routes: [] })],
          }),
        ],
        controllers: [PaymentsController],
      },
    );
    await app
      .get<MpgsService>(getPlutuToken(MpgsService, 'eu'))
      .createCheckout({
        amount: 5,
        invoiceNo: 'inv-1',
        returnUrl: `${url}/payments/eu`,
      });

    const { delivery } = await sandbox.pay('inv-1');

    expect(delivery.status).toBe(200);
    const query = callbackQuery();
    expect((await get(`${url}/payments/eu?${query}`)).status).toBe(403);
  });

  it('each have a health indicator and a delivery of their own', async () => {
    const delivery = bullMqDelivery({
      queueName: 'eu',
      connection: { url: 'redis://127.0.0.1:1', lazyConnect: true },
      acceptTimeout: 100,
      worker: false,
    });
    const { options } = await europe();
    const { app } = await startApp(
      {},
      { imports: [PlutuModule.forRoot({ ...options, delivery })] },
    );
    const health = app.get(PlutuHealthIndicator);
    const europeHealth = app.get<PlutuHealthIndicator>(
      getPlutuToken(PlutuHealthIndicator, 'eu'),
    );

    expect(await health.isHealthy('plutu')).toMatchObject({
      plutu: { status: 'up' },
    });
    expect(await europeHealth.isHealthy('plutu')).toMatchObject({
      plutu: { status: 'down' },
    });
    expect(app.get(getPlutuToken(BullMqPaymentDelivery, 'eu'))).toBeInstanceOf(
      BullMqPaymentDelivery,
    );
  });
});

describe('a registration too many', () => {
  async function startUpError(
    ...imports: NonNullable<Parameters<typeof Module>[0]['imports']>
  ) {
    const testingModule = await Test.createTestingModule({
      imports: [EventEmitterModule.forRoot(), ...imports],
    }).compile();
    onTestFinished(() => testingModule.close().catch(() => {}));
    return testingModule.init().then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it('stops the start-up: the same account twice', async () => {
    const error = await startUpError(
      PlutuModule.forRoot(ACCOUNT),
      PlutuModule.forRoot({ ...ACCOUNT, apiKey: 'another' }),
    );
    expect(error).toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      option: 'name',
      message: expect.stringContaining('more than once'),
    });
  });

  it('stops the start-up: two names that Express would take for one', async () => {
    const error = await startUpError(
      PlutuModule.forRoot({ ...ACCOUNT, name: 'eu' }),
      PlutuModule.forRoot({ ...ACCOUNT, name: 'EU', secretKey: 'another' }),
    );
    expect(error).toMatchObject({ option: 'name' });
  });

  it.each(['pay/mpgs', '/pay/mpgs', 'pay/mpgs/', '//pay//mpgs', 'PAY/mpgs'])(
    'stops the start-up: two accounts at one path, however it is spelled: %s',
    async (path) => {
      const error = await startUpError(
        PlutuModule.forRoot({
          ...ACCOUNT,
          gateways: [mpgs({ path: 'pay/mpgs' })],
        }),
        PlutuModule.forRoot({
          ...ACCOUNT,
          name: 'eu',
          secretKey: 'eu-secret-key',
          gateways: [mpgs({ path })],
        }),
      );
      expect(error).toMatchObject({ option: 'path' });
    },
  );

  it('stops the start-up: two that would both publish a callback of one key', async () => {
    const error = await startUpError(
      PlutuModule.forRoot({ ...ACCOUNT, secretKey: ['new-key', 'shared-key'] }),
      PlutuModule.forRoot({ ...ACCOUNT, name: 'eu', secretKey: 'shared-key' }),
    );
    expect(error).toMatchObject({
      option: 'secretKey',
      message: expect.stringMatching(/"(default|eu)" and "(default|eu)"/),
    });
    expect(String(error)).not.toContain('shared-key');
  });

  it.each<[string, MpgsOptions]>([
    ['no route', { routes: [] }],
    ['no callback route', { routes: ['checkout'] }],
  ])('is not one of the same key with %s', async (_, options) => {
    const error = await startUpError(
      PlutuModule.forRoot(ACCOUNT),
      PlutuModule.forRoot({
        ...ACCOUNT,
        name: 'eu',
        gateways: [mpgs(options)],
      }),
    );
    expect(error).toBeUndefined();
  });

  it('stops the start-up: without options', async () => {
    expect(await startUpError(PlutuModule)).toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      message: expect.stringContaining('forRoot'),
    });
  });

  it('stops the startup: under an invalid name', () => {
    expect(() => PlutuModule.forRoot({ ...ACCOUNT, name: 'e u' })).toThrow(
      /"name"/,
    );
  });
});
