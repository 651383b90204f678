import 'reflect-metadata';
import {
  Logger,
  Module,
  RequestMethod,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  getPlutuToken,
  mpgs,
  MpgsService,
  PlutuInvalidRequestError,
  PlutuModule,
  type MpgsCheckoutRequest,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { ACCOUNT, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { souqPay, SouqPayService } from '../support/made-up-gateway.js';
import { answeringServer, type HttpServer } from '../support/servers.js';

const ORDER = { amount: '5.00', invoiceNo: 'inv-1' };
const SHOP = 'https://shop.example';

type Setup = NonNullable<Parameters<typeof startApp>[1]>;

const withPrefix =
  (...prefix: Parameters<INestApplication['setGlobalPrefix']>) =>
  (app: INestApplication): void => {
    app.setGlobalPrefix(...prefix);
  };

function plutu(): Promise<HttpServer> {
  return answeringServer(200, {
    result: { redirect_url: 'https://x.example/c' },
  });
}

/** Where Plutu is to call back, in each request that it got. */
function returnUrls({ seen }: HttpServer): (string | null)[] {
  return seen.map(({ body }) => new URLSearchParams(body).get('return_url'));
}

/** An application with `appUrl`, and no `returnUrl`. */
async function start(options: Partial<PlutuModuleOptions>, setup: Setup = {}) {
  const server = await plutu();
  const { app, url } = await startApp(
    {
      baseUrl: server.url,
      returnUrl: undefined,
      appUrl: SHOP,
      ...options,
    },
    setup,
  );
  const service: MpgsService = app.get(
    getPlutuToken(MpgsService, options.name),
  );
  return {
    url,
    service,
    /** Opens a checkout, and says where its callback is to go. */
    returnUrl: async (request: Partial<MpgsCheckoutRequest> = {}) => {
      await service.createCheckout({ ...ORDER, ...request });
      return returnUrls(server).at(-1);
    },
    /** What is wrong with a return URL that is not known. */
    problem: async () => {
      const error: unknown = await service
        .createCheckout(ORDER)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PlutuInvalidRequestError);
      expect(server.seen).toHaveLength(0);
      return (error as PlutuInvalidRequestError).fields;
    },
  };
}

describe('the return URL is made of appUrl, and leads to the callback route:', () => {
  it.each<[string, string, Partial<PlutuModuleOptions>, Setup['configure']?]>([
    ['by default', '/plutu/mpgs/callback', {}],
    ['for an account with a name', '/plutu/eu/mpgs/callback', { name: 'eu' }],
    [
      'with a path of its own',
      '/pay/cards/callback',
      { gateways: [mpgs({ path: 'pay/cards' })] },
    ],
    [
      'with slashes too many in the path',
      '/pay/cards/callback',
      { gateways: [mpgs({ path: '//pay//cards/' })] },
    ],
    ['at the root', '/callback', { gateways: [mpgs({ path: '' })] }],
    [
      'behind a global prefix',
      '/api/plutu/mpgs/callback',
      {},
      withPrefix('api'),
    ],
    [
      'behind a global prefix with slashes',
      '/api/v2/plutu/eu/mpgs/callback',
      { name: 'eu' },
      withPrefix('/api/v2/'),
    ],
    [
      'behind a global prefix that other routes are excluded from',
      '/api/plutu/mpgs/callback',
      {},
      withPrefix('api', {
        exclude: ['health', { path: 'plutu', method: RequestMethod.GET }],
      }),
    ],
    [
      'beside versions in the URL',
      '/api/plutu/mpgs/callback',
      {},
      (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    ],
  ])('%s, at %s', async (_, path, options, configure) => {
    const { url, returnUrl } = await start(options, { configure });

    expect(await returnUrl()).toBe(SHOP + path);
    const answer = await fetch(`${url}${path}?${callbackQuery()}`);
    expect(answer.status).toBe(200);
  });

  it.each([
    ['https://shop.example/', 'https://shop.example/plutu/mpgs/callback'],
    [
      'https://shop.example/shop',
      'https://shop.example/shop/plutu/mpgs/callback',
    ],
    ['http://[::1]:3000/a//', 'http://[::1]:3000/a/plutu/mpgs/callback'],
    ['HTTPS://SHOP.example', 'https://shop.example/plutu/mpgs/callback'],
  ])('with %s, it is %s', async (appUrl, expected) => {
    const { returnUrl } = await start({ appUrl });

    expect(await returnUrl()).toBe(expected);
  });
});

describe('the return URL cannot be made of appUrl, and the error says why:', () => {
  it.each<[string, string, Partial<PlutuModuleOptions>, Setup?]>([
    [
      'the callback route is off',
      'the callback route is off',
      { gateways: [mpgs({ routes: ['checkout'] })] },
    ],
    [
      'its path is excluded from the global prefix',
      'the callback route is excluded from the global prefix',
      {},
      { configure: withPrefix('api', { exclude: ['plutu/mpgs/callback'] }) },
    ],
    [
      'all paths below plutu are excluded from the global prefix',
      'the callback route is excluded from the global prefix',
      { name: 'eu' },
      {
        configure: withPrefix('api', {
          exclude: [{ path: 'plutu/*path', method: RequestMethod.ALL }],
        }),
      },
    ],
    [
      'the global prefix has parameters',
      'the path of the callback route has parameters',
      {},
      { configure: withPrefix(':tenant/api') },
    ],
    [
      'the path of its own has parameters',
      'the path of the callback route has parameters',
      { gateways: [mpgs({ path: ':shop/pay' })] },
    ],
    [
      'RouterModule gives the module a path',
      'RouterModule moves the callback route',
      {},
      {
        imports: [
          RouterModule.register([{ path: 'shop', module: PlutuModule }]),
        ],
      },
    ],
    [
      'RouterModule gives the module a path as a child',
      'RouterModule moves the callback route',
      {},
      {
        imports: [
          RouterModule.register([{ path: 'shop', children: [PlutuModule] }]),
        ],
      },
    ],
  ])('%s', async (_, reason, options, setup) => {
    const { problem, returnUrl } = await start(options, setup);

    expect(await problem()).toEqual({
      returnUrl: [
        `returnUrl is missing: it cannot be made from "appUrl", because ${reason}: set the option "returnUrl", or pass one`,
      ],
    });
    const own = 'https://shop.example/own';
    expect(await returnUrl({ returnUrl: own })).toBe(own);
    const set = await start({ ...options, returnUrl: own }, setup);
    expect(await set.returnUrl()).toBe(own);
  });

  it('the process serves no HTTP', async () => {
    const server = await plutu();

    @Module({})
    class Worker {}

    const context = await NestFactory.createApplicationContext(
      {
        module: Worker,
        imports: [
          EventEmitterModule.forRoot(),
          PlutuModule.forRoot({
            ...ACCOUNT,
            baseUrl: server.url,
            returnUrl: undefined,
            appUrl: SHOP,
          }),
        ],
      },
      { logger: false },
    );
    onTestFinished(() => context.close());
    const service = context.get(MpgsService);

    await expect(service.createCheckout(ORDER)).rejects.toMatchObject({
      fields: {
        returnUrl: [expect.stringContaining('this process serves no HTTP')],
      },
    });
    await service.createCheckout({ ...ORDER, returnUrl: `${SHOP}/own` });
    expect(returnUrls(server)).toEqual([`${SHOP}/own`]);
  });

  it('there is no appUrl', async () => {
    const { problem } = await start({ appUrl: undefined });

    expect(await problem()).toEqual({
      returnUrl: [
        'returnUrl is missing: set the option "appUrl" or "returnUrl", or pass one',
      ],
    });
  });
});

it('a RouterModule that moves other modules leaves the return URL alone', async () => {
  @Module({})
  class Shop {}
  const { returnUrl } = await start(
    {},
    { imports: [Shop, RouterModule.register([{ path: 'x', module: Shop }])] },
  );

  expect(await returnUrl()).toBe(`${SHOP}/plutu/mpgs/callback`);
});

describe('the option returnUrl', () => {
  it('goes before appUrl, and what createCheckout passes before both', async () => {
    const { returnUrl } = await start({ returnUrl: `${SHOP}/own` });

    expect(await returnUrl()).toBe(`${SHOP}/own`);
    expect(await returnUrl({ returnUrl: `${SHOP}/one` })).toBe(`${SHOP}/one`);
  });

  it('as a record has one for each gateway, and appUrl makes the others', async () => {
    const server = await plutu();
    const { app, mpgs: service } = await startApp({
      baseUrl: server.url,
      gateways: [mpgs(), souqPay()],
      appUrl: SHOP,
      returnUrl: { mpgs: `${SHOP}/own` },
    });

    await service.createCheckout(ORDER);
    await app.get(SouqPayService).createCheckout({ ...ORDER, wallet: 'W0042' });

    expect(returnUrls(server)).toEqual([
      `${SHOP}/own`,
      `${SHOP}/plutu/souq-pay/callback`,
    ]);
  });

  it.each<[string, PlutuModuleOptions['returnUrl'], string, RegExp]>([
    [
      'that is one URL for two gateways',
      `${SHOP}/own`,
      'returnUrl',
      /which gateway each URL is for.* mpgs, souqpay/,
    ],
    [
      'for a gateway that is not there',
      { souqpay: `${SHOP}/own`, tlync: `${SHOP}/own` },
      'returnUrl',
      /"tlync".*but "gateways" does not list it/,
    ],
    [
      'with a URL that cannot take a callback',
      { mpgs: `${SHOP}/own`, souqpay: `${SHOP}/own?amount=1` },
      'returnUrl.souqpay',
      /"amount"/,
    ],
  ])('%s stops the startup', async (_, returnUrl, option, message) => {
    await expect(
      startApp({ gateways: [mpgs(), souqPay()], returnUrl }),
    ).rejects.toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      option,
      message: expect.stringMatching(message),
    });
  });
});

