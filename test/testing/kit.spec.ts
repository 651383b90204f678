import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import {
  afterEach,
  describe,
  expect,
  expectTypeOf,
  it,
  onTestFinished,
  vi,
} from 'vitest';
import {
  getPlutuToken,
  PaymentApprovedEvent,
  MpgsService,
  OnPaymentApproved,
  PlutuModule,
  plutuOptionsFromEnv,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { confirm, sendCode, validFields } from '../support/sandbox.js';
import {
  CALLBACK_FORGERIES,
  PlutuTestSandbox,
  recordPlutuEvents,
  type CallbackValues,
  type PlutuEventRecorder,
} from '../../src/testing/index.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes its time, as a database does, and can be out of order. */
@Injectable()
class OrdersService {
  readonly paid: string[] = [];
  isDown = false;

  @OnPaymentApproved()
  async onPaid({ invoiceNo }: PaymentApprovedEvent): Promise<void> {
    await sleep(50);
    if (this.isDown) throw new Error('the database is down');
    this.paid.push(invoiceNo);
  }
}

@Controller('hello')
class HelloController {
  @Get()
  hello(): string {
    return 'hello';
  }
}

interface Shop {
  readonly sandbox: PlutuTestSandbox;
  readonly app: INestApplication;
  readonly events: PlutuEventRecorder;
  readonly mpgs: MpgsService;
  /** Of the providers that it has by default. */
  readonly orders: OrdersService;
}

async function startShop(
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
  options: (
    sandbox: PlutuTestSandbox,
  ) => Partial<PlutuModuleOptions> = () => ({}),
  providers: Type<unknown>[] = [OrdersService],
): Promise<Shop> {
  const sandbox = await PlutuTestSandbox.start();
  onTestFinished(() => sandbox.close());
  const testingModule = await Test.createTestingModule({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({ ...sandbox.options, ...options(sandbox) }),
    ],
    controllers: [HelloController],
    providers,
  }).compile();
  const app = testingModule.createNestApplication(adapter, { logger: false });
  onTestFinished(() => app.close());
  const events = recordPlutuEvents(app);
  await sandbox.serve(app);
  return {
    sandbox,
    app,
    events,
    mpgs: app.get(MpgsService),
    get orders() {
      return app.get(OrdersService);
    },
  };
}

const PLATFORMS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(PLATFORMS)(
  'an application under test on %s',
  (_name, adapter) => {
    it.each([
      ['pay', 'approved'],
      ['cancel', 'canceled'],
      ['decline', 'incomplete'],
    ] as const)('hears what the customer does: %s', async (way, outcome) => {
      const { sandbox, mpgs, events, orders } = await startShop(adapter());
      await mpgs.createCheckout({ amount: '25.50', invoiceNo: 'inv-1' });
      const { invoiceNo } = await events.next('created');

      const { browserUrl, delivery } = await sandbox[way](invoiceNo);

      expect(delivery).toMatchObject({ status: 200 });
      expect(await events.next(outcome)).toMatchObject({
        invoiceNo: 'inv-1',
        amountMinor: 2550,
      });
      // The customer's browser, which brings the same callback.
      expect(
        browserUrl.startsWith(`${sandbox.appUrl}/plutu/mpgs/callback?`),
      ).toBe(true);
      expect((await fetch(browserUrl)).status).toBe(200);
      expect(events.all.map(({ name }) => name)).toEqual(['created', outcome]);
      expect(orders.paid).toEqual(outcome === 'approved' ? ['inv-1'] : []);
    });

    it('refuses every forgery, and takes the genuine one, however often', async () => {
      const { sandbox, events, orders } = await startShop(adapter());
      const values = { invoiceNo: 'inv-1' };

      for (const forgery of CALLBACK_FORGERIES) {
        const forged = sandbox.forgedCallback(forgery, values);
        expect((await fetch(forged)).status, forgery).toBe(403);
        await events.next('rejected');
      }
      for (let arrival = 0; arrival < 2; arrival++) {
        const genuine = sandbox.signedCallback(values);
        expect((await fetch(genuine)).status).toBe(200);
      }

      expect(orders.paid).toEqual(['inv-1']);
    });

    it('is reached by its address, and by its own server as well', async () => {
      const { sandbox, app } = await startShop(adapter());
      const hello = await fetch(`${sandbox.appUrl}/hello`);
      expect(await hello.text()).toBe('hello');
      await request(app.getHttpServer()).get('/hello').expect(200, 'hello');
      await request(sandbox.appUrl).get('/plutu/mpgs/callback').expect(403);
    });

    it('takes the sandbox with it when it is closed', async () => {
      const { sandbox, app } = await startShop(adapter());
      await app.close();
      for (const url of [sandbox.appUrl, sandbox.plutu.origin]) {
        await vi.waitFor(() =>
          expect(fetch(url)).rejects.toThrow('fetch failed'),
        );
      }
    });

    it('may listen already', async () => {
      const sandbox = await PlutuTestSandbox.start();
      const testingModule = await Test.createTestingModule({
        controllers: [HelloController],
      }).compile();
      const app = testingModule.createNestApplication(adapter());
      onTestFinished(() => app.close());
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();

      await sandbox.serve(app);

      expect(await app.getUrl()).toBe(url);
      expect((await fetch(`${sandbox.appUrl}/hello`)).status).toBe(200);
    });
  },
);

