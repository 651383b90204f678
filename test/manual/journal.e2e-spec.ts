import { Test } from '@nestjs/testing';
import { PlutuTestSandbox, recordPlutuEvents } from 'nestjs-plutu/testing';
import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';

async function startShop() {
  const sandbox = await PlutuTestSandbox.start();
  Object.assign(process.env, sandbox.env, { SHOP_URL: sandbox.appUrl });
  const module = Test.createTestingModule({ imports: [AppModule] });
  const app = (await module.compile()).createNestApplication();
  const events = recordPlutuEvents(app);
  await sandbox.serve(app);
  return { sandbox, app, events };
}

it('a payment that arrives again after a restart is not booked again', async () => {
  const first = await startShop();
  await fetch(`${first.sandbox.appUrl}/orders`, {
    method: 'POST',
    redirect: 'manual',
  });
  const { invoiceNo } = await first.events.next('created');
  const payment = { invoiceNo, amount: '25.50', transactionId: 't-1' };
  await fetch(first.sandbox.signedCallback(payment));
  await first.events.next('approved', { invoiceNo });
  await first.app.close();

  const second = await startShop();
  const page = await fetch(second.sandbox.signedCallback(payment));

  expect(await page.text()).toBe('It is paid.');
  expect(second.events.all).toEqual([]);
  const booked = await second.app
    .get(DataSource)
    .query(
      'SELECT consumer FROM plutu_mark WHERE payment_id IN (SELECT id FROM plutu_payment WHERE invoice_no = $1)',
      [invoiceNo],
    );
  expect(booked).toEqual([{ consumer: 'booking' }]);
  await second.app.close();
});
