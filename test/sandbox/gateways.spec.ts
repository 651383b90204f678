import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type {
  PlutuSandbox,
  PlutuSandboxOptions,
  SandboxHostedGatewayName,
} from '../../src/sandbox/index.js';
import { HOSTED_GATEWAYS } from '../../src/sandbox/gateways/index.js';
import {
  confirm,
  openCheckout,
  press,
  RULES,
  startMerchant,
  startSandbox,
  validFields,
  verify,
  type Merchant,
} from '../support/sandbox.js';

const HOSTED_NAMES = HOSTED_GATEWAYS.map(({ name }) => name);

interface Both {
  readonly sandbox: PlutuSandbox;
  readonly merchant: Merchant;
  readonly checkout: string;
}

/** An open checkout of invoice INV-1, and the shop that it belongs to. */
async function atCheckout(
  gateway: SandboxHostedGatewayName,
  {
    fields = {},
    ...options
  }: PlutuSandboxOptions & { fields?: Record<string, string> } = {},
): Promise<Both> {
  const sandbox = await startSandbox({ slowCardMs: 10, ...options });
  const merchant = await startMerchant();
  const urls = {
    return_url: `${merchant.origin}/return`,
    ...(gateway === 'tlync' && { callback_url: `${merchant.origin}/callback` }),
  };
  const checkout = await openCheckout(sandbox, { ...urls, ...fields }, gateway);
  return { sandbox, merchant, checkout };
}

const fieldsOf = (url: string) =>
  Object.fromEntries(new URL(url, 'http://shop.example').searchParams);

describe('local bank cards', () => {
  it.each([
    ['pay', { approved: '1', canceled: '0' }],
    ['decline', { approved: '0', canceled: '0' }],
    ['cancel', { approved: '0', canceled: '1' }],
  ] as const)(
    '%s calls the return URL without a currency, then sends the browser there with the same query',
    async (button, flags) => {
      const { sandbox, merchant, checkout } =
        await atCheckout('localbankcards');

      const response = await press(checkout, button);

      const location = response.headers.get('location') ?? '';
      expect(merchant.calls).toEqual([
        `GET ${location.slice(merchant.origin.length)}`,
      ]);
      const said = {
        gateway: 'localbankcards',
        ...flags,
        invoice_no: 'INV-1',
        amount: '5.00',
        transaction_id: sandbox.transactions[0]?.transactionId,
      };
      expect(verify(location, 'localbankcards')).toEqual(said);
      expect(Object.keys(fieldsOf(location))).toEqual([
        ...Object.keys(said),
        'hashed',
      ]);
      expect(sandbox.transactions).toMatchObject([
        { gateway: 'localbankcards', currency: 'LYD', method: undefined },
      ]);
    },
  );

  it.each([
    ['confirm', 'approved'],
    ['cancel', 'incomplete'],
  ])('a one-time password asks first: %s', async (answer, status) => {
    const { sandbox, merchant, checkout } = await atCheckout('localbankcards');
    const result = new URLSearchParams({ result: 'one-time-password' });
    const asked = await press(checkout, 'pay', result);
    expect(asked.headers.get('location')).toBe(`${checkout}/challenge`);
    expect(merchant.calls).toEqual([]);
    await press(checkout, `challenge/${answer}`);
    expect(sandbox.transactions).toMatchObject([{ status }]);
  });
});

