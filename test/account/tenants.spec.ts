import { createSecretKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  isTagOf,
  readTenantParameter,
  tenantParameter,
} from '../../src/account/tenant-parameter.js';
import {
  PLUTU_EVENTS,
  MpgsService,
  PlutuInvalidRequestError,
  PlutuModule,
  PlutuRefusedError,
  type InvoiceQuery,
  type InvoiceSource,
  type PlutuKeys,
  type PlutuTenantModuleOptions,
  type TenantCredentialsSource,
} from '../../src/index.js';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import { ACCOUNT, record, recordErrors } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

const ACME = {
  apiKey: 'acme-api',
  accessToken: 'acme-token',
  secretKey: 's-acme',
};
const UMBRELLA = {
  apiKey: 'umbrella-api',
  accessToken: 'umbrella-token',
  secretKey: 's-umbrella',
};

/** The application's tenants, as a table of its database. */
@Injectable()
class Tenants implements TenantCredentialsSource, InvoiceSource {
  lookups = 0;
  isDown = false;
  readonly keys = new Map<string, PlutuKeys>([
    ['acme', ACME],
    ['umbrella', UMBRELLA],
  ]);

  async findCredentials(tenant: string): Promise<PlutuKeys | undefined> {
    this.lookups++;
    if (this.isDown) throw new Error('the database is down');
    return this.keys.get(tenant);
  }

  findInvoice({ tenant }: InvoiceQuery) {
    return { amount: tenant === 'acme' ? '5.00' : '7.00', currency: 'USD' };
  }
}

async function startShop(options: Partial<PlutuTenantModuleOptions> = {}) {
  const sandbox = await PlutuSandbox.start(ACME);
  onTestFinished(() => sandbox.close());
  const testingModule = await Test.createTestingModule({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({
        baseUrl: sandbox.baseUrl,
        tenants: { source: Tenants },
        ...options,
      }),
    ],
    providers: [Tenants],
  }).compile();
  const app = testingModule.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  const emitter = app.get(EventEmitter2);
  emitter.on(PLUTU_EVENTS.paymentApproved, () => {});
  await app.listen(0, '127.0.0.1');
  const returnUrl = `${await app.getUrl()}/plutu/mpgs/callback`;
  return {
    sandbox,
    returnUrl,
    mpgs: app.get(MpgsService),
    tenants: app.get(Tenants),
    events: record(emitter),
    call: (query: string) => fetch(`${returnUrl}?${query}`),
  };
}

/** A callback that a tenant's keys sign, with the tenant that it names. */
function callbackOf(
  keys: { secretKey: string },
  tenant?: string,
  { tagKeys = keys, transactionId = 't-1' } = {},
): string {
  const named = tenant === undefined ? '' : `${parameterOf(tagKeys, tenant)}&`;
  return named + callbackQuery({ transactionId }, keys.secretKey);
}

/** A checkout of a tenant that is not known yet. */
function order(tenant: string) {
  const returnUrl = 'https://shop.example/';
  return { tenant, amount: 5, invoiceNo: 'inv-9', returnUrl };
}

/** The parameter that names a tenant, as the module adds it. */
function parameterOf(
  { secretKey }: { secretKey: string },
  tenant: string,
  invoiceNo = 'inv-1',
): string {
  const key = createSecretKey(secretKey, 'utf8');
  const invoice = { account: 'default', tenant, invoiceNo };
  return `plutu_tenant=${tenantParameter([key], invoice)}`;
}

