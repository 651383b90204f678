import { describe, expect, it } from 'vitest';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import { ADFALI } from '../../src/sandbox/gateways/adfali.js';
import { readAccount } from '../../src/sandbox/options.js';
import { SandboxCore } from '../../src/sandbox/sandbox-core.js';
import {
  closeAll,
  confirm,
  openCheckout,
  startMerchant,
  startSandbox,
} from '../support/sandbox.js';

describe('starting and closing', () => {
  it('takes credentials, and a port that is then in use', async () => {
    const credentials = { apiKey: 'a', accessToken: 'b', secretKey: 'c' };
    const sandbox = await startSandbox(credentials);
    expect(sandbox.credentials).toEqual(credentials);
    expect(sandbox.baseUrl).toBe(`${sandbox.origin}/api`);
    const response = await confirm(sandbox);
    expect(response.status).toBe(200);
    const port = Number(new URL(sandbox.origin).port);
    await expect(PlutuSandbox.start({ port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('leaves nothing open, even with a call under way', async () => {
    const sandbox = await PlutuSandbox.start();
    const merchant = await startMerchant(neverAnswer);
    await openCheckout(sandbox, { return_url: merchant.origin });
    const completion = sandbox.pay('INV-1');
    await expect.poll(() => merchant.calls).toHaveLength(1);

    await Promise.all([sandbox.close(), sandbox.close()]);
    expect(await completion).toMatchObject({
      delivery: { error: 'The sandbox was closed.' },
    });
    await expect(fetch(sandbox.origin)).rejects.toThrow('fetch failed');
    await closeAll();
    await expect
      .poll(() => process.getActiveResourcesInfo().filter(isTcp))
      .toEqual([]);
  });
});

function neverAnswer() {}

function isTcp(resource: string) {
  return resource.startsWith('TCP');
}

describe('however long it runs', () => {
  // A shared sandbox runs for months.
  it('keeps the last 10 000 transactions and one-time passwords, and the last 1000 requests', () => {
    const core = new SandboxCore({
      origin: 'http://127.0.0.1',
      host: '127.0.0.1',
      account: readAccount({}),
      merchantName: 'shop',
      arrivals: 'server-first',
      refusesUnknownFields: false,
      allowRemote: false,
      slowCardMs: 0,
      otpLifetimeMs: 1,
      closing: new AbortController().signal,
      emit: () => {},
    });
    for (let count = 1; count <= 10_001; count++) {
      const invoiceNo = `i-${count}`;
      core.open(
        {
          gateway: 'mpgs',
          amount: '5',
          invoiceNo,
          callbackUrl: undefined,
          returnUrl: 'http://127.0.0.1/',
          customerIp: undefined,
          lang: 'en',
        },
        {},
      );
      core.record({
        at: '',
        gateway: 'mpgs',
        action: 'confirm',
        processId: undefined,
        unknownFields: [],
        invoiceNo,
        contentType: undefined,
        fields: {},
        status: 200,
        code: '',
        message: undefined,
        fault: undefined,
        durationMs: 0,
      });
    }
    for (let count = 1; count <= 10_001; count++) {
      core.otp.send(ADFALI, {
        mobileNumber: '0913632323',
        amount: String(count),
      });
    }
    expect(core.otp.list).toHaveLength(10_000);
    expect(core.otp.list[0]?.amount).toBe('2');
    expect(core.transactions).toHaveLength(10_000);
    expect(core.transactions[0]?.invoiceNo).toBe('i-2');
    expect(() => core.withInvoiceNo('i-1')).toThrow('i-1');
    expect(core.requests).toHaveLength(1_000);
    expect(core.requests.at(-1)).toMatchObject({ id: 10_001 });
  });

  it('keeps no more than the beginning of what it is sent', async () => {
    const sandbox = await startSandbox();
    await confirm(sandbox, { amount: '5', invoice_no: 'x'.repeat(5_000) });
    expect(sandbox.requests[0]?.fields['invoice_no']).toHaveLength(501);
  });
});