describe('T-Lync', () => {
  it.each([
    ['pay', '1'],
    ['decline', '0'],
    ['cancel', '0'],
  ] as const)(
    '%s posts the callback to callback_url, then sends the browser to the signed return',
    async (button, approved) => {
      const { sandbox, merchant, checkout } = await atCheckout('tlync');

      const response = await press(checkout, button);

      expect(merchant.calls).toEqual(['POST /callback']);
      const [body] = merchant.bodies;
      expect(body?.type).toBe('application/json');
      const callback = JSON.parse(body?.text ?? '') as object;
      const said = {
        gateway: 'tlync',
        approved,
        amount: '5.00',
        invoice_no: 'INV-1',
        payment_method: 'tadawul',
        transaction_id: sandbox.transactions[0]?.transactionId,
      };
      expect(verify(sandbox.transactions[0]?.callback, 'tlync')).toEqual(said);
      expect(callback).toEqual({
        ...said,
        hashed: expect.stringMatching(/^[0-9A-F]{64}$/),
      });
      expect(body?.text).toBe(sandbox.transactions[0]?.callback?.body);
      const location = response.headers.get('location') ?? '';
      expect(location).toMatch(`${merchant.origin}/return?approved=`);
      expect(verify(location, 'return of tlync')).toEqual({
        approved,
        invoice_no: 'INV-1',
      });
      expect(Object.keys(fieldsOf(location))).toEqual([
        'approved',
        'invoice_no',
        'hashed',
      ]);
    },
  );

  it("has the members of its callback and return in the order of Plutu's own examples", async () => {
    const { official } = JSON.parse(
      readFileSync(
        new URL('../fixtures/gateway-vectors.json', import.meta.url),
        'utf8',
      ),
    ) as {
      official: { channel: string; parameters: [string, string][] }[];
    };
    const namesOf = (channel: string) =>
      official
        .find((vector) => vector.channel === channel)
        ?.parameters.map(([name]) => name);
    const { sandbox } = await atCheckout('tlync');

    const { delivery, browserUrl } = await sandbox.pay('INV-1');

    expect(Object.keys(JSON.parse(delivery.body ?? '') as object)).toEqual(
      namesOf('tlync/callback'),
    );
    expect(Object.keys(fieldsOf(browserUrl))).toEqual(namesOf('tlync/return'));
  });

  it("keeps the queries that the shop's URLs have of their own", async () => {
    const { sandbox, merchant } = await atCheckout('tlync');
    await openCheckout(
      sandbox,
      {
        invoice_no: 'INV-2',
        return_url: `${merchant.origin}/?wc-api=return`,
        callback_url: `${merchant.origin}/?wc-api=callback`,
      },
      'tlync',
    );

    const { browserUrl } = await sandbox.pay('INV-2');

    expect(merchant.calls).toEqual(['POST /?wc-api=callback']);
    expect(browserUrl).toMatch(
      /\/\?wc-api=return&approved=1&invoice_no=INV-2&/,
    );
  });

  it.each(['tadawul', 'edfaly', 'sadad', 'mobicash', 'moamalat'])(
    'says that the customer paid by %s, whether chosen on the page, in code or over the control API',
    async (method) => {
      const { sandbox, checkout } = await atCheckout('tlync');
      await press(checkout, 'pay', new URLSearchParams({ method }));
      const fields = validFields('tlync');
      await confirm(sandbox, { ...fields, invoice_no: 'INV-2' }, 'tlync');
      await sandbox.pay('INV-2', { method });
      await confirm(sandbox, { ...fields, invoice_no: 'INV-3' }, 'tlync');
      await fetch(`${sandbox.origin}/control/transactions/INV-3/complete`, {
        method: 'POST',
        body: JSON.stringify({ method }),
      });

      for (const transaction of sandbox.transactions) {
        expect(transaction).toMatchObject({ status: 'approved', method });
        expect(verify(transaction.callback, 'tlync')).toMatchObject({
          payment_method: method,
        });
      }
    },
  );

  it('refuses a way of paying that it does not have, and so do the others', async () => {
    const { sandbox, checkout } = await atCheckout('tlync');
    await openCheckout(sandbox, { invoice_no: 'INV-2' }, 'mpgs');
    const body = new URLSearchParams({ method: 'cash' });
    expect((await press(checkout, 'pay', body)).status).toBe(422);
    await expect(sandbox.pay('INV-1', { method: 'cash' })).rejects.toThrow(
      'tadawul',
    );
    await expect(sandbox.pay('INV-2', { method: 'sadad' })).rejects.toThrow(
      'none',
    );
    expect(sandbox.transactions).toMatchObject([
      { status: 'open' },
      { status: 'open' },
    ]);
  });

  it('stays at its page if a button of the page was pressed, which then leads back to the shop', async () => {
    const { merchant, checkout } = await atCheckout('tlync', {
      fields: { lang: 'en' },
    });
    const page = await (await fetch(checkout)).text();
    expect(page).toContain(`action="${checkout}/pay?stay"`);

    const paid = await press(checkout, 'pay?stay');

    expect(paid.headers.get('location')).toBe(checkout);
    expect(merchant.calls).toEqual(['POST /callback']);
    const after = await (await fetch(checkout)).text();
    const [, link = ''] = /<a class="button" href="([^"]+)"/.exec(after) ?? [];
    expect(
      verify(link.replaceAll('&#38;', '&'), 'return of tlync'),
    ).toMatchObject({ approved: '1' });
  });

  it('leads back to the shop after a declined payment too, which can still be tried again', async () => {
    const { checkout } = await atCheckout('tlync', { fields: { lang: 'en' } });
    await press(checkout, 'decline');
    const page = await (await fetch(checkout)).text();
    expect(page).toContain('Return to the shop');
    expect(page).toContain('Choose how to pay');
  });

  it('sends a tampered callback with another amount under the old signature', async () => {
    const { sandbox, merchant } = await atCheckout('tlync');
    await sandbox.pay('INV-1');

    const [replayed] = await sandbox.replay('INV-1');
    const [tampered] = await sandbox.replay('INV-1', { tampered: true });

    expect(replayed).toMatchObject({ method: 'POST', kind: 'replayed' });
    expect(verify(replayed, 'tlync')).toMatchObject({ amount: '5.00' });
    expect(tampered?.body).toContain('"amount":"0.01"');
    expect(verify(tampered, 'tlync')).toBe('signature-mismatch');
    expect(merchant.calls).toEqual(Array(3).fill('POST /callback'));
  });

  it('never posts to another machine', async () => {
    const { sandbox } = await atCheckout('tlync', {
      fields: { callback_url: 'https://shop.example/callback' },
    });
    const { delivery } = await sandbox.pay('INV-1');
    expect(delivery.error).toContain('--allow-remote-callbacks');
  });

  it.each([
    ['mobile_number', 'MISSING_PARAMETER', ['']],
    ['callback_url', 'MISSING_PARAMETER', ['']],
    [
      'mobile_number',
      'INVALID_INPUTS',
      [
        '0973632323',
        '091363232',
        '09136323231',
        '+218913632323',
        '٠٩١٣٦٣٢٣٢٣',
        '091 363 2323',
      ],
    ],
    ['callback_url', 'INVALID_INPUTS', ['/callback', 'ftp://shop.example/']],
    ['email', 'INVALID_INPUTS', ['nobody', 'a b@shop.example']],
  ])('refuses a wrong %s with %s: %j', async (name, code, values) => {
    const sandbox = await startSandbox();
    for (const value of values) {
      const fields = { ...validFields('tlync'), [name]: value };
      const response = await confirm(sandbox, fields, 'tlync');
      expect(await response.json(), value).toMatchObject({
        error: { status: 422, code, fields: { [name]: [expect.any(String)] } },
      });
    }
    expect(sandbox.transactions).toEqual([]);
  });

  it('takes mobile numbers with and without the zero, and no email or an empty one', async () => {
    const sandbox = await startSandbox();
    const fieldSets: Record<string, string>[] = [
      { mobile_number: '913632323' },
      { mobile_number: '0963632323', email: '' },
      { email: 'reader@shop.example' },
    ];
    for (const [index, own] of fieldSets.entries()) {
      const fields = { ...validFields('tlync'), ...own };
      const response = await confirm(
        sandbox,
        { ...fields, invoice_no: `INV-${index}` },
        'tlync',
      );
      expect(response.status).toBe(200);
    }
  });
});

