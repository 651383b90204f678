import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  localBankCards,
  PaymentApprovedEvent,
  tlync,
  TlyncReturn,
  TlyncReturnEndpoint,
  type CheckoutReturn,
  type Pair,
  type PaidInvoice,
  type PaymentDelivery,
  type PaymentEvent,
} from '../../src/index.js';
import {
  ACCOUNT,
  record,
  recordErrors,
  startApp,
  type TestApp,
} from '../support/app.js';
import { encodeAsPhp } from '../../src/protocol/pairs.js';
import { bring, MESSAGES, signed } from '../support/messages.js';

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
  pending: '/wait',
};

const BROWSER = { accept: 'text/html' };

function returned(approved: '0' | '1' = '1', invoiceNo = 'inv-1'): Pair[] {
  return signed(
    [
      ['approved', approved],
      ['invoice_no', invoiceNo],
    ],
    ACCOUNT.secretKey,
  );
}

function callback(changes: Record<string, string> = {}): Pair[] {
  return signed(
    MESSAGES['tlync callback'].map(([name, value]): Pair => [
      name,
      changes[name] ?? value,
    ]),
    ACCOUNT.secretKey,
  );
}

async function start(
  options: Parameters<typeof startApp>[0] = {},
  metadata: Parameters<typeof startApp>[1] = {},
) {
  const { url, emitter }: TestApp = await startApp(
    {
      returnUrl: undefined,
      gateways: [tlync(), localBankCards()],
      redirect: PAGES,
      browserWait: 200,
      ...options,
    },
    metadata,
  );
  const events = record(emitter);
  return {
    url,
    names: () => events.map(([name]) => name),
    call: (pairs: readonly Pair[]) => bring(url, 'tlync callback', pairs),
    leadsTo: async (pairs: readonly Pair[] = returned()) => {
      const answer = await bring(url, 'tlync return', pairs, BROWSER);
      expect(answer.status).toBe(303);
      return answer.headers.get('location');
    },
  };
}