describe('an application that reads the environment', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('finds the sandbox there', async () => {
    const sandbox = await PlutuTestSandbox.start();
    for (const [name, value] of Object.entries({
      ...sandbox.env,
      SHOP_URL: sandbox.appUrl,
    })) {
      vi.stubEnv(name, value);
    }

    @Module({
      imports: [
        EventEmitterModule.forRoot(),
        PlutuModule.forRootAsync({
          useFactory: () => ({
            ...plutuOptionsFromEnv(),
            ...(process.env['SHOP_URL'] && { appUrl: process.env['SHOP_URL'] }),
          }),
        }),
      ],
      providers: [OrdersService],
    })
    class AppModule {}

    const testingModule = await Test.createTestingModule({
      imports: [AppModule],
    }).compile();
    const app = testingModule.createNestApplication();
    onTestFinished(() => app.close());
    await sandbox.serve(app);
    await app
      .get(MpgsService)
      .createCheckout({ amount: 5, invoiceNo: 'inv-1' });
    await sandbox.pay('inv-1');

    expect(app.get(OrdersService).paid).toEqual(['inv-1']);
  });
});

describe('the sandbox of a test', () => {
  it('has a return URL for an endpoint of the application’s own', async () => {
    const sandbox = await PlutuTestSandbox.start({
      callbackPath: '/payments/thanks?lang=ar',
      secretKey: 'another-key',
    });
    onTestFinished(() => sandbox.close());
    expect(sandbox.options).toMatchObject({
      returnUrl: `${sandbox.appUrl}/payments/thanks?lang=ar`,
      secretKey: 'another-key',
    });
    expect(sandbox.env).toMatchObject({ PLUTU_SECRET_KEY: 'another-key' });
  });

  it('never calls a shop that is not the one under test', async () => {
    const { sandbox, mpgs } = await startShop(new ExpressAdapter(), () => ({
      returnUrl: 'https://shop.example/plutu/mpgs/callback',
    }));
    await mpgs.createCheckout({ amount: 5, invoiceNo: 'inv-1' });
    for (const way of ['pay', 'decline', 'cancel'] as const) {
      await expect(sandbox[way]('inv-1')).rejects.toThrow(
        /https:\/\/shop\.example.* has to begin with http:\/\/127\.0\.0\.1:\d+/,
      );
    }
    expect(sandbox.plutu.transactions[0]?.deliveries).toEqual([]);
  });

  it('says which invoice number it does not know', async () => {
    const { sandbox } = await startShop();
    await expect(sandbox.pay('inv-0')).rejects.toThrow('inv-0');
  });

  it('says what is missing while no application is served', async () => {
    const sandbox = await PlutuTestSandbox.start();
    onTestFinished(() => sandbox.close());
    const response = await fetch(sandbox.appUrl);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('serve(app)');
  });

  it('can be closed more than once', async () => {
    const sandbox = await PlutuTestSandbox.start();
    await Promise.all([sandbox.close(), sandbox.close()]);
    await sandbox.close();
    await expect(fetch(sandbox.appUrl)).rejects.toThrow('fetch failed');
  });
});

