import 'reflect-metadata';
import {
  Injectable,
  Module,
  type CanActivate,
  type DynamicModule,
} from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  inProcessDelivery,
  mpgs,
  MpgsService,
  PlutuConfigurationError,
  plutuOptionsFromEnv,
  PlutuModule,
  type MpgsOptions,
  type PlutuModuleExtras,
  type PlutuOptions,
  type PlutuOptionsFactory,
  type RedirectPages,
} from '../src/index.js';
import { ACCOUNT, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';
import { souqPay } from './support/made-up-gateway.js';

async function startUp(plutu: () => DynamicModule): Promise<MpgsService> {
  const testingModule = await Test.createTestingModule({
    imports: [EventEmitterModule.forRoot(), plutu()],
  }).compile();
  onTestFinished(() => testingModule.close());
  await testingModule.init();
  return testingModule.get(MpgsService);
}

async function failedStartUp(
  plutu: () => DynamicModule,
): Promise<PlutuConfigurationError> {
  const error: unknown = await startUp(plutu).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(PlutuConfigurationError);
  return error as PlutuConfigurationError;
}

describe('an option that cannot work stops the startup:', () => {
  it.each<[string, unknown]>([
    ['returnURL', { ...ACCOUNT, returnURL: 'https://shop.example/' }],
    ['options', undefined],
    ['options', 'no'],
    ['useFactory', { useFactory: () => ACCOUNT }],
  ])('one that does not exist: %s in forRoot(%j)', async (option, options) => {
    const start = () => startUp(() => PlutuModule.forRoot(options as never));

    await expect(start()).rejects.toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      option,
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['options', 'no', /mpgs needs an object/],
    [
      'route',
      { route: ['callback'] },
      /mpgs has no option "route".*currencies/,
    ],
    ['mpgs.routes', { routes: ['pay'] }, /"callback", "checkout"/],
    ['mpgs.routes', { routes: 'callback' }, /"callback", "checkout"/],
    ['mpgs.path', { path: 5 }, /text/],
    ['mpgs.currencies', { currencies: [] }, /ISO 4217/],
    ['mpgs.currencies', { currencies: ['usd'] }, /ISO 4217/],
    ['mpgs.currencies', { currencies: 'USD' }, /ISO 4217/],
  ])('%s of a gateway, mpgs(%j)', async (option, options, message) => {
    const error = await failedStartUp(() =>
      PlutuModule.forRoot({
        ...ACCOUNT,
        gateways: [mpgs(options as MpgsOptions)],
      }),
    );
    expect(error.option).toBe(option);
    expect(error.message).toMatch(message);
  });

  it.each([
    ['none', [], /at least one/],
    ['one of them twice', [mpgs(), mpgs({ path: 'pay' })], /mpgs twice/],
    [
      'two with one path, however it is spelled',
      [mpgs({ path: 'pay' }), souqPay({ path: '/Pay/' })],
      /two gateways with the path "pay"/,
    ],
  ])('gateways that list %s', async (_, gateways, message) => {
    const error = await failedStartUp(() =>
      PlutuModule.forRoot({ ...ACCOUNT, gateways }),
    );
    expect(error.option).toBe('gateways');
    expect(error.message).toMatch(message);
  });

  it.each<[keyof PlutuModuleExtras, unknown]>([
    ['name', 'eu'],
    ['isGlobal', true],
    ['gateways', [mpgs()]],
    ['redirect', '/done'],
    ['browserWait', 5],
    ['delivery', inProcessDelivery()],
    ['invoices', 'INVOICES'],
    ['tenants', { source: 'TENANTS' }],
    ['imports', []],
  ])(
    '%s in what a factory returns, because it belongs beside the factory',
    async (option, value) => {
      for (const made of [
        { useFactory: () => ({ ...ACCOUNT, [option]: value }) },
        {
          useClass: class implements PlutuOptionsFactory {
            createPlutuOptions = () => ({ ...ACCOUNT, [option]: value });
          },
        },
      ]) {
        const error = await failedStartUp(() => PlutuModule.forRootAsync(made));
        expect(error.option).toBe(option);
        expect(error.message).toContain('belongs beside the factory');
      }
    },
  );

  it.each<[keyof PlutuOptions, unknown]>([
    ['apiKey', 'a'],
    ['accessToken', 'b'],
    ['secretKey', 'c'],
    ['baseUrl', 'https://plutu.example/api'],
    ['timeout', 5],
    ['retries', 0],
    ['appUrl', 'https://shop.example'],
    ['returnUrl', 'https://shop.example'],
    ['lang', 'ar'],
  ])(
    '%s beside a factory, because it belongs in what the factory returns',
    async (option, value) => {
      const error = await failedStartUp(() =>
        PlutuModule.forRootAsync({
          useFactory: () => ACCOUNT,
          [option]: value,
        }),
      );
      expect(error.option).toBe(option);
      expect(error.message).toContain('belongs in what the factory returns');
    },
  );

  it('one that no factory can make, and one that does not exist beside it', async () => {
    const made = await failedStartUp(() =>
      PlutuModule.forRootAsync({
        useFactory: () => ({ ...ACCOUNT, returnURL: 'https://shop.example/' }),
      }),
    );
    const misspelled = { useFactory: () => ACCOUNT, useFactroy: true };
    const beside = await failedStartUp(() =>
      PlutuModule.forRootAsync(misspelled),
    );
    const nothing = await failedStartUp(() =>
      PlutuModule.forRootAsync({ useFactory: () => undefined as never }),
    );
    expect([made, beside, nothing].map(({ option }) => option)).toEqual([
      'returnURL',
      'useFactroy',
      'options',
    ]);
  });

  it('a checkout route with tenants, because a client could open a checkout for any of them', async () => {
    const error = await failedStartUp(() =>
      PlutuModule.forRoot({
        gateways: [mpgs({ routes: ['callback', 'checkout'] })],
        tenants: { source: 'TENANTS' },
      }),
    );
    expect(error.option).toBe('mpgs.routes');
    expect(error.message).toContain('"tenants"');
  });

  it.each([
    ['apiKey', 'PLUTU_API_KEY'],
    ['accessToken', 'PLUTU_ACCESS_TOKEN'],
    ['secretKey', 'PLUTU_SECRET_KEY'],
  ])('a missing or blank %s, naming %s', async (option, variable) => {
    for (const value of [undefined, null, '', '  ', [], ['']]) {
      const error = await failedStartUp(() =>
        PlutuModule.forRoot({ ...ACCOUNT, [option]: value }),
      );
      expect(error).toMatchObject({ code: 'PLUTU_CONFIGURATION', option });
      expect(error.message).toContain(variable);
    }
  });

  it.each<[keyof PlutuOptions, unknown]>([
    ['secretKey', ['good', '']],
    ['baseUrl', 'api.plutus.ly'],
    ['baseUrl', 'ftp://api.plutus.ly'],
    ['baseUrl', 'https://api.plutus.ly/?x=1'],
    ['baseUrl', ''],
    ['returnUrl', '/callback'],
    ['returnUrl', ''],
    ['returnUrl', 'https://shop.example/?amount=1'],
    ['lang', 'fr'],
    ['appUrl', 'shop.example'],
    ['appUrl', 'ftp://shop.example'],
    ['appUrl', 'https://shop.example/?x=1'],
    ['appUrl', 'https://shop.example/#x'],
    ['appUrl', 'https://user:password@shop.example'],
    ['appUrl', ''],
    ['returnUrl', { tlync: 'https://shop.example/' }],
    ['returnUrl', 5],
    ['returnUrl', null],
    ['returnUrl', ['https://shop.example/']],
    ['timeout', 0],
    ['timeout', 2 ** 31],
    ['apiKey', 5],
    ['timeout', 1.5],
    ['timeout', '30'],
    ['timeout', Number.POSITIVE_INFINITY],
    ['retries', -1],
    ['retries', 11],
  ])('%s: %j', async (option, value) => {
    const error = await failedStartUp(() =>
      PlutuModule.forRoot({ ...ACCOUNT, [option]: value }),
    );
    expect(error.option).toBe(option);
    expect(error.message).toContain(`"${option}"`);
  });

  // Anybody can sign with it: it is in the published package.
  it.each([['sandbox_secret_key'], [['live', 'sandbox_secret_key']]])(
    "the sandbox's secret key at an https: Plutu: %j",
    async (secretKey) => {
      for (const baseUrl of [undefined, 'HTTPS://plutu.example/api']) {
        const error = await failedStartUp(() =>
          PlutuModule.forRoot({ ...ACCOUNT, secretKey, baseUrl }),
        );
        expect(error.option).toBe('secretKey');
        expect(error.message).toContain('PLUTU_SECRET_KEY');
      }
      const baseUrl = 'http://127.0.0.1:4010/api';
      await expect(
        startUp(() => PlutuModule.forRoot({ ...ACCOUNT, secretKey, baseUrl })),
      ).resolves.toBeInstanceOf(MpgsService);
    },
  );

  it.each<[string | object, string]>([
    ['done', 'approved'],
    ['//evil.example', 'approved'],
    [{ approved: '/paid', canceled: '/back', incomplete: '/again' }, 'refused'],
    [pages({ approved: 'paid' }), 'approved'],
    [pages({ canceled: '//evil.example' }), 'canceled'],
    [pages({ canceled: '/\\evil.example' }), 'canceled'],
    [pages({ refused: '/.//evil.example' }), 'refused'],
    [pages({ incomplete: 'javascript:alert(1)' }), 'incomplete'],
  ])(
    'redirect pages %j, of the module or of a gateway',
    async (given, page) => {
      const redirect = given as RedirectPages;
      for (const options of [
        { redirect },
        { gateways: [mpgs({ redirect })] },
      ]) {
        const error = await failedStartUp(() =>
          PlutuModule.forRoot({ ...ACCOUNT, ...options }),
        );
        expect(error.option).toBe(`redirect.${page}`);
      }
    },
  );

  it('the environment, if it is empty', async () => {
    const error = await failedStartUp(() =>
      PlutuModule.forRoot(plutuOptionsFromEnv({})),
    );
    expect(error.message).toContain('PLUTU_API_KEY');
  });

  it('no way to make options at all', async () => {
    const error = await failedStartUp(() => PlutuModule.forRootAsync({}));
    expect(error.message).toContain('useFactory');
  });

  it('an application without an event emitter, saying what to add', async () => {
    const testingModule = await Test.createTestingModule({
      imports: [PlutuModule.forRoot(ACCOUNT)],
    }).compile();
    await expect(testingModule.init()).rejects.toThrow(
      /EventEmitterModule\.forRoot\(\).*imports of the root module/,
    );
  });
});

function pages(some: object) {
  const all = {
    approved: '/a',
    canceled: '/c',
    incomplete: '/i',
    refused: '/r',
  };
  return { ...all, ...some };
}

describe('options that a factory makes', () => {
  @Injectable()
  class Settings implements PlutuOptionsFactory {
    createPlutuOptions(): PlutuOptions {
      return ACCOUNT;
    }
  }

  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  it.each<[string, () => DynamicModule]>([
    [
      'useFactory',
      () =>
        PlutuModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: (settings: Settings) => settings.createPlutuOptions(),
        }),
    ],
    [
      'useFactory with a promise',
      () => PlutuModule.forRootAsync({ useFactory: async () => ACCOUNT }),
    ],
    ['useClass', () => PlutuModule.forRootAsync({ useClass: Settings })],
    [
      'useExisting',
      () =>
        PlutuModule.forRootAsync({
          imports: [SettingsModule],
          useExisting: Settings,
        }),
    ],
  ])('by %s', async (_name, plutu) => {
    await expect(startUp(plutu)).resolves.toBeInstanceOf(MpgsService);
  });

  it('and that are wrong stop the startup all the same', async () => {
    const error = await failedStartUp(() =>
      PlutuModule.forRootAsync({
        useFactory: async () => ({ ...ACCOUNT, apiKey: '' }),
      }),
    );
    expect(error.option).toBe('apiKey');
  });
});

