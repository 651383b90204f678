import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type {
  PlutuSandbox,
  SandboxFaultRule,
} from '../../src/sandbox/index.js';
import {
  openCheckout,
  press,
  startMerchant,
  startSandbox,
  verify,
  type Merchant,
} from '../support/sandbox.js';

interface Both {
  readonly sandbox: PlutuSandbox;
  readonly merchant: Merchant;
  readonly checkout: string;
}

/** An open checkout of invoice INV-1, and the shop that it belongs to. */
async function atCheckout(fault: SandboxFaultRule = {}): Promise<Both> {
  const sandbox = await startSandbox();
  const merchant = await startMerchant();
  sandbox.setFault(fault);
  const checkout = await openCheckout(sandbox, {
    return_url: `${merchant.origin}/return`,
  });
  return { sandbox, merchant, checkout };
}

/** Presses a button as a browser does, and goes where it is sent. */
async function payInBrowser({ checkout, merchant }: Both): Promise<string> {
  const response = await press(checkout, 'pay');
  const location = response.headers.get('location') ?? '';
  if (location.startsWith(merchant.origin)) await fetch(location);
  return location;
}

describe('a finished checkout', () => {
  it('calls the shop, then sends the browser there', async () => {
    const both = await atCheckout();
    const location = await payInBrowser(both);
    expect(both.merchant.calls).toEqual([
      `GET ${location.slice(both.merchant.origin.length)}`,
      `GET ${location.slice(both.merchant.origin.length)}`,
    ]);
  });

  it('with "browser-only" never calls the shop, which hears of it all the same', async () => {
    const both = await atCheckout({ arrivals: 'browser-only' });
    const location = await payInBrowser(both);
    expect(verify(location)).toMatchObject({ approved: '1' });
    expect(both.merchant.calls).toHaveLength(1);
    expect(both.sandbox.transactions).toMatchObject([
      { status: 'approved', deliveries: [] },
    ]);
    const { delivery } = await both.sandbox.pay('INV-1');
    expect(delivery).toMatchObject({ error: expect.stringMatching('browser') });
  });

  it('with "server-only" keeps the browser', async () => {
    const both = await atCheckout({ arrivals: 'server-only' });
    expect(await payInBrowser(both)).toBe(both.checkout);
    const delivery = await both.sandbox.waitForDelivery('INV-1');
    expect(delivery).toMatchObject({ status: 200, kind: 'callback' });
    expect(both.merchant.calls).toHaveLength(1);
  });

  it('with "browser-first" calls the shop after the browser came', async () => {
    const callers: (string | undefined)[] = [];
    const merchant = await startMerchant(({ headers }, response) => {
      callers.push(headers['user-agent']);
      response.end();
    });
    const sandbox = await startSandbox();
    sandbox.setFault({ arrivals: 'browser-first' });
    const return_url = merchant.origin;
    const checkout = await openCheckout(sandbox, { return_url });
    await payInBrowser({ sandbox, merchant, checkout });
    await sandbox.waitForDelivery('INV-1');
    expect(callers).toEqual([
      expect.not.stringContaining('sandbox'),
      'nestjs-plutu (sandbox)',
    ]);
  });

  it('with "browser-first" may be tried again before the call is made', async () => {
    const both = await atCheckout({
      arrivals: 'browser-first',
      callbackDelayMs: 200,
    });
    await press(both.checkout, 'decline');
    await press(both.checkout, 'pay');
    const first = await both.sandbox.waitForDelivery('INV-1');
    await both.sandbox.waitForDelivery('INV-1', { after: first.id });
    expect(both.sandbox.transactions).toMatchObject([{ status: 'approved' }]);
    expect(both.merchant.calls).toHaveLength(2);
  });

  it('with a delay calls later', async () => {
    const both = await atCheckout({ callbackDelayMs: 200 });
    const start = performance.now();
    await both.sandbox.pay('INV-1');
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
    expect(both.merchant.calls).toHaveLength(1);
  });

  it('with copies calls so many times, with one query', async () => {
    const { sandbox, merchant } = await atCheckout({ callbackCopies: 3 });
    const { delivery } = await sandbox.pay('INV-1');
    expect(delivery.status).toBe(200);
    expect(merchant.calls).toHaveLength(3);
    expect(new Set(merchant.calls).size).toBe(1);
    expect(sandbox.transactions[0]?.deliveries).toHaveLength(3);
  });

  it('follows a rule that is set after it was opened', async () => {
    const { sandbox, merchant } = await atCheckout();
    sandbox.setFault({ invoiceNo: 'INV-1', callbackCopies: 2 });
    await sandbox.pay('INV-1');
    expect(merchant.calls).toHaveLength(2);
  });
});

