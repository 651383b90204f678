import { Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  getPlutuToken,
  mpgs,
  PLUTU_EVENTS,
  PaymentMismatchEvent,
  MpgsService,
  PlutuConfigurationError,
  PlutuInvoiceMismatchError,
  PlutuModule,
  type InvoiceDue,
  type InvoiceQuery,
  type InvoiceSource,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import { ACCOUNT, record, recordErrors, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

const INVOICES: Record<string, InvoiceDue> = {
  'inv-1': { amount: '5.00', currency: 'USD' },
  'inv-number': { amount: 25.5, currency: 'USD' },
  'inv-dinars': { amount: '5.00', currency: 'LYD' },
  'inv-nothing': { amount: '0.00', currency: 'USD' },
  'inv-mils': { amount: '5.001', currency: 'USD' },
};

/** The application's invoices; it uses MpgsService itself, as many do. */
@Injectable()
class InvoicesService implements InvoiceSource {
  lookups = 0;
  isDown = false;

  constructor(readonly mpgs: MpgsService) {}

  async findInvoice({
    invoiceNo,
  }: InvoiceQuery): Promise<InvoiceDue | undefined> {
    this.lookups++;
    if (this.isDown) throw new Error('the database is down');
    return INVOICES[invoiceNo];
  }
}

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
};

/** Changes what invoice inv-1 is due, until the test is over. */
function setInvoice(due: InvoiceDue): void {
  INVOICES['inv-1'] = due;
  onTestFinished(() => {
    INVOICES['inv-1'] = { amount: '5.00', currency: 'USD' };
  });
}

async function startShop(options: Partial<PlutuModuleOptions> = {}) {
  const shop = await startApp(
    { invoices: InvoicesService, ...options },
    { providers: [InvoicesService] },
  );
  const events = record(shop.emitter);
  const call = (changes: Parameters<typeof callbackQuery>[0] = {}) =>
    fetch(`${shop.url}/plutu/mpgs/callback?${callbackQuery(changes)}`, {
      redirect: 'manual',
    });
  return { ...shop, events, call, invoices: shop.app.get(InvoicesService) };
}

describe('a payment of what the invoice is due', () => {
  it.each(['5', '5.0', '5.00'])('%s for 5.00 is approved', async (amount) => {
    const { call, events } = await startShop();

    expect((await call({ amount })).status).toBe(200);
    expect(events.map(([name]) => name)).toEqual([
      PLUTU_EVENTS.paymentApproved,
    ]);
  });

  it('is compared once, and not when it arrives again', async () => {
    const { call, invoices } = await startShop();

    await call();
    await call();

    expect(invoices.lookups).toBe(1);
  });

  it('stays approved when the invoice changes after it', async () => {
    const { call, events } = await startShop();

    await call();
    INVOICES['inv-1'] = { amount: '0.00', currency: 'USD' };
    onTestFinished(() => {
      INVOICES['inv-1'] = { amount: '5.00', currency: 'USD' };
    });

    expect((await call()).status).toBe(200);
    expect(events).toHaveLength(1);
  });
});

describe('a payment that was not due is a mismatch and never approved:', () => {
  it.each([
    ['less', { amount: '4.99' }, 'amount', INVOICES['inv-1']],
    ['more', { amount: '50.00' }, 'amount', INVOICES['inv-1']],
    [
      'an invoice in another currency',
      { invoiceNo: 'inv-dinars' },
      'currency',
      INVOICES['inv-dinars'],
    ],
    [
      'paid in another currency',
      { currency: 'EUR' },
      'currency',
      INVOICES['inv-1'],
    ],
    [
      'nothing due',
      { invoiceNo: 'inv-nothing' },
      'amount',
      INVOICES['inv-nothing'],
    ],
    ['no such invoice', { invoiceNo: 'inv-0' }, 'unknown-invoice', undefined],
  ])('%s', async (_, changes, reason, due) => {
    const { call, events } = await startShop();

    const response = await call(changes);

    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      statusCode: 409,
      code: 'PLUTU_PAYMENT_MISMATCH',
      message: expect.any(String),
    });
    expect(events).toEqual([
      [PLUTU_EVENTS.paymentMismatch, expect.any(PaymentMismatchEvent)],
    ]);
    expect(events[0]?.[1]).toMatchObject({
      outcome: 'mismatch',
      reason,
      transactionId: 't-1',
      due,
    });
  });

  it('once, with the same answer for each arrival', async () => {
    const { call, events } = await startShop();

    const answers = [await call({ amount: '1' }), await call({ amount: '1' })];

    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    expect(events).toHaveLength(1);
  });

  it('also when the invoice is changed afterwards: who was refunded cannot reload', async () => {
    const { call, events } = await startShop();
    await call({ amount: '4.00' });
    INVOICES['inv-1'] = { amount: '4.00', currency: 'USD' };
    onTestFinished(() => {
      INVOICES['inv-1'] = { amount: '5.00', currency: 'USD' };
    });

    expect((await call({ amount: '4.00' })).status).toBe(409);
    expect(events.map(([name]) => name)).toEqual([
      PLUTU_EVENTS.paymentMismatch,
    ]);
  });

  it('and says what was due, and no more of the invoice', async () => {
    const { call, events } = await startShop();
    const row = { amount: '5.00', currency: 'USD', customer: 'Salma' };
    INVOICES['inv-1'] = row;

    await call({ amount: '4.00' });

    expect(events[0]?.[1]).toHaveProperty('due', {
      amount: '5.00',
      currency: 'USD',
    });
  });

  it('and the customer is sent to the refused page, with the invoice that was paid', async () => {
    const { call } = await startShop({ redirect: PAGES });

    const response = await call({ amount: '1' });

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(
      '/refused?outcome=mismatch&invoiceNo=inv-1&orderNo=inv-1',
    );
  });

  it('and a canceled payment is none, whatever its amount', async () => {
    const { call, events } = await startShop();

    await call({ amount: '1', outcome: 'canceled' });
    await call({ amount: '1', outcome: 'incomplete' });

    expect(events.map(([name]) => name)).toEqual([
      PLUTU_EVENTS.paymentCanceled,
      PLUTU_EVENTS.paymentIncomplete,
    ]);
  });
});