describe('the code that a customer was sent', () => {
  it('is the latest one, as text, whatever the spelling of the number', async () => {
    const sandbox = await PlutuTestSandbox.start();
    onTestFinished(() => sandbox.close());
    await sendCode(sandbox.plutu, 'sadadapi');
    const { code } = await sendCode(sandbox.plutu, 'edfali');
    await sendCode(sandbox.plutu, 'edfali', { mobile_number: '0921112223' });

    for (const number of ['0913632323', '913632323', '+218 91-363-2323']) {
      expect(await sandbox.codeSentTo(number)).toBe(code);
    }
    expect(code).toMatch(/^\d{4}$/);
  });

  it('is missing with an error that says who was sent one', async () => {
    const sandbox = await PlutuTestSandbox.start();
    onTestFinished(() => sandbox.close());
    await expect(sandbox.codeSentTo('0913632323')).rejects.toThrow(
      'No one-time password was sent to 0913632323. None was sent to any number.',
    );
    await sendCode(sandbox.plutu, 'edfali', { mobile_number: '0921112223' });
    await sendCode(sandbox.plutu, 'edfali', { mobile_number: '0921112223' });
    await expect(sandbox.codeSentTo('0913632323')).rejects.toThrow(
      'No one-time password was sent to 0913632323. Some were sent to 0921112223.',
    );
    await expect(sandbox.codeSentTo('0213632323')).rejects.toThrow(
      'mobileNumber must be a Libyan mobile number',
    );
  });
});

describe('what the sandbox of a test signs', () => {
  it('goes to the routes of the module, or to the endpoint that it is given', async () => {
    const sandbox = await PlutuTestSandbox.start();
    onTestFinished(() => sandbox.close());
    const { appUrl } = sandbox;

    for (const [gateway, callback, back] of [
      [undefined, '/plutu/mpgs/callback', '/plutu/mpgs/callback'],
      [
        'localbankcards',
        '/plutu/local-bank-cards/callback',
        '/plutu/local-bank-cards/callback',
      ],
      ['tlync', '/plutu/tlync/callback', '/plutu/tlync/return'],
    ] as const) {
      expect(sandbox.callbackUrl(gateway)).toBe(appUrl + callback);
      expect(sandbox.returnUrl(gateway)).toBe(appUrl + back);
      const values = { gateway };
      const leadsTo = ({ url }: Request) => url.split('?')[0];
      expect([
        leadsTo(sandbox.signedCallback(values)),
        leadsTo(sandbox.forgedCallback('tampered', values)),
        leadsTo(sandbox.signedReturn(values)),
        leadsTo(sandbox.forgedReturn('tampered', values)),
      ]).toEqual([callback, callback, back, back].map((path) => appUrl + path));
      const own = `${appUrl}/own`;
      expect(leadsTo(sandbox.signedCallback(values, own))).toBe(own);
      expect(leadsTo(sandbox.signedReturn(values, own))).toBe(own);
    }
  });

  it('goes to the callback path of the application, if it has one', async () => {
    const sandbox = await PlutuTestSandbox.start({
      callbackPath: '/payments/thanks?lang=ar',
    });
    onTestFinished(() => sandbox.close());
    const { url } = sandbox.signedCallback();
    expect(url).toMatch(
      `${sandbox.appUrl}/payments/thanks?lang=ar&gateway=mpgs&approved=1`,
    );
  });

  it('is signed with the key of the sandbox', async () => {
    const shop = await startShop();
    const other = await startShop(undefined, () => ({
      secretKey: 'another-key',
    }));
    expect((await fetch(shop.sandbox.signedCallback())).status).toBe(200);

    const answer = await fetch(other.sandbox.signedCallback());
    expect(answer.status).toBe(403);
  });
});