describe('what shapes the routes', () => {
  class Nobody implements CanActivate {
    canActivate(): boolean {
      return false;
    }
  }

  /** Answers per route: 404 if it is not there. */
  async function routes(options?: MpgsOptions, path = 'plutu/mpgs') {
    const gateways = options && [mpgs(options)];
    const { url: sync } = await startApp({ gateways });
    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot(),
        PlutuModule.forRootAsync({ gateways, useFactory: () => ACCOUNT }),
      ],
    }).compile();
    const app = testingModule.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const async = await app.getUrl();

    const answers = await Promise.all(
      [sync, async].map(async (url) => {
        const checkout = await fetch(`${url}/${path}/checkout`, {
          method: 'POST',
        });
        const callback = await fetch(
          `${url}/${path}/callback?${callbackQuery({ outcome: 'canceled' })}`,
        );
        return { checkout: checkout.status, callback: callback.status };
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    return answers[0];
  }

  const BOTH = ['callback', 'checkout'] as const;

  it.each<[MpgsOptions | undefined, string | undefined, object]>([
    [undefined, undefined, { checkout: 404, callback: 200 }],
    [{}, undefined, { checkout: 404, callback: 200 }],
    [{ routes: [] }, undefined, { checkout: 404, callback: 404 }],
    [{ routes: BOTH }, undefined, { checkout: 400, callback: 200 }],
    [{ routes: ['callback'] }, undefined, { checkout: 404, callback: 200 }],
    [{ routes: ['checkout'] }, undefined, { checkout: 400, callback: 404 }],
    [{ path: 'pay', routes: BOTH }, 'pay', { checkout: 400, callback: 200 }],
    [
      { path: 'pay', routes: BOTH },
      undefined,
      { checkout: 404, callback: 404 },
    ],
    [
      { routes: BOTH, checkoutGuards: [Nobody] },
      undefined,
      { checkout: 403, callback: 200 },
    ],
    [
      { routes: BOTH, checkoutGuards: [new Nobody()] },
      undefined,
      { checkout: 403, callback: 200 },
    ],
  ])(
    'works the same by forRoot and forRootAsync: mpgs(%j) at %s',
    async (options, path, expected) => {
      await expect(routes(options, path)).resolves.toEqual(expected);
    },
  );

  it('takes guards that inject from a module of the application', async () => {
    @Injectable()
    class Accounts {
      readonly open = new Set(['Bearer alice']);
    }

    @Module({ providers: [Accounts], exports: [Accounts] })
    class AccountsModule {}

    @Injectable()
    class SignedIn implements CanActivate {
      constructor(private readonly accounts: Accounts) {}

      canActivate(context: import('@nestjs/common').ExecutionContext): boolean {
        const { headers } = context
          .switchToHttp()
          .getRequest<{ headers: { authorization?: string } }>();
        return this.accounts.open.has(headers.authorization ?? '');
      }
    }

    const { url } = await startApp({
      imports: [AccountsModule],
      gateways: [mpgs({ routes: BOTH, checkoutGuards: [SignedIn] })],
    });
    const checkout = (authorization: string) =>
      fetch(`${url}/plutu/mpgs/checkout`, {
        method: 'POST',
        headers: { authorization },
      });
    expect((await checkout('Bearer mallory')).status).toBe(403);
    expect((await checkout('Bearer alice')).status).toBe(400);
  });

  it('isGlobal: false keeps the service to the modules that import it', async () => {
    @Injectable()
    class Orders {
      constructor(readonly service: MpgsService) {}
    }

    @Module({ providers: [Orders] })
    class OrdersModule {}

    const start = (isGlobal?: boolean) =>
      Test.createTestingModule({
        imports: [
          EventEmitterModule.forRoot(),
          PlutuModule.forRoot({ ...ACCOUNT, isGlobal }),
          OrdersModule,
        ],
      }).compile();
    await expect(start()).resolves.toBeDefined();
    await expect(start(false)).rejects.toThrow(/MpgsService/);
  });
});