describe('an amount due that is spelled in another way', () => {
  it.each([
    ['with more decimals', '5.000'],
    ['as a number', 5],
    ['as a bigint', 5n],
    ['as a Decimal of an ORM', { d: [5], toString: () => '5' }],
    ['with leading zeros', '005.00'],
  ])('is compared by its value: %s', async (_, amount) => {
    const { call, events } = await startShop();
    setInvoice({ amount, currency: 'USD' });

    expect((await call()).status).toBe(200);
    expect(events.map(([name]) => name)).toEqual([
      PLUTU_EVENTS.paymentApproved,
    ]);
  });

  it.each([
    ['no number', { amount: '5.00 USD', currency: 'USD' }],
    ['nothing', { amount: null as never, currency: 'USD' }],
    ['not a number', { amount: Number.NaN, currency: 'USD' }],
    ['an object without text', { amount: {}, currency: 'USD' }],
    [
      'an object whose text fails',
      { amount: Object.create(null) as never, currency: 'USD' },
    ],
    ['no currency', { amount: '5.00', currency: 'dollars' }],
  ])(
    'is no verdict if it cannot be read, and the payment waits: %s',
    async (_, invoice) => {
      const logged = recordErrors();
      const { call, events } = await startShop();
      setInvoice(invoice);

      expect((await call()).status).toBe(503);
      expect(events).toEqual([]);
      expect(logged()).toMatch(/findInvoice failed.*inv-1/);

      setInvoice({ amount: '5.00', currency: 'USD' });
      expect((await call()).status).toBe(200);
    },
  );
});

