import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeAsPhp, type QueryPair } from '../src/callbacks/query-pairs.js';
import {
  MPGS_EVENTS,
  MpgsService,
  PlutuInvalidRequestError,
  PlutuModule,
  PlutuRefusedError,
  signCallback,
  type InvoiceSource,
  type PlutuKeys,
  type PlutuTenantModuleOptions,
  type TenantCredentialsSource,
} from '../src/index.js';
import { PlutuSandbox } from '../src/sandbox/index.js';
import { ACCOUNT, record } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';

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

  findInvoice(_invoiceNo: string, tenant?: string) {
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
  emitter.on(MPGS_EVENTS.paymentApproved, () => {});
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
function callbackOf(keys: { secretKey: string }, tenant?: string): string {
  const pairs: QueryPair[] = [
    ['gateway', 'mpgs'],
    ['approved', '1'],
    ['amount', '5.00'],
    ['currency', 'USD'],
    ['invoice_no', 'inv-1'],
    ['transaction_id', 't-1'],
  ];
  const signature: QueryPair = ['hashed', signCallback(pairs, keys.secretKey)];
  const named = tenant === undefined ? '' : `plutu_tenant=${tenant}&`;
  return named + encodeAsPhp([...pairs, signature]);
}

describe('a tenant of the application', () => {
  it('opens a checkout with its own keys, and its payment comes back to it', async () => {
    const { sandbox, mpgs, returnUrl, events } = await startShop();

    await mpgs.confirm({
      tenant: 'acme',
      amount: 5,
      invoiceNo: 'inv-1',
      returnUrl: `${returnUrl}?order=7`,
    });
    const { callbackUrl, delivery } = await sandbox.pay('inv-1');

    expect(callbackUrl).toContain('?order=7&plutu_tenant=acme&gateway=mpgs');
    expect(delivery.status).toBe(200);
    expect(events).toMatchObject([
      ['plutu.mpgs.checkout-created', { tenant: 'acme' }],
      ['plutu.mpgs.payment-approved', { tenant: 'acme', invoiceNo: 'inv-1' }],
    ]);
    // Another's keys are not those of this Plutu.
    await expect(
      mpgs.confirm({
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
      `plutu_tenant=acme&${callbackOf(ACME, 'umbrella')}`,
      `plutu_tenant[]=umbrella&${callbackOf(ACME, 'acme')}`,
      `plutu.tenant=umbrella&${callbackOf(ACME, 'acme')}`,
    ];
    for (const query of queries) {
      expect((await call(query)).status, query).toBe(403);
    }

    expect(new Set(events.map(([name]) => name))).toEqual(
      new Set(['plutu.mpgs.callback-rejected']),
    );
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
    const order = { amount: 5, invoiceNo: 'inv-1', returnUrl };

    for (const tenant of ['nobody', undefined, 'a/b', '']) {
      const error: unknown = await mpgs
        .confirm({ ...order, tenant })
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

  it('take effect when they are changed, after their lifetime', async () => {
    const { call, tenants } = await startShop({
      tenants: { source: Tenants, ttl: 100 },
    });
    const changed = { ...ACME, secretKey: 's-acme-2' };
    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(200);

    tenants.keys.set('acme', changed);
    await sleep(150);

    expect((await call(callbackOf(ACME, 'acme'))).status).toBe(403);
    expect((await call(callbackOf(changed, 'acme'))).status).toBe(200);
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

describe('the option "tenants"', () => {
  it('without it, a parameter of that name means nothing', async () => {
    const { call } = await startShop({ ...ACCOUNT, tenants: undefined });

    const response = await call(`plutu_tenant=acme&${callbackQuery()}`);

    expect(response.status).toBe(200);
  });

  it.each([
    ['tenants.max', { source: Tenants, max: 0 }],
    ['tenants.ttl', { source: Tenants, ttl: -1 }],
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