describe('a tenant of the application', () => {
  it('opens a checkout with its own keys, and its payment comes back to it', async () => {
    const { sandbox, mpgs, returnUrl, events } = await startShop();

    await mpgs.createCheckout({
      tenant: 'acme',
      amount: 5,
      invoiceNo: 'inv-1',
      returnUrl: `${returnUrl}?order=7`,
    });
    const { browserUrl, delivery } = await sandbox.pay('inv-1');

    expect(browserUrl).toContain(
      `?order=7&${parameterOf(ACME, 'acme')}&gateway=mpgs`,
    );
    expect(delivery.status).toBe(200);
    expect(events).toMatchObject([
      ['plutu.checkout.created', { tenant: 'acme' }],
      ['plutu.payment.approved', { tenant: 'acme', invoiceNo: 'inv-1' }],
    ]);
    // Another's keys are not those of this Plutu.
    await expect(
      mpgs.createCheckout({
        tenant: 'umbrella',
        amount: 5,
        invoiceNo: 'inv-2',
        returnUrl,
      }),
    ).rejects.toBeInstanceOf(PlutuRefusedError);
  });

  it("cannot pass its own signature off as another's", async () => {
    const { call, events } = await startShop();

    const queries = [
      callbackOf(ACME, 'umbrella'),
      callbackOf(ACME),
      callbackOf(ACME, 'nobody'),
      callbackOf(ACME, '..%2Facme'),
      `plutu_tenant=acme&${callbackOf(ACME)}`,
      `plutu_tenant=acme.${'0'.repeat(32)}&${callbackOf(ACME)}`,
      `${parameterOf(ACME, 'acme')}&${callbackOf(ACME, 'umbrella')}`,
      `${parameterOf(ACME, 'acme').replace('=', '[]=')}&${callbackOf(ACME, 'acme')}`,
      `${parameterOf(ACME, 'acme').replace('_', '.')}&${callbackOf(ACME, 'acme')}`,
      // The tag of another invoice.
      `${parameterOf(ACME, 'acme', 'inv-2')}&${callbackOf(ACME)}`,
    ];
    for (const query of queries) {
      expect((await call(query)).status, query).toBe(403);
    }

    expect(new Set(events.map(([name]) => name))).toEqual(
      new Set(['plutu.callback.rejected']),
    );
  });

  it("'s payment counts for no other, though they had the same keys or nearly the same name", async () => {
    const { call, tenants, events } = await startShop();
    tenants.keys.set('twin', ACME);
    tenants.keys.set('ACME', ACME);
    const genuine = callbackOf(ACME, 'acme');

    expect((await call(genuine)).status).toBe(200);
    for (const other of ['twin', 'ACME']) {
      const moved = genuine.replace(
        'plutu_tenant=acme',
        `plutu_tenant=${other}`,
      );
      expect((await call(moved)).status).toBe(403);
    }
    expect(
      events.filter(([name]) => name === PLUTU_EVENTS.paymentApproved),
    ).toHaveLength(1);
  });

  it("cannot have the application's own keys, where its name could be left out", async () => {
    const { call, tenants } = await startShop(ACCOUNT);
    tenants.keys.set('acme', ACCOUNT);

    expect((await call(callbackOf(ACCOUNT, 'acme'))).status).toBe(503);
  });

  it('is named with all that Plutu signed, if the signature holds and the tag does not', async () => {
    const logged = recordErrors();
    const { call, events } = await startShop();
    const query = callbackOf(ACME, 'acme', { tagKeys: UMBRELLA });

    expect((await call(query)).status).toBe(403);

    expect(events).toMatchObject([
      [
        PLUTU_EVENTS.callbackRejected,
        {
          reason: 'unknown-tenant',
          tenant: 'acme',
          signed: { invoice_no: 'inv-1', transaction_id: 't-1' },
        },
      ],
    ]);
    expect(logged()).toContain('"transaction_id":"t-1"');
    expect(logged() + JSON.stringify(events)).not.toContain('plutu_tenant');
  });

  it('may have the same transaction as another', async () => {
    const { call, events } = await startShop();

    await call(callbackOf(ACME, 'acme'));
    await call(callbackOf(ACME, 'acme'));
    await call(callbackOf(UMBRELLA, 'umbrella'));

    expect(
      events.map(([, event]) => (event as { tenant: string }).tenant),
    ).toEqual(['acme', 'umbrella']);
  });

  it('has invoices of its own', async () => {
    const { call } = await startShop({ invoices: Tenants });

    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    expect((await call(callbackOf(UMBRELLA, 'umbrella'))).status).toBe(409);
  });

  it('has to be known, and named where the application has no keys itself', async () => {
    const { mpgs, returnUrl } = await startShop();
    const request = { amount: 5, invoiceNo: 'inv-1', returnUrl };

    for (const tenant of ['nobody', undefined, null as never, 'a/b', '']) {
      const error: unknown = await mpgs
        .createCheckout({ ...request, tenant })
        .catch((thrown) => thrown);
      expect(error).toBeInstanceOf(PlutuInvalidRequestError);
      expect(error).toHaveProperty('fields.tenant');
    }
  });

  it('does not keep the application from having an account itself', async () => {
    const { call, events } = await startShop(ACCOUNT);

    expect((await call(callbackQuery())).status).toBe(200);
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    expect(
      events.map(([, event]) => (event as { tenant?: string }).tenant),
    ).toEqual([undefined, 'acme']);
  });
});

