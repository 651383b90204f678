import 'reflect-metadata';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import { PlutuTestSandbox } from '../../src/testing/index.js';
import { record, startApp } from '../support/app.js';

/** A merchant's application and a local Plutu that know each other. */
async function shopAndSandbox() {
  const sandbox = await PlutuTestSandbox.start();
  const { app, mpgs, emitter } = await startApp({
    ...sandbox.options,
    // Made of `appUrl`.
    returnUrl: undefined,
    redirect: {
      approved: '/paid',
      canceled: '/canceled',
      incomplete: '/again',
      refused: '/refused',
    },
  });
  await sandbox.serve(app);
  return { mpgs, sandbox, events: record(emitter) };
}

/** A customer's browser: presses a button and follows to the shop's page. */
async function press(redirectUrl: string, button: string): Promise<string> {
  expect((await fetch(redirectUrl)).status).toBe(200);
  const pressed = await fetch(`${redirectUrl}/${button}`, {
    method: 'POST',
    redirect: 'manual',
  });
  const callback = await fetch(pressed.headers.get('location')!, {
    redirect: 'manual',
  });
  expect(callback.status).toBe(303);
  return callback.headers.get('location')!;
}

describe('a payment from end to end', () => {
  it.each([
    ['pay', 'approved', '/paid'],
    ['cancel', 'canceled', '/canceled'],
    ['decline', 'incomplete', '/again'],
  ])('%s', async (button, outcome, page) => {
    const { mpgs, sandbox, events } = await shopAndSandbox();
    const invoiceNo = `inv-${button}`;

    const { redirectUrl } = await mpgs.createCheckout({
      amount: '12.50',
      invoiceNo,
      lang: 'en',
      customerIp: '192.0.2.1',
    });
    expect(await press(redirectUrl, button)).toBe(
      `${page}?outcome=${outcome}&invoiceNo=${invoiceNo}&orderNo=${invoiceNo}`,
    );

    const [transaction] = sandbox.plutu.transactions;
    expect(transaction).toMatchObject({
      invoiceNo,
      amount: '12.50',
      lang: 'en',
      customerIp: '192.0.2.1',
      status: outcome,
      deliveries: [{ status: 303 }],
    });
    expect(events).toEqual([
      [
        'plutu.checkout.created',
        {
          account: 'default',
          gateway: 'mpgs',
          invoiceNo,
          orderNo: invoiceNo,
          amount: '12.50',
          redirectUrl,
        },
      ],
      [
        `plutu.payment.${outcome}`,
        {
          id: expect.any(String),
          account: 'default',
          gateway: 'mpgs',
          outcome,
          invoiceNo,
          orderNo: invoiceNo,
          transactionId: transaction!.transactionId,
          amount: '12.50',
          amountMinor: 1250,
          currency: 'USD',
          source: 'callback',
        },
      ],
    ]);
  });

  it('is approved after a declined card', async () => {
    const { mpgs, events } = await shopAndSandbox();
    const { redirectUrl } = await mpgs.createCheckout({
      amount: 5,
      invoiceNo: 'i',
    });
    await press(redirectUrl, 'decline');
    await press(redirectUrl, 'pay');
    expect(events.map(([name]) => name)).toEqual([
      'plutu.checkout.created',
      'plutu.payment.incomplete',
      'plutu.payment.approved',
    ]);
  });

  it('cannot be opened twice for one invoice number', async () => {
    const { mpgs } = await shopAndSandbox();
    await mpgs.createCheckout({ amount: 5, invoiceNo: 'i' });
    await expect(
      mpgs.createCheckout({ amount: 5, invoiceNo: 'i' }),
    ).rejects.toMatchObject({
      name: 'PlutuRefusedError',
      knownCode: 'DUPLICATED_INVOICE_NUMBER',
      fault: 'request',
    });
  });

  it('is not opened with another account’s keys', async () => {
    const sandbox = await PlutuSandbox.start({ accessToken: 'another' });
    onTestFinished(() => sandbox.close());
    const { mpgs } = await startApp({ baseUrl: sandbox.baseUrl });
    await expect(
      mpgs.createCheckout({ amount: 5, invoiceNo: 'i' }),
    ).rejects.toMatchObject({
      knownCode: 'UNAUTHORIZED',
      fault: 'configuration',
    });
  });

  it('keeps the return URL’s own query, which is not part of the event', async () => {
    const { mpgs, sandbox, events } = await shopAndSandbox();
    await mpgs.createCheckout({
      amount: 5,
      invoiceNo: 'i',
      returnUrl: `${sandbox.appUrl}/plutu/mpgs/callback?order=77&note=%D8%B4%D9%83%D8%B1%D8%A7+%7E%2A!'()`,
    });
    const { browserUrl, delivery } = await sandbox.pay('i');
    expect(browserUrl).toContain('?order=77&note=');
    expect(delivery.status).toBe(303);
    expect(events.at(-1)?.[1]).not.toHaveProperty('order');
  });
});
