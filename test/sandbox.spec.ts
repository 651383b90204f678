import { describe, expect, it } from 'vitest';
import { PlutuSandbox } from '../src/sandbox/index.js';
import {
  closeAll,
  confirm,
  openCheckout,
  startMerchant,
  startSandbox,
} from './support/sandbox.js';

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
