import { Controller, Injectable, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bullMqDelivery, BullMqCallbackDelivery } from '../src/bullmq/index.js';
import {
  getPlutuToken,
  InjectMpgs,
  MpgsCallback,
  MpgsCallbackEndpoint,
  MpgsHealthIndicator,
  MpgsService,
  PlutuModule,
  type MpgsCallbackDto,
  type PlutuModuleOptions,
} from '../src/index.js';
import { PlutuSandbox } from '../src/sandbox/index.js';
import { ACCOUNT, record, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';

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
    readonly mpgs: MpgsService,
    @InjectMpgs('eu') readonly mpgsEurope: MpgsService,
  ) {}
}

@Controller('payments')
class PaymentsController {
  @MpgsCallbackEndpoint('eu', { account: 'eu' })
  europe(@MpgsCallback() callback: MpgsCallbackDto): string {
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

    const checkout = await orders.mpgsEurope.confirm({
      amount: 5,
      invoiceNo: 'inv-1',
      returnUrl: `${url}/plutu/eu/mpgs/callback`,
    });
    const { callbackUrl, delivery } = await sandbox.pay('inv-1');
    const genuine = `${url}/plutu/mpgs/callback?${callbackQuery()}`;

    expect(orders.mpgs).not.toBe(orders.mpgsEurope);
    expect(checkout.redirectUrl).toContain(sandbox.origin);
    expect(delivery.status).toBe(200);
    expect((await get(genuine)).status).toBe(200);
    // The keys of one account open nothing of the other's.
    expect((await get(callbackUrl.replace('/eu/', '/'))).status).toBe(403);
    expect((await get(genuine.replace('/mpgs/', '/eu/mpgs/'))).status).toBe(
      403,
    );
    expect(
      events.map(([name, event]) => [
        name,
        (event as { account: string }).account,
      ]),
    ).toEqual([
      ['plutu.mpgs.checkout-created', 'eu'],
      ['plutu.mpgs.payment-approved', 'eu'],
      ['plutu.mpgs.payment-approved', 'default'],
      ['plutu.mpgs.callback-rejected', 'default'],
      ['plutu.mpgs.callback-rejected', 'eu'],
    ]);
  });

  it("an endpoint of the application's own takes the callbacks of the account it names", async () => {
    const { sandbox, options } = await europe();
    const { app, url } = await startApp(
      {},
      {
        imports: [PlutuModule.forRoot({ ...options, controller: false })],
        controllers: [PaymentsController],
      },
    );
    await app.get<MpgsService>(getPlutuToken(MpgsService, 'eu')).confirm({
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
    const health = app.get(MpgsHealthIndicator);
    const europeHealth = app.get<MpgsHealthIndicator>(
      getPlutuToken(MpgsHealthIndicator, 'eu'),
    );

    expect(await health.isHealthy('plutu')).toMatchObject({
      plutu: { status: 'up' },
    });
    expect(await europeHealth.isHealthy('plutu')).toMatchObject({
      plutu: { status: 'down' },
    });
    expect(app.get(getPlutuToken(BullMqCallbackDelivery, 'eu'))).toBeInstanceOf(
      BullMqCallbackDelivery,
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
        PlutuModule.forRoot({ ...ACCOUNT, controller: { path: 'pay/mpgs' } }),
        PlutuModule.forRoot({
          ...ACCOUNT,
          name: 'eu',
          secretKey: 'eu-secret-key',
          controller: { path },
        }),
      );
      expect(error).toMatchObject({ option: 'controller.path' });
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

  it.each([
    ['no controller', false as const],
    ['no callback route', { routes: ['confirm'] as const }],
  ])('is not one of the same key with %s', async (_, controller) => {
    const error = await startUpError(
      PlutuModule.forRoot(ACCOUNT),
      PlutuModule.forRoot({ ...ACCOUNT, name: 'eu', controller }),
    );
    expect(error).toBeUndefined();
  });

  it('stops the start-up: without options', async () => {
    expect(await startUpError(PlutuModule)).toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      message: expect.stringContaining('forRoot'),
    });
  });

  it('stops the start-up: under a name that is none', () => {
    expect(() => PlutuModule.forRoot({ ...ACCOUNT, name: 'e u' })).toThrow(
      /"name"/,
    );
  });
});
