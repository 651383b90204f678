import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type Provider } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callbackEndpointDecorator } from '../../src/callbacks/callback-endpoint.js';
import {
  getPlutuToken,
  MpgsCallback,
  PlutuHealthIndicator,
  PlutuModule,
  type Checkout,
  type GatewayFeature,
  type HostedGateway,
  type HostedGatewayOptions,
  type HostedGatewayRoute,
  type Pair,
  type Payment,
  type PlutuKeys,
  type PlutuModuleOptions,
  type PlutuTenantModuleOptions,
} from '../../src/index.js';
import { encodeAsPhp } from '../../src/protocol/pairs.js';
import {
  ACCOUNT,
  defaultAdapter,
  record,
  recordErrors,
  startApp,
} from './app.js';
import { signed, toJson } from './messages.js';
import { answeringServer } from './servers.js';

/** What a callback of any gateway says. */
export interface CallbackValues {
  readonly outcome: 'approved' | 'canceled' | 'incomplete';
  readonly invoiceNo: string;
  readonly transactionId: string;
  readonly amount: string;
}

/** A gateway, as its contract has to know it. */
export interface GatewayUnderTest {
  readonly gateway: HostedGateway;
  /** As in `gateways: [mpgs({ … })]`. */
  readonly feature: (options?: HostedGatewayOptions) => GatewayFeature;
  /** Of which `'5.00'` is this many minor units. */
  readonly currency: string;
  readonly fiveInMinorUnits: number;
  /** An amount with a decimal more than the currency has. */
  readonly tooPrecise: string;
  /** What `createCheckout` needs beside invoice number and amount … */
  readonly request?: object;
  /** … and what becomes of it in the form that Plutu gets. */
  readonly form?: Readonly<Record<string, string>>;
  /** What Plutu signs, in the order in which it arrives. */
  readonly parameters: (values: CallbackValues) => Pair[];
}

const VALUES: CallbackValues = {
  outcome: 'approved',
  invoiceNo: 'inv-1',
  transactionId: 't-1',
  amount: '5.00',
};

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
  pending: '/wait',
};

const TENANT_KEYS: Readonly<Record<string, PlutuKeys>> = {
  acme: { apiKey: 'a', accessToken: 'b', secretKey: 's-acme' },
  umbrella: { apiKey: 'c', accessToken: 'd', secretKey: 's-umbrella' },
};

const BROWSER = { accept: 'text/html' };

const CHECKOUT = 'https://checkout.example/c/1';

