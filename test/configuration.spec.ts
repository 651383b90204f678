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
  MpgsService,
  PlutuConfigurationError,
  plutuOptionsFromEnv,
  PlutuModule,
  type MpgsControllerOptions,
  type PlutuModuleOptions,
  type PlutuOptions,
  type PlutuOptionsFactory,
} from '../src/index.js';
import { ACCOUNT, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';

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

describe('an option that cannot work stops the start-up', () => {
  it.each<[string, object]>([
    ['returnURL', { ...ACCOUNT, returnURL: 'https://shop.example/' }],
    ['options', undefined as never],
    ['controller.routes', { ...ACCOUNT, controller: { routes: ['pay'] } }],
    ['controller.routes', { ...ACCOUNT, controller: { routes: [] } }],
    ['options', { ...ACCOUNT, controller: 'no' }],
    ['route', { ...ACCOUNT, controller: { route: ['callback'] } }],
    [
      'aproved',
      { ...ACCOUNT, controller: { redirect: pages({ aproved: '/a' }) } },
    ],
    ['options', { ...ACCOUNT, controller: { redirect: '/done' } }],
  ])('one that does not exist: %s in forRoot(%j)', async (option, options) => {
    const start = () => startUp(() => PlutuModule.forRoot(options as never));

    await expect(start()).rejects.toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      option,
    });
  });

  it('one in a factory that shapes the module, where it would have no effect', async () => {
    const error = await failedStartUp(() =>
      PlutuModule.forRootAsync({
        useFactory: () => ({ ...ACCOUNT, controller: false }),
      }),
    );

    expect(error.option).toBe('controller');
    expect(error.message).toContain('beside the factory');
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
    ['currencies', []],
    ['currencies', ['usd']],
    ['currencies', 'USD'],
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

  it.each([
    [{ approved: '/paid', canceled: '/back', incomplete: '/again' }, 'refused'],
    [pages({ approved: 'paid' }), 'approved'],
    [pages({ canceled: '//evil.example' }), 'canceled'],
    [pages({ canceled: '/\\evil.example' }), 'canceled'],
    [pages({ refused: '/.//evil.example' }), 'refused'],
    [pages({ incomplete: 'javascript:alert(1)' }), 'incomplete'],
  ])('redirect pages %j', async (redirect, page) => {
    const error = await failedStartUp(() =>
      PlutuModule.forRoot({
        ...ACCOUNT,
        controller: { redirect } as MpgsControllerOptions,
      }),
    );
    expect(error.option).toBe(`controller.redirect.${page}`);
  });

  it('the environment, where it is empty', async () => {
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

  it('and that are wrong stop the start-up all the same', async () => {
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

  /** Answers per route: 404 where it is not there. */
  async function routes(
    controller: PlutuModuleOptions['controller'],
    path = 'plutu/mpgs',
  ) {
    const { url: sync } = await startApp({ controller });
    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot(),
        PlutuModule.forRootAsync({ controller, useFactory: () => ACCOUNT }),
      ],
    }).compile();
    const app = testingModule.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const async = await app.getUrl();

    const answers = await Promise.all(
      [sync, async].map(async (url) => {
        const confirm = await fetch(`${url}/${path}/confirm`, {
          method: 'POST',
        });
        const callback = await fetch(
          `${url}/${path}/callback?${callbackQuery({ outcome: 'canceled' })}`,
        );
        return { confirm: confirm.status, callback: callback.status };
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    return answers[0];
  }

  it.each<[PlutuModuleOptions['controller'], string | undefined, object]>([
    [undefined, undefined, { confirm: 400, callback: 200 }],
    [true, undefined, { confirm: 400, callback: 200 }],
    [false, undefined, { confirm: 404, callback: 404 }],
    [{ path: 'pay' }, 'pay', { confirm: 400, callback: 200 }],
    [{ path: 'pay' }, undefined, { confirm: 404, callback: 404 }],
    [{ routes: ['callback'] }, undefined, { confirm: 404, callback: 200 }],
    [{ routes: ['confirm'] }, undefined, { confirm: 400, callback: 404 }],
    [{ confirmGuards: [Nobody] }, undefined, { confirm: 403, callback: 200 }],
    [
      { confirmGuards: [new Nobody()] },
      undefined,
      { confirm: 403, callback: 200 },
    ],
  ])(
    'works the same by forRoot and forRootAsync: %j at %s',
    async (controller, path, expected) => {
      await expect(routes(controller, path)).resolves.toEqual(expected);
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
      controller: { confirmGuards: [SignedIn] },
    });
    const confirm = (authorization: string) =>
      fetch(`${url}/plutu/mpgs/confirm`, {
        method: 'POST',
        headers: { authorization },
      });
    expect((await confirm('Bearer mallory')).status).toBe(403);
    expect((await confirm('Bearer alice')).status).toBe(400);
  });

  it('isGlobal: false keeps the service to the modules that import it', async () => {
    @Injectable()
    class Orders {
      constructor(readonly mpgs: MpgsService) {}
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