describe('a customer of T-Lync who is back', () => {
  it('is no payment, however often and with whatever flag', async () => {
    const { leadsTo, names } = await start();

    const pages = [];
    for (const flag of ['1', '1', '0'] as const) {
      pages.push(await leadsTo(returned(flag)));
    }

    expect(new Set(pages)).toEqual(
      new Set(['/wait?outcome=pending&invoiceNo=inv-1']),
    );
    expect(names()).toEqual([]);
  });

  it.each([
    ['approved', '1', '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1'],
    [
      'not approved',
      '0',
      '/try-again?outcome=incomplete&invoiceNo=inv-1&orderNo=inv-1',
    ],
  ] as const)(
    'waits for the callback and is led on as it says: %s',
    async (_what, approved, page) => {
      const { call, leadsTo } = await start({ browserWait: 3_000 });

      const arrival = leadsTo(returned(approved));
      await sleep(100);
      await call(callback({ approved }));

      expect(await arrival).toBe(page);
    },
  );

  it('waits on if it is said to be paid and only a failed attempt is known', async () => {
    const { call, leadsTo } = await start();

    await call(callback({ approved: '0', transaction_id: 't-0' }));

    expect(await leadsTo(returned('1'))).toBe(
      '/wait?outcome=pending&invoiceNo=inv-1',
    );
    expect(await leadsTo(returned('0'))).toBe(
      '/try-again?outcome=incomplete&invoiceNo=inv-1&orderNo=inv-1',
    );
  });

  it('is led to the page of a paid invoice, whatever attempt failed later', async () => {
    const { call, leadsTo } = await start();

    await call(callback());
    await call(callback({ approved: '0', transaction_id: 't-2' }));

    for (const flag of ['1', '0'] as const) {
      expect(await leadsTo(returned(flag))).toBe(
        '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
      );
    }
  });

  it('is not led on by another invoice, nor by the same one of another gateway', async () => {
    const { url, call, leadsTo } = await start();

    await call(callback({ invoice_no: 'inv-2' }));
    await bring(
      url,
      'local bank cards callback',
      signed(MESSAGES['local bank cards callback'], ACCOUNT.secretKey),
    );

    expect(await leadsTo()).toBe('/wait?outcome=pending&invoiceNo=inv-1');
  });

  it('who paid what was not due is led to the page of what is refused', async () => {
    const findInvoice = () => ({ amount: '7', currency: 'LYD' });
    const { call, leadsTo } = await start(
      { invoices: 'INVOICES' },
      { providers: [{ provide: 'INVOICES', useValue: { findInvoice } }] },
    );

    await call(callback());

    expect(await leadsTo()).toBe(
      '/refused?outcome=mismatch&invoiceNo=inv-1&orderNo=inv-1',
    );
  });

  it('is led to the page of what is refused if Plutu did not sign it', async () => {
    const { leadsTo, names } = await start();

    expect(await leadsTo(MESSAGES['tlync return'])).toBe(
      '/refused?outcome=refused',
    );
    expect(names()).toEqual(['plutu.callback.rejected']);
  });

  it("may bring a query of the shop's own, signed or not", async () => {
    const { call, leadsTo } = await start();
    const order: Pair = ['order', '77'];

    await call(callback());

    expect(await leadsTo([order, ...returned()])).toContain('/paid?');
    expect(
      await leadsTo(
        signed([order, ...MESSAGES['tlync return']], ACCOUNT.secretKey),
      ),
    ).toContain('/paid?');
  });

  it('with an invoice number that none can have is reported, and not led on', async () => {
    const logged = recordErrors();
    const { url } = await start({ redirect: undefined });

    const answer = await bring(url, 'tlync return', returned('1', 'no number'));

    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { fields: { invoiceNo: [expect.any(String)] } },
    ]);
    expect(logged()).toContain('no number');
  });

  it('is answered with JSON if it is a program, which never waits', async () => {
    const { url, call } = await start({
      redirect: undefined,
      browserWait: 60_000,
    });
    const ask = async () => {
      const answer = await bring(url, 'tlync return', returned());
      expect(answer.headers.get('cache-control')).toBe('no-store');
      return [answer.status, await answer.json()];
    };
    const back = { account: 'default', gateway: 'tlync', invoiceNo: 'inv-1' };

    expect(await ask()).toEqual([200, { ...back, outcome: 'pending' }]);
    await call(callback());
    expect(await ask()).toEqual([
      200,
      { ...back, orderNo: 'inv-1', outcome: 'approved' },
    ]);
  });

  it("comes to the application's own controller with the decorator", async () => {
    @Controller('shop')
    class ShopController {
      @TlyncReturnEndpoint('back')
      back(@TlyncReturn() { invoiceNo, outcome }: CheckoutReturn): string {
        return `${invoiceNo}: ${outcome}`;
      }
    }
    const { url, call } = await start(
      { gateways: [tlync({ routes: ['callback'] })] },
      { controllers: [ShopController] },
    );
    const visit = async (pairs: readonly Pair[]) =>
      fetch(`${url}/shop/back?${encodeAsPhp(pairs)}`);

    await call(callback());

    expect(await (await visit(returned())).text()).toBe('inv-1: approved');
    expect((await visit([])).status).toBe(403);
  });
});

describe('a customer of T-Lync whose payment another instance books', () => {
  /** Books elsewhere, after a few questions. */
  class Elsewhere implements PaymentDelivery {
    readonly asked: PaidInvoice[] = [];

    constructor(
      private readonly answers: readonly (PaymentEvent | Error | undefined)[],
    ) {}

    accept = async () => ({ duplicate: false, booked: undefined });

    async findByInvoice(invoice: PaidInvoice) {
      const answer = this.answers[this.asked.length];
      this.asked.push(invoice);
      if (answer instanceof Error) throw answer;
      return answer;
    }
  }

  const PAID = new PaymentApprovedEvent({
    gateway: 'tlync',
    invoiceNo: 'inv-1',
    transactionId: 't-1',
    amount: '5.00',
    currency: 'LYD',
  });

  it('is led on as soon as the delivery knows, also if it fails in between', async () => {
    const delivery = new Elsewhere([undefined, new Error('down'), PAID]);
    const { leadsTo } = await start({
      delivery: { useFactory: () => delivery },
      browserWait: 3_000,
    });

    expect(await leadsTo()).toBe(
      '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
    );
    expect(delivery.asked).toHaveLength(3);
    expect(delivery.asked[0]).toEqual({
      account: 'default',
      tenant: undefined,
      gateway: 'tlync',
      invoiceNo: 'inv-1',
    });
  });

  it('is shown the page of a pending payment if the delivery never knows', async () => {
    const { leadsTo } = await start({
      delivery: { useFactory: () => new Elsewhere([new Error('down')]) },
    });

    expect(await leadsTo()).toBe('/wait?outcome=pending&invoiceNo=inv-1');
  });
});