/** What every gateway has to keep, whatever it signs and however it calls back. */
export function describeGatewayContract(under: GatewayUnderTest): void {
  const { gateway, currency } = under;
  const { channel, path } = {
    channel: gateway.callback,
    path: `/plutu/${gateway.path}`,
  };

  const start = async (
    options: Partial<PlutuModuleOptions> = {},
    metadata: Parameters<typeof startApp>[1] = {},
  ) => {
    const { app, url, emitter } = await startApp(
      { returnUrl: undefined, gateways: [under.feature()], ...options },
      metadata,
    );
    return { app, url, events: record(emitter) };
  };

  const sign = (pairs: readonly Pair[], key = ACCOUNT.secretKey) =>
    signed(pairs, key);

  const get = (url: string, pairs: readonly Pair[], headers = {}) =>
    fetch(`${url}${url.includes('?') ? '&' : '?'}${encodeAsPhp(pairs)}`, {
      headers,
      redirect: 'manual',
    });

  const send = (url: string, pairs: readonly Pair[], headers = {}) =>
    channel.method === 'GET'
      ? get(url, pairs, headers)
      : fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          redirect: 'manual',
          body: toJson(pairs),
        });

  const callback = (changes: Partial<CallbackValues> = {}) =>
    sign(under.parameters({ ...VALUES, ...changes }));

  /** As the customer's browser comes back, whatever it brings. */
  const comeBack = (url: string) =>
    gateway.return
      ? get(
          `${url}${path}/return`,
          sign([
            ['approved', '1'],
            ['invoice_no', 'inv-1'],
          ]),
          BROWSER,
        )
      : send(`${url}${path}/callback`, callback(), BROWSER);

  const plutuServer = () =>
    answeringServer(200, {
      status: 200,
      result: { code: 'CHECKOUT_REDIRECT', redirect_url: CHECKOUT },
    });

  const names = (events: readonly (readonly [string, unknown])[]) =>
    events.map(([name]) => name);

  describe(`${gateway.title} keeps the contract of a gateway:`, () => {
    it('a checkout is opened with what Plutu documents, and comes back to the callback route', async () => {
      const plutu = await plutuServer();
      const { app, events } = await start({
        baseUrl: plutu.url,
        appUrl: 'https://shop.example',
      });
      const service: Service = app.get(getPlutuToken(gateway.service));

      const checkout = await service.createCheckout({
        invoiceNo: 'inv-1',
        amount: '5.00',
        ...under.request,
      });

      expect(checkout).toEqual({
        redirectUrl: CHECKOUT,
        invoiceNo: 'inv-1',
        orderNo: 'inv-1',
        amount: '5.00',
      });
      expect(plutu.seen[0]).toMatchObject({
        method: 'POST',
        url: `/v1/transaction/${gateway.name}/confirm`,
      });
      expect(
        Object.fromEntries(new URLSearchParams(plutu.seen[0]?.body)),
      ).toEqual({
        amount: '5.00',
        invoice_no: 'inv-1',
        ...(gateway.return
          ? {
              return_url: `https://shop.example${path}/return`,
              callback_url: `https://shop.example${path}/callback`,
            }
          : { return_url: `https://shop.example${path}/callback` }),
        ...under.form,
      });
      expect(events).toMatchObject([
        ['plutu.checkout.created', { gateway: gateway.name }],
      ]);
    });

    it.each(['approved', 'canceled', 'incomplete'] as const)(
      'a signed callback is answered and published once: %s',
      async (outcome) => {
        const { url, events } = await start();
        const payment = {
          account: 'default',
          gateway: gateway.name,
          outcome,
          invoiceNo: 'inv-1',
          transactionId: 't-1',
          amount: '5.00',
          amountMinor: under.fiveInMinorUnits,
          currency,
        };

        for (let arrival = 0; arrival < 2; arrival++) {
          const answer = await send(
            `${url}${path}/callback`,
            callback({ outcome }),
          );
          expect(answer.status).toBe(200);
          expect(answer.headers.get('cache-control')).toBe('no-store');
          expect(await answer.json()).toMatchObject(payment);
        }

        expect(events).toMatchObject([[`plutu.payment.${outcome}`, payment]]);
      },
    );

    it('another amount of the same transaction is another payment, another spelling is not', async () => {
      const { url, events } = await start();

      for (const amount of ['5.00', '5', '7.00']) {
        await send(`${url}${path}/callback`, callback({ amount }));
      }

      expect(names(events)).toEqual([
        'plutu.payment.approved',
        'plutu.payment.approved',
      ]);
    });

    it('what Plutu did not sign for it is refused and reported', async () => {
      const { url, events } = await start();
      const signed = callback();
      const parameters = under.parameters(VALUES);
      const forgeries: Record<string, readonly Pair[]> = {
        unsigned: parameters,
        'signed with another key': sign(parameters, 'another-key'),
        ...Object.fromEntries(
          parameters.map(([name, value]) => [
            `${name} changed`,
            signed.map((pair): Pair =>
              pair[0] === name ? [name, `${value}1`] : pair,
            ),
          ]),
        ),
        ...Object.fromEntries(
          channel.rules.required.map((name) => [
            `signed without ${name}`,
            sign(parameters.filter((pair) => pair[0] !== name)),
          ]),
        ),
        'of another gateway': sign(
          parameters.map((pair): Pair =>
            pair[0] === 'gateway' ? ['gateway', 'another'] : pair,
          ),
        ),
        'a name twice': [...signed, ['amount', '9999.00']],
        'a name in two spellings': [...signed, ['amount[]', '9999.00']],
        'a return of T-Lync': sign([
          ['approved', '1'],
          ['invoice_no', 'inv-1'],
        ]),
        'nothing at all': [],
      };

      for (const [forgery, pairs] of Object.entries(forgeries)) {
        const answer = await send(`${url}${path}/callback`, pairs);
        expect(answer.status, forgery).toBe(403);
      }

      expect(new Set(names(events))).toEqual(
        new Set(['plutu.callback.rejected']),
      );
      expect(events[0]?.[1]).toMatchObject({ gateway: gateway.name });
    });

    it('what Plutu signed and nobody can read is reported whole', async () => {
      const logged = recordErrors();
      const { url, events } = await start();
      const parameters = under.parameters({
        ...VALUES,
        amount: under.tooPrecise,
      });

      const answer = await send(`${url}${path}/callback`, sign(parameters));

      expect(answer.status).toBe(400);
      expect(events).toMatchObject([
        [
          'plutu.callback.rejected',
          {
            reason: 'invalid-fields',
            fields: { amount: [expect.any(String)] },
            signed: Object.fromEntries(parameters),
          },
        ],
      ]);
      expect(logged()).toContain(under.tooPrecise);
    });

    it('the amount that is due is compared, and what was not due is a mismatch', async () => {
      const findInvoice = (query: object) => {
        expect(query).toEqual({
          invoiceNo: 'inv-1',
          orderNo: 'inv-1',
          account: 'default',
          tenant: undefined,
          gateway: gateway.name,
        });
        return { amount: '5', currency };
      };
      const { url, events } = await start(
        { invoices: 'INVOICES' },
        { providers: [{ provide: 'INVOICES', useValue: { findInvoice } }] },
      );

      const paid = await send(`${url}${path}/callback`, callback());
      const less = await send(
        `${url}${path}/callback`,
        callback({ amount: '4.00' }),
      );

      expect([paid.status, less.status]).toEqual([200, 409]);
      expect(names(events)).toEqual([
        'plutu.payment.approved',
        'plutu.payment.mismatch',
      ]);
    });

    it('a browser that brings a callback is led on, unless browsers come back on a way of their own', async () => {
      const { url } = await start({ redirect: PAGES });

      const answers = [];
      for (const pairs of [
        callback(),
        callback({ outcome: 'canceled' }),
        callback({ outcome: 'incomplete' }),
        under.parameters(VALUES),
      ]) {
        const answer = await send(`${url}${path}/callback`, pairs, BROWSER);
        answers.push(answer.headers.get('location') ?? answer.status);
      }

      expect(answers).toEqual(
        gateway.return
          ? [200, 200, 200, 403]
          : [
              '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
              '/canceled?outcome=canceled&invoiceNo=inv-1&orderNo=inv-1',
              '/try-again?outcome=incomplete&invoiceNo=inv-1&orderNo=inv-1',
              '/refused?outcome=refused',
            ],
      );
    });

    describe('a payment is published once, and the customer is led on, if', () => {
      const PAID = '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1';

      it("Plutu's server comes first, and then the browser", async () => {
        const { url, events } = await start({ redirect: PAGES });

        const server = await send(`${url}${path}/callback`, callback());
        const browser = await comeBack(url);

        expect(server.status).toBe(gateway.return ? 200 : 303);
        expect(browser.headers.get('location')).toBe(PAID);
        expect(names(events)).toEqual(['plutu.payment.approved']);
      });

      it("the browser comes first, and then Plutu's server", async () => {
        const { url, events } = await start({ redirect: PAGES });

        const browser = comeBack(url);
        await sleep(100);
        await send(`${url}${path}/callback`, callback());

        expect((await browser).headers.get('location')).toBe(PAID);
        expect(names(events)).toEqual(['plutu.payment.approved']);
      });

      it("only Plutu's server comes", async () => {
        const { url, events } = await start({ redirect: PAGES });

        await send(`${url}${path}/callback`, callback());

        expect(names(events)).toEqual(['plutu.payment.approved']);
      });

      it('only the browser comes, if it brings the callback; otherwise the customer waits', async () => {
        const { url, events } = await start({
          redirect: PAGES,
          browserWait: 200,
        });

        const browser = await comeBack(url);

        expect([browser.headers.get('location'), names(events)]).toEqual(
          gateway.return
            ? ['/wait?outcome=pending&invoiceNo=inv-1', []]
            : [PAID, ['plutu.payment.approved']],
        );
      });
    });

    it("a tenant's checkout comes back to the tenant, with the tenant's keys and no others", async () => {
      const plutu = await plutuServer();
      const findCredentials = (tenant: string) => TENANT_KEYS[tenant];
      const { app, url, events } = await startTenants(
        {
          baseUrl: plutu.url,
          appUrl: 'https://shop.example',
          gateways: [under.feature()],
          tenants: { source: 'TENANTS' },
        },
        { provide: 'TENANTS', useValue: { findCredentials } },
      );
      const service: Service = app.get(getPlutuToken(gateway.service));

      await service.createCheckout({
        invoiceNo: 'inv-1',
        amount: '5.00',
        tenant: 'acme',
        ...under.request,
      });

      const form = new URLSearchParams(plutu.seen[0]?.body);
      const urlOf = (name: string) => {
        const named = new URL(form.get(name) ?? '');
        return `${url}${named.pathname}${named.search}`;
      };
      const callbackUrl = urlOf(gateway.return ? 'callback_url' : 'return_url');
      expect(callbackUrl).toContain(`${path}/callback?plutu_tenant=acme.`);
      const parameters = under.parameters(VALUES);
      const another = under.parameters({ ...VALUES, invoiceNo: 'inv-2' });
      const statuses = [];
      for (const [to, pairs] of [
        [callbackUrl, sign(parameters, 's-umbrella')],
        [callbackUrl, sign(another, 's-acme')],
        [callbackUrl.replace('acme.', 'umbrella.'), sign(parameters, 's-acme')],
        [callbackUrl, sign(parameters, 's-acme')],
      ] as const) {
        statuses.push((await send(to, pairs)).status);
      }
      expect(statuses).toEqual([403, 403, 403, 200]);
      expect(events.at(-1)).toMatchObject([
        'plutu.payment.approved',
        { tenant: 'acme', invoiceNo: 'inv-1' },
      ]);

      if (!gateway.return) return;
      const returned: Pair[] = [
        ['approved', '1'],
        ['invoice_no', 'inv-1'],
      ];
      const returnUrl = urlOf('return_url');
      const forged = await get(returnUrl, sign(returned, 's-umbrella'));
      const back = await get(returnUrl, sign(returned, 's-acme'));
      expect([forged.status, back.status]).toEqual([403, 200]);
      expect(await back.json()).toMatchObject({
        tenant: 'acme',
        outcome: 'approved',
      });
    });

    it('callbacks can be accepted, as far as a health check is concerned', async () => {
      const { app } = await start();

      await expect(
        app.get(PlutuHealthIndicator).isHealthy('plutu'),
      ).resolves.toEqual({ plutu: { status: 'up' } });
    });

    it('its routes are in the OpenAPI document, with what Plutu signs', async () => {
      const ways = ['callback', ...(gateway.return ? ['return'] : [])] as const;
      const { app } = await start({
        gateways: [
          under.feature({
            routes: [...ways, 'checkout'] as HostedGatewayRoute[],
          }),
        ],
      });

      const { paths } = SwaggerModule.createDocument(
        app,
        new DocumentBuilder().build(),
      );

      expect(Object.keys(paths).toSorted()).toEqual(
        [...ways, 'checkout'].map((route) => `${path}/${route}`).toSorted(),
      );
      expect(paths[`${path}/checkout`]?.post?.requestBody).toMatchObject({
        content: {
          'application/json': {
            schema: {
              $ref: `#/components/schemas/${gateway.checkout.dto.name}`,
            },
          },
        },
      });
      const signed = [...channel.rules.signable, 'hashed'];
      const callbackRoute = paths[`${path}/callback`];
      if (channel.method === 'POST') {
        const schema = {
          required: [...channel.rules.signable, 'hashed'].filter(
            (name) =>
              name === 'hashed' || channel.rules.required.includes(name),
          ),
          properties: Object.fromEntries(
            signed.map((name) => [name, expect.any(Object)]),
          ),
        };
        expect(callbackRoute?.post?.requestBody).toMatchObject({
          required: true,
          content: {
            'application/json': { schema },
            'application/x-www-form-urlencoded': { schema },
          },
        });
      }
      const inQuery = (route: string) =>
        (paths[`${path}/${route}`]?.get?.parameters ?? []).map((parameter) =>
          'name' in parameter ? parameter.name : '',
        );
      if (channel.method === 'GET') {
        expect(inQuery('callback')).toEqual([
          ...channel.rules.signable,
          'plutu_tenant',
          'hashed',
        ]);
      }
      if (gateway.return) {
        expect(inQuery('return')).toEqual([
          'approved',
          'invoice_no',
          'plutu_tenant',
          'hashed',
        ]);
      }
    });

    it('an account with a name has routes, keys and events of its own', async () => {
      const { url, events } = await start({ name: 'eu' });

      const own = await send(
        `${url}/plutu/eu/${gateway.path}/callback`,
        callback(),
      );
      const other = await send(`${url}${path}/callback`, callback());

      expect([own.status, other.status]).toEqual([200, 404]);
      expect(events).toMatchObject([
        ['plutu.payment.approved', { account: 'eu' }],
      ]);
    });

    it('a controller of the application takes its callbacks with the decorator', async () => {
      const Endpoint = callbackEndpointDecorator(channel);

      @Controller('shop')
      class ShopController {
        @Endpoint('thanks')
        thanks(@MpgsCallback() payment: Payment): string {
          return `${payment.gateway}: ${payment.invoiceNo}`;
        }
      }
      const { url } = await start(
        { gateways: [under.feature({ routes: [] })] },
        { controllers: [ShopController] },
      );

      const answer = await send(`${url}/shop/thanks`, callback());

      expect(await answer.text()).toBe(`${gateway.name}: inv-1`);
      expect((await send(`${url}/shop/thanks`, [])).status).toBe(403);
    });
  });
}

/** An application whose keys are those of its tenants. */
async function startTenants(
  options: PlutuTenantModuleOptions,
  ...providers: Provider[]
) {
  const testingModule = await Test.createTestingModule({
    imports: [EventEmitterModule.forRoot(), PlutuModule.forRoot(options)],
    providers,
  }).compile();
  const app = testingModule.createNestApplication(defaultAdapter(), {
    logger: false,
  });
  onTestFinished(() => app.close());
  const emitter = app.get(EventEmitter2);
  emitter.on('plutu.payment.approved', () => {});
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl(), events: record(emitter) };
}

interface Service {
  createCheckout(request: object): Promise<Checkout>;
}