describe('at startup, a returnUrl that misses the global prefix', () => {
  async function warnings(
    returnUrl: PlutuModuleOptions['returnUrl'],
    configure: Setup['configure'] = withPrefix('api'),
    options: Partial<PlutuModuleOptions> = {},
  ): Promise<string[]> {
    const spy = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => spy.mockRestore());
    await startApp({ ...options, returnUrl }, { configure });
    return spy.mock.calls.flat().map(String);
  }

  it.each([
    [`${SHOP}/plutu/mpgs/callback`],
    [`${SHOP}/plutu/mpgs/callback/?order=7`],
    [`${SHOP}/shop/plutu/mpgs/callback`],
  ])('is a warning: %s', async (returnUrl) => {
    const [warning, another] = await warnings(returnUrl);

    expect(warning).toContain('/api/plutu/mpgs/callback');
    expect(warning).toContain('leads to');
    expect(another).toBeUndefined();
  });

  it('is a warning for each gateway', async () => {
    const all = await warnings(
      {
        mpgs: `${SHOP}/plutu/eu/mpgs/callback`,
        souqpay: `${SHOP}/plutu/eu/souq-pay/callback`,
      },
      withPrefix('api'),
      { name: 'eu', gateways: [mpgs(), souqPay()] },
    );

    expect(all).toEqual([
      expect.stringContaining('returnUrl of mpgs'),
      expect.stringContaining('returnUrl of souqpay'),
    ]);
  });

  it.each<[string, string, Setup['configure']?, Partial<PlutuModuleOptions>?]>([
    ['with the prefix', '/api/plutu/mpgs/callback'],
    ['with more before the prefix', '/shop/api/plutu/mpgs/callback'],
    ['of an endpoint of the application', '/thanks'],
    ['without any prefix', '/plutu/mpgs/callback', () => {}],
    [
      'to a route that is excluded from the prefix',
      '/plutu/mpgs/callback',
      withPrefix('api', { exclude: ['plutu/mpgs/callback'] }),
    ],
    [
      'to a path at which the module has no callback route',
      '/plutu/mpgs/callback',
      undefined,
      { gateways: [mpgs({ routes: [] })] },
    ],
  ])('is no warning %s', async (_, path, configure, options) => {
    expect(await warnings(SHOP + path, configure, options)).toEqual([]);
  });
});