describe('without known invoices, a payment', () => {
  it('in a currency that the account does not take is a mismatch', async () => {
    const { url, emitter } = await startApp();
    const events = record(emitter);

    const query = callbackQuery({ currency: 'LYD', amount: '5.00' });
    const response = await fetch(`${url}/plutu/mpgs/callback?${query}`);

    expect(response.status).toBe(409);
    expect(events).toMatchObject([
      [
        PLUTU_EVENTS.paymentMismatch,
        { reason: 'currency', currency: 'LYD', due: undefined },
      ],
    ]);
  });

  it('is taken in every currency that the account takes', async () => {
    const { url, emitter } = await startApp({
      gateways: [mpgs({ currencies: ['USD', 'EUR'] })],
    });
    const events = record(emitter);

    const query = callbackQuery({ currency: 'EUR' });
    await fetch(`${url}/plutu/mpgs/callback?${query}`);

    expect(events.map(([name]) => name)).toEqual([
      PLUTU_EVENTS.paymentApproved,
    ]);
  });
});

describe('while the invoices cannot be read', () => {
  it('a payment is neither approved nor a mismatch, and counts as new afterwards', async () => {
    const { call, events, invoices } = await startShop();
    invoices.isDown = true;

    expect((await call()).status).toBe(503);
    expect(events).toEqual([]);

    invoices.isDown = false;
    expect((await call()).status).toBe(200);
    expect(events.map(([name]) => name)).toEqual([
      PLUTU_EVENTS.paymentApproved,
    ]);
  });

  it('because a lookup does not end, the next arrival looks again', async () => {
    const { call, invoices } = await startShop();
    const lookup = invoices.findInvoice.bind(invoices);
    invoices.findInvoice = () => new Promise(() => {});

    expect((await call()).status).toBe(503);

    invoices.findInvoice = lookup;
    expect((await call()).status).toBe(200);
  });
});

