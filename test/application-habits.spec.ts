import {
  ClassSerializerInterceptor,
  Controller,
  Module,
  RequestMethod,
  SetMetadata,
  ValidationPipe,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
  type VersioningOptions,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  SkipThrottle,
  ThrottlerGuard,
  ThrottlerModule,
} from '@nestjs/throttler';
import { map } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  mpgs,
  MpgsCallback,
  Payment,
  MpgsCallbackEndpoint,
  type MpgsOptions,
} from '../src/index.js';
import { PlutuSandbox } from '../src/sandbox/index.js';
import { record, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';

const CALLBACK = '/plutu/mpgs/callback';

const PAID = {
  id: expect.any(String),
  account: 'default',
  gateway: 'mpgs',
  outcome: 'approved',
  amount: '5.00',
  amountMinor: 500,
  currency: 'USD',
  invoiceNo: 'inv-1',
  orderNo: 'inv-1',
  transactionId: 't-1',
  source: 'callback',
};

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
};

/** Puts every answer into an envelope, as many applications do. */
const wrapping: NestInterceptor = {
  intercept: (_context, next) => next.handle().pipe(map((data) => ({ data }))),
};

/** What applications put on the routes that need no login. */
const Public = () => SetMetadata('isPublic', true);

/** Lets nobody in, but to what is public. */
class LoginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return new Reflector().getAllAndOverride<boolean>('isPublic', [
      context.getHandler(),
      context.getClass(),
    ]);
  }
}

const get = (url: string): Promise<Response> =>
  fetch(url, { redirect: 'manual' });

/** How often each status was answered, for so many invoices, one by one. */
async function statusesOf(
  count: number,
  send: (invoiceNo: string) => Promise<Response>,
): Promise<Record<number, number>> {
  const times: Record<number, number> = {};
  for (let i = 0; i < count; i++) {
    const { status } = await send(`inv-${i}`);
    times[status] = (times[status] ?? 0) + 1;
  }
  return times;
}

