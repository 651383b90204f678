import { describe, expect, it } from 'vitest';
import {
  closeAll,
  openCheckout,
  press,
  startMerchant,
  startSandbox,
  verify,
} from '../support/sandbox.js';

describe('the checkout page', () => {
  it.each([
    ['ar', 'rtl', 'ادفع'],
    ['en', 'ltr', 'Pay'],
  ])('speaks %s', async (lang, dir, pay) => {
    const sandbox = await startSandbox({ merchantName: 'Tripoli Books' });
    const page = await fetch(await openCheckout(sandbox, { lang }));
    const html = await page.text();
    expect(html).toContain(`<html lang="${lang}" dir="${dir}">`);
    expect(html).toContain('SANDBOX</strong>');
    expect(html).toContain(pay);
    for (const text of ['Tripoli Books', '5.00 USD', 'INV-1']) {
      expect(html).toContain(text);
    }
  });

  it('is neither stored nor able to run or load anything', async () => {
    const sandbox = await startSandbox();
    const { headers } = await fetch(await openCheckout(sandbox));
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('form-action');
  });

  it('escapes what the merchant is called', async () => {
    const merchantName = `</bdi><script>alert("1")</script>&'`;
    const sandbox = await startSandbox({ merchantName });
    const page = await fetch(await openCheckout(sandbox));
    const html = await page.text();
    expect(html).not.toContain('<script');
    expect(html).toContain(
      '&#60;/bdi&#62;&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;',
    );
  });
});

describe('finishing a checkout', () => {
  it.each([
    ['pay', 'approved', { approved: '1', canceled: '0' }],
    ['cancel', 'canceled', { approved: '0', canceled: '1' }],
    ['decline', 'incomplete', { approved: '0', canceled: '0' }],
  ] as const)(
    '%s calls the merchant once, signed, then sends the browser there',
    async (button, status, flags) => {
      const sandbox = await startSandbox();
      const merchant = await startMerchant();
      const checkout = await openCheckout(sandbox, {
        amount: '5.5',
        return_url: `${merchant.origin}/return`,
      });
      const response = await press(checkout, button);

      expect(response.status).toBe(303);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const location = response.headers.get('location');
      expect(merchant.calls).toEqual([
        `GET ${location?.slice(merchant.origin.length)}`,
      ]);
      const [transaction] = sandbox.transactions;
      expect(verify(location)).toEqual({
        gateway: 'mpgs',
        ...flags,
        amount: '5.5',
        currency: 'USD',
        invoice_no: 'INV-1',
        transaction_id: transaction?.transactionId,
      });
      expect([...new URL(location ?? '').searchParams.keys()]).toEqual([
        'gateway',
        ...Object.keys(flags),
        'amount',
        'currency',
        'invoice_no',
        'transaction_id',
        'hashed',
      ]);
      expect(transaction).toMatchObject({
        status,
        deliveries: [{ status: 200, durationMs: expect.any(Number) }],
      });
    },
  );

  it('puts the signed query behind the own query of return_url', async () => {
    const sandbox = await startSandbox({ currency: 'EUR' });
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      return_url: `${merchant.origin}/return?order=77&a=%7E#thanks`,
    });
    const response = await press(checkout, 'pay');
    const location = response.headers.get('location') ?? '';
    expect(location).toMatch(
      /\/return\?order=77&a=%7E&gateway=mpgs&[^#]*#thanks$/,
    );
    expect(verify(location)).toMatchObject({ currency: 'EUR' });
    expect(merchant.calls).toEqual([
      `GET ${location.slice(merchant.origin.length, -'#thanks'.length)}`,
    ]);
  });

  it('redirects the browser although the merchant is down', async () => {
    const merchant = await startMerchant();
    await closeAll();
    const sandbox = await startSandbox();
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const response = await press(checkout, 'pay');
    expect(response.status).toBe(303);
    expect(verify(response.headers.get('location'))).toBeTypeOf('object');
    expect(sandbox.transactions).toMatchObject([
      {
        status: 'approved',
        deliveries: [
          {
            error: expect.stringContaining('ECONNREFUSED'),
            durationMs: expect.any(Number),
          },
        ],
      },
    ]);
  });

  it("records the merchant's own redirects and errors as they are", async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant((request, response) => {
      const status = request.url?.startsWith('/moved') ? 302 : 500;
      response.writeHead(status, { location: '/elsewhere' }).end('x');
    });
    for (const [invoiceNo, path, status] of [
      ['a', '/moved', 302],
      ['b', '/broken', 500],
    ] as const) {
      const return_url = merchant.origin + path;
      await openCheckout(sandbox, { invoice_no: invoiceNo, return_url });
      const { delivery } = await sandbox.pay(invoiceNo);
      expect(delivery.status).toBe(status);
    }
    expect(merchant.calls).toHaveLength(2);
  });

  it.each([
    ['pay', 'approved'],
    ['cancel', 'canceled'],
  ] as const)('happens once: %s stays %s', async (button, status) => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const first = await press(checkout, button);
    for (const again of ['pay', 'decline', 'cancel'] as const) {
      const response = await press(checkout, again);
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe(
        first.headers.get('location'),
      );
    }
    expect(merchant.calls).toHaveLength(1);
    expect(sandbox.transactions).toMatchObject([{ status }]);
  });

  it('lets a declined customer try again in the same transaction', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const declined = await press(checkout, 'decline');
    const declinedAgain = await press(checkout, 'decline');
    expect(declinedAgain.headers.get('location')).toBe(
      declined.headers.get('location'),
    );
    expect(merchant.calls).toHaveLength(1);

    const paid = await press(checkout, 'pay');
    const [transaction] = sandbox.transactions;
    expect(verify(paid.headers.get('location'))).toMatchObject({
      approved: '1',
      transaction_id: transaction?.transactionId,
    });
    expect(transaction?.status).toBe('approved');
    expect(transaction?.deliveries).toHaveLength(2);
  });

  it('has one outcome when several are asked for at once', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant((_, response) => {
      setTimeout(() => response.end(), 100);
    });
    const checkout = await openCheckout(sandbox, {
      return_url: merchant.origin,
    });
    const buttons = ['decline', 'pay', 'cancel', 'pay'] as const;
    const responses = await Promise.all(
      buttons.map((button) => press(checkout, button)),
    );
    const locations = responses.map(({ headers }) => headers.get('location'));
    expect(new Set(locations).size).toBe(1);
    expect(merchant.calls).toHaveLength(1);
    expect(sandbox.transactions[0]?.deliveries).toHaveLength(1);
  });

  it.each([
    ['pay', { approved: '1', canceled: '0' }],
    ['decline', { approved: '0', canceled: '0' }],
    ['cancel', { approved: '0', canceled: '1' }],
  ] as const)('%s does without a browser', async (method, flags) => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    await openCheckout(sandbox, { return_url: merchant.origin });
    const { browserUrl, delivery } = await sandbox[method]('INV-1');
    expect(verify(browserUrl)).toMatchObject(flags);
    expect(delivery.status).toBe(200);
    expect(merchant.calls).toHaveLength(1);
    await expect(sandbox[method]('INV-2')).rejects.toThrow('INV-2');
  });
});