describe('the sandbox of a test pays through', () => {
  it.each(['mpgs', 'localbankcards', 'tlync'] as const)(
    '%s in one line, and never calls another shop',
    async (gateway) => {
      const sandbox = await PlutuTestSandbox.start();
      const testingModule = await Test.createTestingModule({
        controllers: [HelloController],
      }).compile();
      const app = testingModule.createNestApplication();
      onTestFinished(() => app.close());
      await sandbox.serve(app);
      const open = async (invoice_no: string, url: string) => {
        const fields: Record<string, string> = {
          ...validFields(gateway),
          invoice_no,
          return_url: `${sandbox.appUrl}/hello`,
        };
        if (gateway === 'tlync') fields['callback_url'] = url;
        await confirm(sandbox.plutu, fields, gateway);
      };
      await open('inv-1', `${sandbox.appUrl}/hello`);
      await open('inv-2', 'http://127.0.0.1:9/callback');

      const { browserUrl, delivery } = await sandbox.pay('inv-1');

      // It has a GET of that path, and no POST.
      expect(delivery.status).toBe(gateway === 'tlync' ? 404 : 200);
      expect((await fetch(browserUrl)).status).toBe(200);
      if (gateway === 'tlync') {
        await expect(sandbox.pay('inv-2')).rejects.toThrow(
          'The callback URL of invoice inv-2 is http://127.0.0.1:9/callback',
        );
      }
    },
  );
});