// With the class as the parameter's type, so that pipes get to see it.
@Controller('payments')
class PaymentsController {
  @MpgsCallbackEndpoint('thanks')
  thanks(@MpgsCallback() payment: Payment): Payment {
    return payment;
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('on %s', (_platform, adapter) => {
  const start = (
    plutu: Parameters<typeof startApp>[0] = {},
    configure: (app: INestApplication) => void = () => {},
  ) =>
    startApp(plutu, {
      adapter: adapter(),
      configure,
      controllers: [PaymentsController],
    });

  it('a payment goes all the way', async () => {
    const sandbox = await PlutuSandbox.start();
    onTestFinished(() => sandbox.close());
    const {
      url,
      mpgs: service,
      emitter,
    } = await start({
      ...sandbox.credentials,
      baseUrl: sandbox.baseUrl,
      redirect: PAGES,
    });
    const events = record(emitter);

    await service.createCheckout({
      amount: '5.00',
      invoiceNo: 'inv-1',
      returnUrl: url + CALLBACK,
    });
    const { browserUrl, delivery } = await sandbox.pay('inv-1');
    const browser = await get(browserUrl);

    expect(delivery.status).toBe(303);
    expect(browser.status).toBe(303);
    expect(browser.headers.get('location')).toBe(
      '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
    );
    expect(browser.headers.get('cache-control')).toBe('no-store');
    expect(events.map(([name]) => name)).toEqual([
      'plutu.checkout.created',
      'plutu.payment.approved',
    ]);
  });

  it('answers are JSON where there are no pages, and errors have their status', async () => {
    const { url, emitter } = await start();

    const paid = await get(`${url}${CALLBACK}?${callbackQuery()}`);
    expect(paid.status).toBe(200);
    expect(await paid.json()).toEqual(PAID);

    expect((await get(`${url}${CALLBACK}?hashed=0`)).status).toBe(403);
    const free = callbackQuery({ amount: 'free' });
    expect((await get(`${url}${CALLBACK}?${free}`)).status).toBe(400);

    emitter.on('plutu.payment.canceled', () => {
      throw new Error('the database is down');
    });
    const canceled = callbackQuery({ outcome: 'canceled' });
    const pending = await fetch(`${url}${CALLBACK}?${canceled}`, {
      headers: { accept: 'text/html' },
    });
    expect(pending.status).toBe(503);
    expect(pending.headers.get('retry-after')).toBe('5');
    expect(pending.headers.get('content-type')).toBe(
      'text/html; charset=utf-8',
    );
    expect(await pending.text()).toContain('http-equiv="refresh"');
  });

  it("what is parsed otherwise by the platform's own parser is refused", async () => {
    const { url, emitter } = await start();
    const events = record(emitter);
    for (const more of ['amount=9', 'amount[]=9', 'amount%5B%5D=9']) {
      const query = `${callbackQuery()}&${more}`;
      expect((await get(`${url}${CALLBACK}?${query}`)).status).toBe(403);
    }
    expect(events.map(([name]) => name)).not.toContain(
      'plutu.payment.approved',
    );
  });

  it.each<VersioningOptions>([
    { type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' },
    { type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' },
    { type: VersioningType.URI, defaultVersion: '1' },
  ])(
    'versions of the API do not touch the callback: %j',
    async (versioning) => {
      const { url } = await start({}, (app) =>
        app.enableVersioning(versioning),
      );

      const response = await get(`${url}${CALLBACK}?${callbackQuery()}`);

      expect(response.status).toBe(200);
    },
  );

  it('a global prefix comes before the path', async () => {
    const { url } = await start({}, (app) => app.setGlobalPrefix('api'));

    const response = await get(`${url}/api${CALLBACK}?${callbackQuery()}`);

    expect(response.status).toBe(200);
  });

  it.each([[CALLBACK], ['/payments/thanks']])(
    'strict pipes and serializers make no other callback of it: %s',
    async (path) => {
      const { url } = await start({}, (app) => {
        app.useGlobalPipes(
          new ValidationPipe({
            transform: true,
            whitelist: true,
            forbidNonWhitelisted: true,
            validateCustomDecorators: true,
            transformOptions: { enableImplicitConversion: true },
          }),
        );
        app.useGlobalInterceptors(
          new ClassSerializerInterceptor(app.get(Reflector)),
        );
      });

      const response = await get(`${url}${path}?${callbackQuery()}`);

      expect(response.status).toBe(200);
      expect(await response.json()).toEqual(PAID);
    },
  );

  it('an interceptor that wraps answers wraps JSON, and leaves redirects alone', async () => {
    const wrap = (app: INestApplication) => app.useGlobalInterceptors(wrapping);
    const json = await start({}, wrap);
    const pages = await start({ redirect: PAGES }, wrap);

    const wrapped = await get(`${json.url}${CALLBACK}?${callbackQuery()}`);
    const redirect = await get(`${pages.url}${CALLBACK}?${callbackQuery()}`);

    expect(await wrapped.json()).toEqual({ data: PAID });
    expect(redirect.status).toBe(303);
    expect(redirect.headers.get('location')).toBe(
      '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
    );
  });

  it.each([
    ['JSON', 200, {}],
    ['pages', 303, { redirect: PAGES }],
  ])(
    'a global guard that asks for a login lets in what is decorated as public: %s',
    async (_answers, status, options) => {
      const startGuarded = (own: MpgsOptions) =>
        startApp(
          {
            gateways: [mpgs({ ...own, routes: ['callback', 'checkout'] })],
          },
          {
            adapter: adapter(),
            providers: [{ provide: APP_GUARD, useClass: LoginGuard }],
          },
        );
      const shut = await startGuarded(options);
      const open = await startGuarded({
        ...options,
        callbackDecorators: [Public()],
      });

      const kept = await get(`${shut.url}${CALLBACK}?${callbackQuery()}`);
      const taken = await get(`${open.url}${CALLBACK}?${callbackQuery()}`);
      const forged = await get(`${open.url}${CALLBACK}?hashed=0`);
      const confirm = await fetch(`${open.url}/plutu/mpgs/checkout`, {
        method: 'POST',
      });

      expect(await kept.json()).toMatchObject({
        message: 'Forbidden resource',
      });
      expect(taken.status).toBe(status);
      expect(forged.headers.get('location') ?? forged.status).toBe(
        status === 303 ? '/refused?outcome=refused' : 403,
      );
      // Only the callback is public.
      expect(await confirm.json()).toMatchObject({
        message: 'Forbidden resource',
      });
    },
  );

  it('a global rate limit slows down checkouts, and refuses no exempt callback', async () => {
    const sandbox = await PlutuSandbox.start();
    onTestFinished(() => sandbox.close());
    const { secretKey } = sandbox.credentials;
    const startLimited = (callbackDecorators: MethodDecorator[]) =>
      startApp(
        {
          ...sandbox.credentials,
          baseUrl: sandbox.baseUrl,
          gateways: [
            mpgs({ routes: ['callback', 'checkout'], callbackDecorators }),
          ],
        },
        {
          adapter: adapter(),
          imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 10 }])],
          providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
        },
      );
    const payments = (url: string) =>
      statusesOf(12, (invoiceNo) =>
        get(`${url}${CALLBACK}?${callbackQuery({ invoiceNo }, secretKey)}`),
      );

    const limited = await startLimited([]);
    // Plutu would not send these two again.
    expect(await payments(limited.url)).toEqual({ 200: 10, 429: 2 });

    const { url, emitter } = await startLimited([SkipThrottle()]);
    const events = record(emitter);
    expect(await payments(url)).toEqual({ 200: 12 });
    expect(events).toHaveLength(12);
    const checkouts = await statusesOf(12, (invoiceNo) =>
      fetch(`${url}/plutu/mpgs/checkout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ invoiceNo, amount: '5.00' }),
      }),
    );
    expect(checkouts).toEqual({ 201: 10, 429: 2 });
  });

  it("a HEAD request is a visit like any other's", async () => {
    const { url } = await start();

    const response = await fetch(`${url}${CALLBACK}?${callbackQuery()}`, {
      method: 'HEAD',
    });

    expect(response.status).toBe(200);
  });
});

it('middleware that rewrites the URL does not change what was signed', async () => {
  @Module({})
  class RewritingModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer
        .apply(
          (request: { url: string }, _response: unknown, next: () => void) => {
            request.url = request.url.replace(/amount=5\.00/, 'amount=9999');
            next();
          },
        )
        .forRoutes({ path: '{*path}', method: RequestMethod.ALL });
    }
  }

  const { url } = await startApp({}, { imports: [RewritingModule] });

  const response = await get(`${url}${CALLBACK}?${callbackQuery()}`);

  expect(await response.json()).toEqual(PAID);
});