describe.each(HOSTED_NAMES)('through %s', (gateway) => {
  const { currency, kind } = {
    mpgs: { currency: 'USD', kind: 'mpgs' },
    localbankcards: { currency: 'LYD', kind: 'localbankcards' },
    tlync: { currency: 'LYD', kind: 'tlync' },
  }[gateway] as { currency: string; kind: keyof typeof RULES };

  it.each(['ar', 'en'] as const)(
    'the checkout page shows amount and currency, in %s',
    async (lang) => {
      const { checkout } = await atCheckout(gateway, { fields: { lang } });
      const page = await (await fetch(checkout)).text();
      expect(page).toContain(`lang="${lang}"`);
      expect(page).toContain(`5.00 ${currency}`);
    },
  );

  it('an invoice number is taken once, whatever the gateway', async () => {
    const { sandbox } = await atCheckout(gateway);
    for (const other of HOSTED_NAMES) {
      const response = await confirm(sandbox, validFields(other), other);
      expect(await response.json()).toMatchObject({
        error: { code: 'DUPLICATED_INVOICE_NUMBER' },
      });
    }
  });

  it('an account without it is denied, and has the others', async () => {
    const others = HOSTED_NAMES.filter((name) => name !== gateway);
    const sandbox = await startSandbox({ gateways: others });
    const denied = await confirm(sandbox, validFields(gateway), gateway);
    expect(denied.status).toBe(403);
    expect(await denied.json()).toMatchObject({
      error: { code: 'DENIED_ACCESS_GATEWAY' },
    });
    const [other = 'mpgs'] = others;
    const taken = await confirm(sandbox, validFields(other), other);
    expect(taken.status).toBe(200);
  });

  it('the limits of an amount hold, and the amount is echoed as it was sent', async () => {
    const sandbox = await startSandbox({ minAmount: 5, maxAmount: 500 });
    const answerTo = async (amount: string): Promise<unknown> => {
      const fields = { ...validFields(gateway), amount };
      return (await confirm(sandbox, fields, gateway)).json();
    };
    for (const [amount, code] of [
      ['4.99', 'AMOUNT_NOT_ALLOWED'],
      ['500.01', 'AMOUNT_EXCEEDED_MAXIMUM'],
      ['5.001', 'INVALID_AMOUNT_FORMAT'],
    ] as const) {
      expect(await answerTo(amount)).toMatchObject({ error: { code } });
    }
    expect(await answerTo('5')).toMatchObject({ status: 200 });
    await sandbox.pay('INV-1');
    expect(verify(sandbox.transactions[0]?.callback, kind)).toMatchObject({
      amount: '5',
    });
  });

  it.each([
    ['server-first', ['server', 'browser']],
    ['browser-first', ['browser', 'server']],
    ['server-only', ['server']],
    ['browser-only', ['browser']],
  ] as const)(
    'a payment arrives %s, as an option of the sandbox or as a fault',
    async (arrivals, expected) => {
      for (const way of ['option', 'fault']) {
        const arrived: string[] = [];
        const merchant = await startMerchant((request, response) => {
          arrived.push(
            request.headers['user-agent']?.includes('sandbox')
              ? 'server'
              : 'browser',
          );
          response.end();
        });
        const sandbox = await startSandbox(
          way === 'option' ? { arrivals } : {},
        );
        if (way === 'fault') sandbox.setFault({ gateway, arrivals });
        sandbox.setFault({ callbackDelayMs: 50 });
        const checkout = await openCheckout(
          sandbox,
          {
            return_url: merchant.origin,
            ...(gateway === 'tlync' && { callback_url: merchant.origin }),
          },
          gateway,
        );

        const response = await press(checkout, 'pay');
        const location = response.headers.get('location') ?? '';
        if (location.startsWith(merchant.origin)) await fetch(location);
        await expect.poll(() => arrived, { message: way }).toEqual(expected);
      }
    },
  );

  it('a fault for it strikes no other', async () => {
    const sandbox = await startSandbox();
    sandbox.setFault({
      gateway,
      confirm: 'error',
      errorCode: 'MAINTENANCE_MODE',
    });
    for (const name of HOSTED_NAMES) {
      const fields = { ...validFields(name), invoice_no: name };
      const { status } = await confirm(sandbox, fields, name);
      expect([name, status]).toEqual([name, name === gateway ? 503 : 200]);
    }
  });

  it('no other message of Plutu passes for its callback', async () => {
    const sandbox = await startSandbox();
    for (const name of HOSTED_NAMES) {
      await openCheckout(sandbox, { invoice_no: name }, name);
      await sandbox.pay(name);
    }
    const messages = sandbox.transactions.flatMap(
      ({ callback, browserUrl }) => [callback, browserUrl],
    );
    const accepted = messages.filter(
      (message) => typeof verify(message, kind) === 'object',
    );
    const own = sandbox.transactions.find((one) => one.gateway === gateway);
    expect(accepted).toEqual(
      gateway === 'tlync' ? [own?.callback] : [own?.callback, own?.browserUrl],
    );
  });

  it('the dashboard shows what was sent, and which fields Plutu does not know', async () => {
    const { sandbox } = await atCheckout(gateway, {
      fields: { order_id: '77' },
    });
    await sandbox.pay('INV-1');
    const page = await (await fetch(sandbox.origin)).text();
    expect(page).toContain('unknown to Plutu: order_id');
    expect(page).toContain(`5.00 ${currency}`);
    expect(page).toContain(gateway === 'tlync' ? 'POST http' : 'GET http');
    if (gateway === 'tlync') {
      expect(page).toContain('&#34;payment_method&#34;:&#34;tadawul&#34;');
    }
  });
});