describe('a test card', () => {
  const pay = (checkout: string, card: string) =>
    press(checkout, 'pay', new URLSearchParams({ result: card }));

  it.each([
    ['approved', 'approved', undefined],
    ['slow', 'approved', undefined],
    ['declined', 'incomplete', 'declined'],
    ['insufficient-funds', 'incomplete', 'insufficient-funds'],
  ])('"%s" ends %s', async (card, status, declineReason) => {
    const sandbox = await startSandbox({ slowCardMs: 10 });
    const merchant = await startMerchant();
    const return_url = merchant.origin;
    const checkout = await openCheckout(sandbox, { return_url });
    const response = await pay(checkout, card);
    expect(response.headers.get('location')).toContain(merchant.origin);
    expect(sandbox.transactions).toMatchObject([{ status, declineReason }]);
    expect(merchant.calls).toHaveLength(1);
  });

  it('"slow" makes the customer wait', async () => {
    const sandbox = await startSandbox({ slowCardMs: 150 });
    const merchant = await startMerchant();
    const return_url = merchant.origin;
    const checkout = await openCheckout(sandbox, { return_url });
    const start = performance.now();
    await pay(checkout, 'slow');
    expect(performance.now() - start).toBeGreaterThanOrEqual(145);
  });

  it.each([
    ['confirm', 'approved', undefined],
    ['cancel', 'incomplete', 'authentication-failed'],
  ])('"3-d-secure" asks first: %s', async (answer, status, declineReason) => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const return_url = merchant.origin;
    const checkout = await openCheckout(sandbox, { return_url });
    const asked = await pay(checkout, '3-d-secure');
    expect(asked.headers.get('location')).toBe(`${checkout}/challenge`);
    expect(merchant.calls).toEqual([]);
    await press(checkout, `challenge/${answer}`);
    expect(sandbox.transactions).toMatchObject([{ status, declineReason }]);
    expect(merchant.calls).toHaveLength(1);
  });

  it('"abandoned" tells nobody, and leaves the checkout open', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const return_url = merchant.origin;
    const checkout = await openCheckout(sandbox, { return_url });
    const left = await pay(checkout, 'abandoned');
    expect(left.headers.get('location')).toBe(checkout);
    expect(sandbox.transactions).toMatchObject([{ status: 'abandoned' }]);
    expect(merchant.calls).toEqual([]);
    await sandbox.pay('INV-1');
    expect(sandbox.transactions).toMatchObject([{ status: 'approved' }]);
  });

  it('that does not exist is refused', async () => {
    const sandbox = await startSandbox();
    const response = await pay(await openCheckout(sandbox), '5123450000000008');
    expect(response.status).toBe(422);
    expect(sandbox.transactions).toMatchObject([{ status: 'open' }]);
  });
});