describe('a replay', () => {
  it('sends the very same callback again', async () => {
    const { sandbox, merchant } = await atCheckout();
    const { browserUrl } = await sandbox.pay('INV-1');
    const deliveries = await sandbox.replay('INV-1', { copies: 2 });
    expect(deliveries).toMatchObject([
      { kind: 'replayed', url: browserUrl, status: 200, answer: 'thanks' },
      { kind: 'replayed', url: browserUrl, status: 200, answer: 'thanks' },
    ]);
    expect(new Set(merchant.calls).size).toBe(1);
    expect(merchant.calls).toHaveLength(3);
  });

  it('that is tampered with does not verify', async () => {
    const { sandbox, merchant } = await atCheckout();
    await sandbox.pay('INV-1');
    const [delivery] = await sandbox.replay('INV-1', { tampered: true });
    expect(delivery?.kind).toBe('tampered');
    expect(delivery?.url).toContain('amount=0.01');
    expect(verify(delivery)).toBe('signature-mismatch');
    expect(merchant.calls).toHaveLength(2);
  });

  it("leaves the shop's own query alone when it tampers", async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox, {
      return_url: 'http://127.0.0.1:9/return?amount=7&b=1',
    });
    await sandbox.pay('INV-1');
    const [delivery] = await sandbox.replay('INV-1', { tampered: true });
    expect(delivery?.url).toMatch(/\?amount=7&b=1&.*&amount=0\.01&/);
  });

  it('can come late', async () => {
    const { sandbox } = await atCheckout();
    await sandbox.pay('INV-1');
    const start = performance.now();
    await sandbox.replay('INV-1', { delayMs: 150 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(145);
  });

  it('needs a finished checkout', async () => {
    const { sandbox } = await atCheckout();
    await expect(sandbox.replay('INV-1')).rejects.toThrow('not finished');
    await expect(sandbox.replay('INV-2')).rejects.toThrow('INV-2');
  });
});

describe('another machine', () => {
  // A test may name a public return URL and look only at the redirect; but a
  // stranger's server must not be called.
  it.each([
    'https://shop.example/return',
    'http://192.0.2.1/return',
    'http://[2001:db8::1]/return',
    'http://localhost.example/return',
    'http://0.0.0.0/return',
  ])('is not called, and the delivery says so: %s', async (return_url) => {
    const sandbox = await startSandbox();
    const checkout = await openCheckout(sandbox, { return_url });
    const response = await press(checkout, 'pay');
    expect(response.status).toBe(303);
    expect(verify(response.headers.get('location'))).toMatchObject({
      approved: '1',
    });
    expect(sandbox.transactions).toMatchObject([
      {
        deliveries: [
          { error: expect.stringContaining('--allow-remote-callbacks') },
        ],
      },
    ]);
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '127.1'])(
    'is not what %s is',
    async (host) => {
      const sandbox = await startSandbox();
      const merchant = await startMerchant();
      const { port } = new URL(merchant.origin);
      await openCheckout(sandbox, { return_url: `http://${host}:${port}/` });
      const { delivery } = await sandbox.pay('INV-1');
      expect(delivery.status).toBe(200);
    },
  );

  it('is called where that is allowed', async () => {
    const sandbox = await startSandbox({ allowRemoteCallbacks: true });
    // An address that no route leads to: what fails is the network.
    await openCheckout(sandbox, { return_url: 'http://0.0.0.0:1/' });
    const { delivery } = await sandbox.pay('INV-1');
    expect(delivery.error).toContain('ECONNREFUSED');
  });
});

