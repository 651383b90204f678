import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PlutuTestSandbox } from 'nestjs-plutu/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { OrdersService } from '../src/orders.service.js';

/** As TypeORM 0.3 does: it finds the first row for an invoice that is undefined. */
class OrdersInATable extends OrdersService {
  override async isPaid(invoiceNo: string): Promise<boolean> {
    return typeof invoiceNo !== 'string' || super.isPaid(invoiceNo);
  }
}

let sandbox: PlutuTestSandbox;
let app: INestApplication;

beforeAll(async () => {
  sandbox = await PlutuTestSandbox.start();
  Object.assign(process.env, sandbox.env, { SHOP_URL: sandbox.appUrl });
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(OrdersService)
    .useClass(OrdersInATable)
    .compile();
  app = module.createNestApplication();
  await sandbox.serve(app);
});

afterAll(() => app.close());

it('the page after a refused callback, which names no invoice, says not paid', async () => {
  // As a browser does, on to the page.
  const page = await fetch(sandbox.forgedCallback('tampered'));

  expect(page.url).toBe(`${sandbox.appUrl}/orders/done?outcome=refused`);
  expect(page.status).toBe(200);
  expect(await page.text()).toBe('It is not paid.');
});

it.each(['', 'invoiceNo=', 'invoiceNo=a&invoiceNo=b', 'invoiceNo[]=a'])(
  'the page of a customer with the query "%s" says not paid',
  async (query) => {
    const page = await fetch(`${sandbox.appUrl}/orders/done?${query}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toBe('It is not paid.');
  },
);
