import { Test } from '@nestjs/testing';
import { PlutuTestSandbox, recordPlutuEvents } from 'nestjs-plutu/testing';
import type { OpenCase } from 'nestjs-plutu/sql';
import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { CasesController } from '../src/cases.controller.js';

async function startShop() {
  const sandbox = await PlutuTestSandbox.start();
  Object.assign(process.env, sandbox.env, { SHOP_URL: sandbox.appUrl });
  const module = Test.createTestingModule({
    imports: [AppModule],
    controllers: [CasesController],
  });
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

it('a case without a name under its decision is answered with 400, and one that is gone with 404', async () => {
  const { sandbox, app, events } = await startShop();
  await fetch(sandbox.signedCallback({ invoiceNo: 'nobody-knows-it' }));
  await events.next('mismatch', { invoiceNo: 'nobody-knows-it' });
  const cases = `${sandbox.appUrl}/admin/cases`;
  const [found] = (await (await fetch(cases)).json()) as OpenCase[];
  expect(found).toMatchObject({ kind: 'mismatch', reason: 'unknown-invoice' });
  const close = async (byline: object) => {
    const answer = await fetch(`${cases}/${found?.id}/close`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(byline),
    });
    return answer.status;
  };

  expect(await close({})).toBe(400);
  expect(await close({ by: 'Amna' })).toBe(201);
  expect(await close({ by: 'Amna' })).toBe(404);
  await app.close();
});