describe("the shop's answer", () => {
  it('is kept, but no more than 1000 bytes of it', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant((_, response) => {
      // An answer without an end.
      response.write('x'.repeat(5_000));
    });
    await openCheckout(sandbox, { return_url: merchant.origin });
    const { delivery } = await sandbox.pay('INV-1');
    expect(delivery).toMatchObject({ status: 200, answer: 'x'.repeat(1_000) });
  });

  it('is kept for the last 20 deliveries', async () => {
    const { sandbox, merchant } = await atCheckout();
    await sandbox.pay('INV-1');
    await sandbox.replay('INV-1', { copies: 20 });
    await sandbox.replay('INV-1', { copies: 5 });
    expect(merchant.calls).toHaveLength(26);
    const { deliveries } = sandbox.transactions[0] ?? {};
    expect(deliveries).toHaveLength(20);
    expect(deliveries?.at(-1)?.id).toBe(26);
  });
});

describe('a sandbox that listens beyond this machine', () => {
  const SECRET = 'what-only-this-machine-may-read';

  /** Everything that a caller, or whoever sees its terminal, gets of it. */
  async function shownBy(sandbox: PlutuSandbox): Promise<string> {
    const paths = [
      '/',
      '/control/transactions',
      '/control/transactions/INV-1',
      '/control/transactions/INV-1/deliveries',
    ];
    const pages = await Promise.all(
      paths.map(async (path) => (await fetch(sandbox.origin + path)).text()),
    );
    return [JSON.stringify(sandbox.transactions), ...pages].join('\n');
  }

  it('calls a callback and shows its status, but nowhere what was answered', async () => {
    const printed: unknown[] = [];
    const sandbox = await startSandbox({
      host: '0.0.0.0',
      log: (line) => printed.push(line),
      onEvent: (event) => printed.push(event),
    });
    const merchant = await startMerchant((_, response) => {
      response.writeHead(418, SECRET, { location: SECRET });
      response.end(SECRET);
    });
    await openCheckout(sandbox, { return_url: merchant.origin });

    const { delivery } = await sandbox.pay('INV-1');
    const replayed = await sandbox.replay('INV-1');
    const completed = await fetch(
      `${sandbox.origin}/control/transactions/INV-1/complete`,
      { method: 'POST' },
    );

    expect(merchant.calls).toHaveLength(2);
    expect(delivery.status).toBe(418);
    expect(replayed).toMatchObject([{ status: 418 }]);
    const shown = await shownBy(sandbox);
    expect(shown).toContain('418');
    expect(shown).toContain('not shown');
    expect(
      [
        shown,
        await completed.text(),
        JSON.stringify([delivery, replayed, printed]),
      ].join('\n'),
    ).not.toContain(SECRET);
  });

  it('does not wait for the end of an answer that it does not show', async () => {
    const sandbox = await startSandbox({ host: '0.0.0.0' });
    const merchant = await startMerchant((_, response) => {
      // An answer without an end.
      response.write('x');
    });
    await openCheckout(sandbox, { return_url: merchant.origin });

    const { delivery } = await sandbox.pay('INV-1');

    expect(delivery.status).toBe(200);
  });

  it('tells why there was no answer by the code of the error alone', async () => {
    const sandbox = await startSandbox({ host: '0.0.0.0' });
    await openCheckout(sandbox, { return_url: 'http://127.0.0.1:1/' });

    const { delivery } = await sandbox.pay('INV-1');

    expect(delivery.error).toBe('ECONNREFUSED');
  });

  it('does not show the answers that its state file has of earlier times', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-plutu-state-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const stateFile = join(folder, 'sandbox.json');
    const merchant = await startMerchant((_, response) => response.end(SECRET));
    const first = await startSandbox({ stateFile });
    await openCheckout(first, { return_url: merchant.origin });
    await first.pay('INV-1');
    expect(await shownBy(first)).toContain(SECRET);
    await first.close();

    const second = await startSandbox({ stateFile, host: '0.0.0.0' });

    const shown = await shownBy(second);
    expect(shown).toContain('INV-1');
    expect(shown).not.toContain(SECRET);
  });
});