describe('the events recorder', () => {
  const call = ({ sandbox }: Shop, values: CallbackValues) =>
    fetch(sandbox.signedCallback(values));

  it('resolves to an event that arrived before, or that is still to come', async () => {
    const shop = await startShop();
    await call(shop, { invoiceNo: 'first' });
    const later = call(shop, { invoiceNo: 'second' });

    expect((await shop.events.next('approved')).invoiceNo).toBe('first');
    expect((await shop.events.next('approved')).invoiceNo).toBe('second');
    await later;
  });

  it('gives calls at the same moment an event each', async () => {
    const shop = await startShop();
    const both = Promise.all([
      shop.events.next('approved'),
      shop.events.next('approved'),
    ]);
    await call(shop, { invoiceNo: 'first' });
    await call(shop, { invoiceNo: 'second' });
    expect((await both).map(({ invoiceNo }) => invoiceNo)).toEqual([
      'first',
      'second',
    ]);
  });

  it('resolves when the handlers have done their work', async () => {
    const shop = await startShop();
    const answer = call(shop, { invoiceNo: 'inv-1' });
    await shop.events.next('approved');
    expect(shop.orders.paid).toEqual(['inv-1']);
    await answer;
  });

  it('forgets an earlier test when it is cleared', async () => {
    const shop = await startShop();
    await shop.mpgs.createCheckout({ amount: 5, invoiceNo: 'first' });
    await shop.sandbox.pay('first');
    await call(shop, { outcome: 'canceled', invoiceNo: 'first' });
    await shop.events.next('canceled');

    shop.events.clear();

    expect(shop.events.all).toEqual([]);
    await expect(shop.events.next('approved', { timeout: 50 })).rejects.toThrow(
      /Nothing was recorded\.$/,
    );
    await call(shop, { invoiceNo: 'second' });
    expect((await shop.events.next('approved')).invoiceNo).toBe('second');
  });

  it('finds the event of one invoice among others', async () => {
    const shop = await startShop();
    const second = shop.events.next('approved', { invoiceNo: 'second' });
    await call(shop, { invoiceNo: 'first' });
    await call(shop, { invoiceNo: 'second' });
    await shop.mpgs.createCheckout({ amount: 5, invoiceNo: 'third' });

    expect((await second).invoiceNo).toBe('second');
    expect(await shop.events.next('approved', { invoiceNo: 'first' })).toEqual(
      expect.objectContaining({ invoiceNo: 'first' }),
    );
    await shop.events.next('created', { invoiceNo: 'third' });
    await expect(
      shop.events.next('approved', { invoiceNo: 'third', timeout: 50 }),
    ).rejects.toThrow(
      /^No event "approved" of invoice third was delivered within 50 ms\. [^]*\n- created /,
    );
  });

  it('lets any number of calls wait without a warning of a leak', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => void warnings.push(warning);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const shop = await startShop();
    const invoiceNos = Array.from({ length: 30 }, (_, i) => `inv-${i}`);

    const all = Promise.all(
      invoiceNos.map((invoiceNo) =>
        shop.events.next('approved', { invoiceNo }),
      ),
    );
    await Promise.all(invoiceNos.map((invoiceNo) => call(shop, { invoiceNo })));

    expect((await all).map(({ invoiceNo }) => invoiceNo)).toEqual(invoiceNos);
    expect(warnings).toEqual([]);
  });

  it('says what the application answered to the callbacks of the sandbox', async () => {
    const shop = await startShop(new ExpressAdapter(), (sandbox) => ({
      returnUrl: `${sandbox.appUrl}/no/such/route`,
    }));
    for (const invoiceNo of ['first', 'second']) {
      await shop.mpgs.createCheckout({ amount: 5, invoiceNo });
      await shop.sandbox.pay(invoiceNo);
    }

    const error: unknown = await shop.events
      .next('approved', { invoiceNo: 'second', timeout: 50 })
      .catch((reason: unknown) => reason);

    const target = `${shop.sandbox.appUrl}/no/such/route`;
    expect(String(error)).toContain(
      `\nThe sandbox's callbacks were answered:\n- second approved, callback to ${target}: 404 (the application has no such route`,
    );
    expect(String(error)).not.toContain('first approved');
    expect(String(error)).not.toContain('hashed');
  });

  it('says that a callback was refused, and not that a queue took it', async () => {
    const shop = await startShop(new ExpressAdapter(), () => ({
      secretKey: 'another-key',
      redirect: '/hello',
    }));
    await shop.mpgs.createCheckout({ amount: 5, invoiceNo: 'inv-1' });
    await shop.sandbox.pay('inv-1');

    await expect(shop.events.next('approved', { timeout: 50 })).rejects.toThrow(
      /\n- rejected: .*signature-mismatch.*\n.*\n- inv-1 approved, callback to \S+: 303$/,
    );
  });

  it('says that a callback was answered with 503 when a handler failed', async () => {
    const shop = await startShop();
    const events = recordPlutuEvents(shop.app);
    shop.orders.isDown = true;
    await shop.mpgs.createCheckout({ amount: 5, invoiceNo: 'inv-1' });
    await shop.sandbox.pay('inv-1');

    await expect(events.next('approved', { timeout: 50 })).rejects.toThrow(
      /the database is down[^]*\n- inv-1 approved, callback to \S+: 503$/,
    );
  });

  it('starts anew where a test makes another', async () => {
    const shop = await startShop();
    await call(shop, { invoiceNo: 'inv-1' });
    const events = recordPlutuEvents(shop.app);
    expect(events.all).toEqual([]);
  });

  it('resolves to the event of its class and of its type', async () => {
    const shop = await startShop();
    await call(shop, {});
    const event = await shop.events.next('approved');
    expectTypeOf(event).toEqualTypeOf<PaymentApprovedEvent>();
    expect(event).toBeInstanceOf(PaymentApprovedEvent);

    const [recorded] = shop.events.all;
    if (recorded?.name !== 'approved') throw new Error('It is the only one.');
    expectTypeOf(recorded.event).toEqualTypeOf<PaymentApprovedEvent>();
    // @ts-expect-error no event of the module's
    await expect(shop.events.next('paid', { timeout: 1 })).rejects.toThrow(
      '"paid"',
    );
  });

  it('says in time what did arrive', async () => {
    const shop = await startShop();
    await call(shop, { outcome: 'canceled', invoiceNo: 'inv-7' });
    const start = performance.now();

    const error: unknown = await shop.events
      .next('approved', { timeout: 100 })
      .catch((reason: unknown) => reason);

    expect(performance.now() - start).toBeLessThan(1500);
    expect(String(error)).toMatch(
      /^Error: No event "approved" was delivered within 100 ms\. Recorded were:\n- canceled: PaymentCanceledEvent \{.*invoiceNo: 'inv-7'.*\}$/,
    );
    // The line of the test, and not only that of a timer.
    expect((error as Error).stack).toContain('kit.spec.ts');
  });

  it('says so where nothing arrived, or what did was taken', async () => {
    const shop = await startShop();
    const missing = () => shop.events.next('approved', { timeout: 50 });
    await expect(missing()).rejects.toThrow('Nothing was recorded.');
    await call(shop, {});
    await missing();
    await expect(missing()).rejects.toThrow(/- approved \(taken by an earlier/);
  });

  it('waits in real time where the test has faked its timers', async () => {
    const shop = await startShop();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await expect(shop.events.next('approved', { timeout: 50 })).rejects.toThrow(
      'within 50 ms',
    );
  });

  it('tells an event whose handler failed from one that was delivered', async () => {
    const shop = await startShop();
    shop.orders.isDown = true;
    expect((await call(shop, {})).status).toBe(503);

    await expect(shop.events.next('approved', { timeout: 50 })).rejects.toThrow(
      /- approved \(not delivered: ConsumerError: OrdersService\.onPaid: the database is down\)/,
    );
    expect(shop.events.all).toMatchObject([
      {
        name: 'approved',
        failures: [
          {
            consumer: 'OrdersService.onPaid',
            cause: new Error('the database is down'),
          },
        ],
      },
    ]);

    shop.orders.isDown = false;
    expect((await call(shop, {})).status).toBe(200);
    await shop.events.next('approved');
  });

  // Counted as one, it would hide from the test that production answers 503.
  it('is no handler', async () => {
    const shop = await startShop(undefined, undefined, []);

    expect((await call(shop, {})).status).toBe(503);

    await expect(shop.events.next('approved', { timeout: 50 })).rejects.toThrow(
      /not delivered: Error: Nothing in this application consumes/,
    );
  });

  it('records every account of an application, each with its sandbox', async () => {
    const sandboxes = {
      one: await PlutuTestSandbox.start({ secretKey: 'key-of-one' }),
      two: await PlutuTestSandbox.start({ secretKey: 'key-of-two' }),
    };
    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot(),
        ...Object.entries(sandboxes).map(([name, { options }]) =>
          PlutuModule.forRoot({ name, ...options }),
        ),
      ],
      providers: [OrdersService],
    }).compile();
    const events = recordPlutuEvents(testingModule);
    const app = testingModule.createNestApplication();
    onTestFinished(() => app.close());

    for (const [account, sandbox] of Object.entries(sandboxes)) {
      await sandbox.serve(app);
      const mpgs = app.get<MpgsService>(getPlutuToken(MpgsService, account));
      await mpgs.createCheckout({ amount: 5, invoiceNo: 'inv-1' });
      await sandbox.pay('inv-1');
      expect(await events.next('created')).toMatchObject({ account });
      expect(await events.next('approved')).toMatchObject({ account });
    }
  });

  it('needs an application that imports PlutuModule', async () => {
    const testingModule = await Test.createTestingModule({}).compile();
    expect(() => recordPlutuEvents(testingModule)).toThrow('PlutuModule');
  });
});

