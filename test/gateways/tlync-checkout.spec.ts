import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  mpgs,
  PlutuConfigurationError,
  PlutuError,
  PlutuInvalidRequestError,
  tlync,
  TlyncService,
} from '../../src/index.js';
import { record, startApp } from '../support/app.js';
import { answeringServer } from '../support/servers.js';

const OPENED = {
  status: 200,
  result: {
    code: 'CHECKOUT_REDIRECT',
    redirect_url: 'https://checkout.example/c/1',
  },
};

const ORDER = {
  invoiceNo: 'inv-1',
  amount: '5.00',
  mobileNumber: '091 363 2323',
};

type Options = Parameters<typeof startApp>[0];

async function start(options: Options = {}, answer: object | string = OPENED) {
  const plutu = await answeringServer(200, answer);
  const { app, url, emitter } = await startApp({
    baseUrl: plutu.url,
    returnUrl: undefined,
    appUrl: 'https://shop.example',
    gateways: [tlync({ routes: ['callback', 'return', 'checkout'] })],
    ...options,
  });
  const events = record(emitter);
  const service = app.get(TlyncService);
  return {
    url,
    events,
    form: () => Object.fromEntries(new URLSearchParams(plutu.seen[0]?.body)),
    requests: () => plutu.seen.length,
    open: (request: object = {}) =>
      service.createCheckout({ ...ORDER, ...request }),
    failure: async (request: object = {}): Promise<PlutuError> => {
      const error: unknown = await service
        .createCheckout({ ...ORDER, ...request })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PlutuError);
      return error as PlutuError;
    },
  };
}

describe('a checkout of T-Lync', () => {
  it.each(['+218 91 363 2323', '٠٩١٣٦٣٢٣٢٣', '913632323'])(
    'sends the mobile number as the SDK does: %s',
    async (mobileNumber) => {
      const { open, form } = await start();

      await open({ mobileNumber });

      expect(form()).toEqual({
        amount: '5.00',
        invoice_no: 'inv-1',
        mobile_number: '0913632323',
        return_url: 'https://shop.example/plutu/tlync/return',
        callback_url: 'https://shop.example/plutu/tlync/callback',
      });
    },
  );

  it.each([
    ['of another country', '+20 100 123 4567', /another country/],
    ['of a fixed line', '021 444 4444', /fixed line/],
    ['that is missing', undefined, /must be text/],
  ])(
    'with a number %s is refused with help, and nothing is sent',
    async (_what, mobileNumber, problem) => {
      const { failure, requests } = await start();

      const error = await failure({ mobileNumber });

      expect(error).toBeInstanceOf(PlutuInvalidRequestError);
      expect(error).toMatchObject({
        fields: { mobileNumber: [expect.stringMatching(problem)] },
      });
      expect(requests()).toBe(0);
    },
  );

  it('with an invalid e-mail address is refused', async () => {
    const { failure } = await start();

    expect(await failure({ email: 'salma' })).toMatchObject({
      fields: { email: ['email must be an e-mail address'] },
    });
  });

  it('takes both URLs from the application, and from no client', async () => {
    const urls = {
      returnUrl: 'https://shop.example/back?order=7',
      callbackUrl: 'https://hooks.shop.example/tlync',
    };
    const { url, open, form } = await start();

    await open(urls);
    const answer = await fetch(`${url}/plutu/tlync/checkout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ORDER, ...urls }),
    });

    expect(form()).toMatchObject({
      return_url: urls.returnUrl,
      callback_url: urls.callbackUrl,
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      {
        fields: {
          returnUrl: [expect.any(String)],
          callbackUrl: [expect.any(String)],
        },
      },
    ]);
  });

  it('takes both URLs from the options, if they are there', async () => {
    const { open, form } = await start({
      gateways: [mpgs(), tlync()],
      returnUrl: { tlync: 'https://shop.example/back' },
      callbackUrl: 'https://hooks.shop.example/tlync',
    });

    await open();

    expect(form()).toMatchObject({
      return_url: 'https://shop.example/back',
      callback_url: 'https://hooks.shop.example/tlync',
    });
  });

  it('says which URL is missing, and why', async () => {
    const { failure } = await start({
      gateways: [tlync({ routes: ['callback'] })],
    });

    expect(await failure()).toMatchObject({
      fields: {
        returnUrl: [
          'returnUrl is missing: it cannot be made from "appUrl", because the return route is off: set the option "returnUrl", or pass one',
        ],
      },
    });
  });
});

it('the OpenAPI document shows what a checkout of T-Lync takes, and what a customer comes back to', async () => {
  const { app } = await startApp({
    returnUrl: undefined,
    gateways: [tlync({ routes: ['return', 'checkout'] })],
  });

  const { components } = SwaggerModule.createDocument(
    app,
    new DocumentBuilder().build(),
  );

  expect(components?.schemas).toMatchObject({
    TlyncCheckoutDto: {
      required: ['mobileNumber'],
      properties: {
        amount: { oneOf: [{ type: 'string' }, { type: 'number' }] },
        mobileNumber: { type: 'string', example: '091 234 5678' },
        email: { type: 'string', format: 'email' },
      },
    },
    CheckoutReturn: {
      properties: { outcome: { enum: expect.arrayContaining(['pending']) } },
    },
  });
});

describe("a customer's mobile number and e-mail address", () => {
  const PERSONAL = /913632323|salma@mail/i;
  const email = 'Salma@mail.example';

  it.each([
    [
      'a refusal that quotes them',
      {
        error: {
          status: 422,
          code: 'INVALID_MOBILE_NUMBER',
          message: 'The number 0913632323 of salma@mail.example is bad.',
          fields: {
            mobile_number: ['+218913632323 is not subscribed.'],
            email: ['Salma%40mail.example is unknown.'],
          },
        },
      },
    ],
    [
      "a proxy's page that quotes the request",
      '<p>mobile_number=0913632323&amp;email=Salma%40mail.example</p>',
    ],
    ['an open checkout', OPENED],
  ])('are in no error, log or event after %s', async (_what, plutuSays) => {
    const logs = (['log', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(Logger.prototype, level),
    );
    onTestFinished(() => logs.forEach((log) => log.mockRestore()));
    const { url, open, events } = await start({}, plutuSays);

    const result: unknown = await open({ email }).catch(
      (error: unknown) => error,
    );
    const answer = await fetch(`${url}/plutu/tlync/checkout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ORDER, email }),
    });

    const seen = inspect([result, events, logs.map((log) => log.mock.calls)], {
      depth: 20,
      showHidden: true,
    });
    expect(seen).toMatch(/\[redacted\]|checkout\.example/);
    expect(seen + (await answer.text())).not.toMatch(PERSONAL);
  });
});