describe('POST checkout with known invoices', () => {
  async function startWithSandbox() {
    const sandbox = await PlutuSandbox.start();
    onTestFinished(() => sandbox.close());
    const shop = await startShop({
      ...sandbox.credentials,
      baseUrl: sandbox.baseUrl,
      gateways: [mpgs({ routes: ['callback', 'checkout'] })],
    });
    const confirm = async (body: object) => {
      const response = await fetch(`${shop.url}/plutu/mpgs/checkout`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    return { ...shop, confirm };
  }

  it.each([
    ['inv-1', '5.00'],
    ['inv-number', '25.5'],
  ])('needs only the number: %s', async (invoiceNo, amount) => {
    const { confirm } = await startWithSandbox();

    expect(await confirm({ invoiceNo })).toMatchObject({
      status: 201,
      body: { invoiceNo, amount },
    });
  });

  it.each([
    ['5.000', '5.00'],
    [{ toString: () => '25.5' }, '25.5'],
    [7n, '7'],
  ])('charges what Plutu takes of %s', async (amount, charged) => {
    const { confirm } = await startWithSandbox();
    setInvoice({ amount, currency: 'USD' });

    expect(await confirm({ invoiceNo: 'inv-1' })).toMatchObject({
      status: 201,
      body: { amount: charged },
    });
  });

  it('says that the invoice could not be looked up, and why only to the application', async () => {
    const { confirm, mpgs, invoices } = await startWithSandbox();
    invoices.isDown = true;

    expect(await confirm({ invoiceNo: 'inv-1' })).toEqual({
      status: 503,
      body: {
        statusCode: 503,
        code: 'PLUTU_LOOKUP_FAILED',
        message: 'Please try again later.',
      },
    });
    await expect(
      mpgs.createCheckout({ invoiceNo: 'inv-1' }),
    ).rejects.toMatchObject({
      name: 'PlutuLookupError',
      method: 'findInvoice',
      retryable: true,
      message: expect.stringContaining('the database is down'),
    });
  });

  it('takes the amount that is due, however it is spelled', async () => {
    const { confirm } = await startWithSandbox();

    expect(await confirm({ invoiceNo: 'inv-1', amount: '5' })).toMatchObject({
      status: 201,
      body: { amount: '5' },
    });
  });

  it.each([
    [{ invoiceNo: 'inv-1', amount: '1' }, 'amount'],
    [{ invoiceNo: 'inv-0' }, 'invoiceNo'],
    [{ invoiceNo: 'inv-dinars' }, 'invoiceNo'],
    [{ invoiceNo: 'inv-nothing' }, 'invoiceNo'],
    [{ invoiceNo: 'inv-mils' }, 'invoiceNo'],
  ])('refuses %j with 422', async (body, field) => {
    const { confirm } = await startWithSandbox();

    expect(await confirm(body)).toEqual({
      status: 422,
      body: {
        statusCode: 422,
        code: 'PLUTU_INVOICE_MISMATCH',
        message: expect.any(String),
        fields: { [field]: [expect.any(String)] },
      },
    });
  });

  it('still checks the form of everything first', async () => {
    const { confirm } = await startWithSandbox();

    expect(
      await confirm({ invoiceNo: 'inv 1', amount: '0.001' }),
    ).toMatchObject({
      status: 400,
      body: {
        fields: {
          invoiceNo: [expect.any(String)],
          amount: [expect.any(String)],
        },
      },
    });
  });

  it('and the service throws the same as a typed error', async () => {
    const { mpgs } = await startWithSandbox();

    await expect(
      mpgs.createCheckout({ invoiceNo: 'inv-1', amount: '6' }),
    ).rejects.toBeInstanceOf(PlutuInvoiceMismatchError);
  });
});

describe('without known invoices', () => {
  it.each([{}, { amount: null }, { amount: undefined }])(
    'an amount is needed: %j',
    async (body) => {
      const { mpgs } = await startApp();

      await expect(
        mpgs.createCheckout({ invoiceNo: 'inv-1', ...body } as never),
      ).rejects.toMatchObject({
        code: 'PLUTU_INVALID_REQUEST',
        fields: {
          amount: [expect.stringContaining('amount must be more than 0')],
        },
      });
    },
  );
});

describe('the option "invoices"', () => {
  it('stops the start-up where nobody provides the class', async () => {
    await expect(startApp({ invoices: InvoicesService })).rejects.toThrow(
      PlutuConfigurationError,
    );
  });

  it('finds the class in any module, also by a token', async () => {
    @Module({
      providers: [{ provide: 'INVOICES', useClass: InvoicesService }],
    })
    class BillingModule {}

    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot(),
        BillingModule,
        PlutuModule.forRootAsync({
          useFactory: () => ACCOUNT,
          invoices: 'INVOICES',
        }),
      ],
    }).compile();
    onTestFinished(() => testingModule.close());
    await expect(testingModule.init()).resolves.toBeDefined();
  });

  it('finds the class also if the module is loaded lazily', async () => {
    const { app } = await startApp({}, { providers: [InvoicesService] });
    const late = await app.get(LazyModuleLoader).load(() =>
      PlutuModule.forRoot({
        ...ACCOUNT,
        name: 'late',
        gateways: [mpgs({ routes: [] })],
        baseUrl: 'http://127.0.0.1:1',
        retries: 0,
        invoices: InvoicesService,
      }),
    );
    const lateMpgs = late.get<MpgsService>(getPlutuToken(MpgsService, 'late'));

    await expect(
      lateMpgs.createCheckout({ invoiceNo: 'inv-0' }),
    ).rejects.toMatchObject({
      code: 'PLUTU_INVOICE_MISMATCH',
    });
    await expect(
      lateMpgs.createCheckout({ invoiceNo: 'inv-1' }),
    ).rejects.toMatchObject({
      code: 'PLUTU_CONNECTION_FAILED',
    });
  });

  it('says so where the class is made anew for each request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestInvoices extends InvoicesService {}

    await expect(
      startApp({ invoices: RequestInvoices }, { providers: [RequestInvoices] }),
    ).rejects.toThrow(/invoices.*singleton/);
  });
});