describe('the package', () => {
  /** The files of `dist` that an entry point loads, and the packages. */
  async function loadedBy(entry: string, seen = new Set<string>()) {
    if (seen.has(entry)) return seen;
    seen.add(entry);
    const url = new URL(`../../dist/${entry}`, import.meta.url);
    const source = await readFile(url, 'utf8');
    for (const [, name = ''] of source.matchAll(
      /(?:from|import) ?\(?['"]([^'"]+)['"]/g,
    )) {
      if (!name.startsWith('.')) seen.add(name);
      else {
        const path = new URL(name, `file:///${entry}`).pathname.slice(1);
        await loadedBy(path, seen);
      }
    }
    return seen;
  }

  it('loads nothing of the kit with the root entry point', async () => {
    const loaded = [...(await loadedBy('index.js'))];
    expect(loaded).toContain('gateways/mpgs/mpgs.service.js');
    expect(loaded.filter((name) => /^(testing|sandbox)\//.test(name))).toEqual(
      [],
    );
  });

  it('loads no test runner with the kit, nor anything that production lacks', async () => {
    const loaded = [...(await loadedBy('testing/index.js'))];
    const packages = loaded.filter((name) => !/\.js$|^node:/.test(name));
    const { dependencies, peerDependencies } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as Record<string, Record<string, string>>;
    expect(packages).toContain('@nestjs/common');
    expect(Object.keys({ ...dependencies, ...peerDependencies })).toEqual(
      expect.arrayContaining(packages),
    );
  });
});