describe('the keys of tenants', () => {
  it('are looked up once for a while, for any number of callbacks', async () => {
    const { call, tenants } = await startShop();

    await Promise.all(
      Array.from({ length: 10 }, () => call(callbackOf(ACME, 'acme'))),
    );
    await call(callbackOf(ACME, 'nobody'));
    await call(callbackOf(ACME, 'nobody'));

    expect(tenants.lookups).toBe(2);
  });

  it('take effect when they are changed, as soon as a callback needs it', async () => {
    const { call, tenants } = await startShop();
    const changed = { ...ACME, secretKey: 's-acme-2' };
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);

    tenants.keys.set('acme', changed);

    expect((await call(callbackOf(changed, 'acme'))).status).toBe(200);
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(403);
  });

  it('may be two while one is replaced: a checkout from before is still paid', async () => {
    const { call, tenants } = await startShop();
    const renewed = { secretKey: 's-acme-2' };
    tenants.keys.set('acme', {
      ...ACME,
      secretKey: [renewed.secretKey, ACME.secretKey],
    });

    // Opened under the old key, paid and signed under the new one.
    const paid = callbackOf(renewed, 'acme', { tagKeys: ACME });

    expect((await call(paid)).status).toBe(200);
  });

  it('may be two of which this instance knows only the old one', async () => {
    const { call, tenants, events } = await startShop();
    const renewed = { secretKey: 's-acme-2' };
    // This instance has looked the keys up before they were renewed.
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    tenants.keys.set('acme', {
      ...ACME,
      secretKey: [renewed.secretKey, ACME.secretKey],
    });

    // Opened by an instance that knows the new key, signed with the old one.
    const query = callbackOf(ACME, 'acme', {
      tagKeys: renewed,
      transactionId: 't-2',
    });

    expect((await call(query)).status).toBe(200);
    expect(events).toHaveLength(2);
  });

  it('are looked up again when they are older than "ttl"', async () => {
    const { call, tenants } = await startShop({
      tenants: { source: Tenants, ttl: 50 },
    });

    await call(callbackOf(ACME, 'acme'));
    await sleep(60);
    await call(callbackOf(ACME, 'acme'));

    expect(tenants.lookups).toBe(2);
  });

  it('count no longer when the tenant has been removed', async () => {
    const { call, tenants } = await startShop();
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    tenants.keys.delete('acme');

    // What does not hold is looked up again, and the tenant is gone.
    expect((await call(callbackOf(UMBRELLA, 'acme'))).status).toBe(403);

    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(403);
  });

  it('are served to known tenants while forged names are looked up', async () => {
    const { call, mpgs, tenants } = await startShop({
      tenants: { source: Tenants, ttl: 50 },
    });
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    await sleep(60);
    const lookup = tenants.findCredentials.bind(tenants);
    tenants.findCredentials = async (tenant) => {
      const keys = await lookup(tenant);
      return tenant === 'acme' ? keys : new Promise(() => {});
    };
    const forgeries = Array.from({ length: 100 }, (_, i) =>
      call(callbackOf(UMBRELLA, `forged-${i}`)),
    );
    await expect.poll(() => tenants.lookups).toBe(101);

    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    await expect(mpgs.createCheckout(order('one-more'))).rejects.toMatchObject({
      code: 'PLUTU_LOOKUP_FAILED',
      message: expect.stringContaining('100 tenants'),
    });
    for (const { status } of await Promise.all(forgeries)) {
      expect(status).toBe(503);
    }
  });

  it("do not open a checkout at an https: Plutu if the sandbox's secret key is among them", async () => {
    const { mpgs, tenants } = await startShop({
      baseUrl: 'https://127.0.0.1:1/api',
    });
    tenants.keys.set('acme', {
      ...ACME,
      secretKey: [ACME.secretKey, 'sandbox_secret_key'],
    });

    await expect(mpgs.createCheckout(order('acme'))).rejects.toMatchObject({
      code: 'PLUTU_LOOKUP_FAILED',
      message: expect.stringMatching(/tenant acme .*secretKey.* sandbox/),
      cause: { code: 'PLUTU_CONFIGURATION', option: 'tenants.source' },
    });
  });

  it("verify nothing at an https: Plutu if the sandbox's secret key is among them", async () => {
    const { call, tenants, events } = await startShop({
      baseUrl: 'https://127.0.0.1:1/api',
    });
    const leaked = { ...ACME, secretKey: 'sandbox_secret_key' };
    tenants.keys.set('acme', leaked);

    expect((await call(callbackOf(leaked, 'acme'))).status).toBe(503);
    expect(events).toEqual([]);
  });

  it('are not looked up for every forgery', async () => {
    const { call, tenants } = await startShop();

    await call(callbackOf(ACME, 'acme'));
    const forgeries = Array.from({ length: 20 }, () =>
      call(callbackOf(UMBRELLA, 'acme')),
    );
    for (const { status } of await Promise.all(forgeries)) {
      expect(status).toBe(403);
    }

    // Once for the genuine one, and once more for all that did not hold.
    expect(tenants.lookups).toBe(2);
  });

  it('are had for each, however many tenants are looked up at once', async () => {
    const { call } = await startShop({ tenants: { source: Tenants, max: 1 } });

    const answers = await Promise.all([
      call(callbackOf(ACME, 'acme')),
      call(callbackOf(UMBRELLA, 'umbrella')),
      call(callbackOf(ACME, 'acme')),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('are kept for a bounded number of tenants', async () => {
    const { call, tenants } = await startShop({
      tenants: { source: Tenants, max: 1 },
    });

    await call(callbackOf(ACME, 'acme'));
    await call(callbackOf(UMBRELLA, 'umbrella'));
    await call(callbackOf(ACME, 'acme'));

    expect(tenants.lookups).toBe(3);
  });

  it('that cannot be read cost no payment: it is asked to wait, and taken afterwards', async () => {
    const { call, tenants, events } = await startShop();
    tenants.isDown = true;

    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(503);

    tenants.isDown = false;
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);
    expect(events).toHaveLength(1);
  });
});

describe("the tag that binds a tenant's payment", () => {
  const KEYS = [createSecretKey('s-acme', 'utf8')];
  const INVOICE = { account: 'default', tenant: 'acme', invoiceNo: 'inv-1' };

  it.each([
    ['another account', { account: 'eu' }],
    ['another tenant', { tenant: 'umbrella' }],
    ['another invoice', { invoiceNo: 'inv-2' }],
  ])('does not hold for %s', (_, change) => {
    const tag = tagOf(INVOICE);
    expect(isTagOf(tag, KEYS, INVOICE)).toBe(true);
    expect(isTagOf(tag, KEYS, { ...INVOICE, ...change })).toBe(false);
  });

  it('does not hold for facts that only read alike when put together', () => {
    expect(
      isTagOf(tagOf({ ...INVOICE, account: 'a', tenant: 'bc' }), KEYS, {
        ...INVOICE,
        account: 'ab',
        tenant: 'c',
      }),
    ).toBe(false);
  });

  it('is read behind the last dot, so a name may have dots', () => {
    const invoice = { ...INVOICE, tenant: 'acme.tripoli' };
    expect(readTenantParameter(tenantParameter(KEYS, invoice))).toEqual({
      tenant: 'acme.tripoli',
      tag: tagOf(invoice),
    });
  });

  function tagOf(invoice: typeof INVOICE): string {
    return readTenantParameter(tenantParameter(KEYS, invoice))?.tag ?? '';
  }
});

describe('the option "tenants"', () => {
  it('without it, a parameter of that name means nothing', async () => {
    const { call } = await startShop({ ...ACCOUNT, tenants: undefined });

    const response = await call(`plutu_tenant=acme&${callbackQuery()}`);

    expect(response.status).toBe(200);
  });

  it.each([
    ['tenants.max', { source: Tenants, max: 0 }],
    ['tenants.ttl', { source: Tenants, ttl: -1 }],
    ['tll', { source: Tenants, tll: 5 }],
    ['tenants.source', { source: 'NOBODY' }],
  ])('stops the start-up where it cannot work: %s', async (option, tenants) => {
    await expect(startShop({ tenants })).rejects.toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      option,
    });
  });

  it('does not excuse credentials that are given in part', async () => {
    await expect(startShop({ apiKey: 'only' })).rejects.toMatchObject({
      option: 'accessToken',
    });
  });
});