describe('the options of T-Lync', () => {
  it.each<[string, Options, RegExp]>([
    [
      'pages without one for a payment that is pending',
      {
        gateways: [tlync()],
        redirect: {
          approved: '/a',
          canceled: '/b',
          incomplete: '/c',
          refused: '/d',
        },
      },
      /"redirect\.pending" is missing/,
    ],
    [
      'a return route at a gateway that has none',
      { gateways: [mpgs({ routes: ['return'] })] },
      /"mpgs\.routes" must be a list of only these names: "callback", "checkout"/,
    ],
    [
      'a callback URL without a gateway that has one',
      { gateways: [mpgs()], callbackUrl: 'https://shop.example/' },
      /"callbackUrl" is only for a gateway with separate callback and return URLs/,
    ],
    [
      'a callback URL for a gateway that has none',
      {
        gateways: [mpgs(), tlync()],
        callbackUrl: { mpgs: 'https://shop.example/' },
      },
      /"callbackUrl" names the gateway "mpgs", but "gateways" does not list it, or it has no such URL/,
    ],
  ])('stop the startup with %s', async (_what, options, message) => {
    const error: unknown = await startApp({
      returnUrl: undefined,
      ...options,
    }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(PlutuConfigurationError);
    expect(String(error)).toMatch(message);
  });

  it('are not for MPGS: a callback URL of its own is refused', async () => {
    const { mpgs: service } = await startApp();

    // The types refuse it, too, if it is written there.
    const request = {
      invoiceNo: 'inv-1',
      amount: 5,
      callbackUrl: 'https://shop.example/',
    };
    const error: unknown = await service
      .createCheckout(request)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      fields: {
        callbackUrl: [
          'callbackUrl must not be given: the callback of mpgs comes to returnUrl',
        ],
      },
    });
  });
});
