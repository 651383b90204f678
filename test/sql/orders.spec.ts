import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { expect, it } from 'vitest';
import {
  OnPaymentCanceled,
  PlutuAlreadyPaidError,
  type InvoiceQuery,
} from '../../src/index.js';
import { createDatabase } from '../support/databases.js';
import { callbackQuery } from '../support/callbacks.js';
import { approved } from '../support/delivery-contract.js';
import {
  attempt,
  describeOnBoth,
  SOON,
  startShop,
} from '../support/journals.js';

await describeOnBoth('orders in the journal', (server) => {
  it('an order that is paid through two of its invoices is paid once, and the second payment names the first', async () => {
    const database = await createDatabase(server);
    const { journal, books, bring } = await startShop(database);
    for (const invoiceNo of ['o-7.1', 'o-7.2']) {
      await journal.openingCheckout(attempt(invoiceNo, { orderNo: 'o-7' }));
    }

    await bring({ invoiceNo: 'o-7.1', transactionId: 't-1' });
    await expect.poll(() => books.payments, SOON).toHaveLength(1);
    await bring({ invoiceNo: 'o-7.2', transactionId: 't-2' });
    await expect.poll(() => books.payments, SOON).toHaveLength(2);

    expect(books.payments).toMatchObject([
      { outcome: 'approved', invoiceNo: 'o-7.1', orderNo: 'o-7' },
      {
        outcome: 'mismatch',
        reason: 'already-paid',
        orderNo: 'o-7',
        first: { gateway: 'mpgs', invoiceNo: 'o-7.1', transactionId: 't-1' },
      },
    ]);
    expect(books.credits).toEqual([500]);
  });

  it('an invoice that was made for one order cannot be opened for another, nor take its payment there', async () => {
    const database = await createDatabase(server);
    const { journal, books, bring } = await startShop(database);
    await journal.openingCheckout(attempt('o-7.1', { orderNo: 'o-7' }));

    for (const facts of [{ orderNo: 'o-8' }, {}]) {
      await expect(
        journal.openingCheckout(attempt('o-7.1', facts)),
      ).rejects.toMatchObject({
        code: 'PLUTU_INVALID_REQUEST',
        fields: { invoiceNo: ['invoiceNo o-7.1 belongs to another order'] },
      });
    }
    await bring({ invoiceNo: 'o-7.1' });

    await expect
      .poll(() => books.payments, SOON)
      .toMatchObject([{ invoiceNo: 'o-7.1', orderNo: 'o-7' }]);
  });

  it('a cancel whose consumer fails is not published any more once the order is paid', async () => {
    const database = await createDatabase(server);
    let calls = 0;
    @Injectable()
    class Flaky {
      @OnPaymentCanceled({ consumer: 'flaky' })
      cancel(): void {
        calls++;
        throw new Error('not now');
      }
    }
    const { journal, books, bring } = await startShop(database, {
      providers: [Flaky],
      backoff: 1_000,
    });
    for (const invoiceNo of ['o-7.1', 'o-7.2']) {
      await journal.openingCheckout(attempt(invoiceNo, { orderNo: 'o-7' }));
    }
    await bring({ invoiceNo: 'o-7.1', outcome: 'canceled' });
    await expect.poll(() => calls, SOON).toBe(1);

    await bring({ invoiceNo: 'o-7.2', transactionId: 't-2' });
    await expect.poll(() => books.credits, SOON).toEqual([500]);
    await expect
      .poll(
        () =>
          database.query(
            'SELECT id FROM plutu_payment WHERE due_at IS NOT NULL',
          ),
        { timeout: 9_000 },
      )
      .toEqual([]);

    expect(calls).toBe(1);
  });

  it('a cancel that overtakes a payment which is still being judged is not published', async () => {
    const database = await createDatabase(server);
    const { journal: other } = await startShop(database, { worker: false });
    await other.openingCheckout(attempt('o-7.1', { orderNo: 'o-7' }));
    // Accepted, and its instance is busy with it.
    await other.accept(approved({ invoiceNo: 'o-7.1' }));
    await database.query(
      "UPDATE plutu_payment SET lease = 'other', due_at = due_at + 60000",
    );
    // Only now, or it could have taken the payment itself.
    const { books, bring } = await startShop(database);

    await bring({ invoiceNo: 'o-7.1', outcome: 'canceled' });
    await expect
      .poll(
        () =>
          database.query(
            "SELECT verdict FROM plutu_payment WHERE outcome = 'canceled' AND done_at IS NOT NULL",
          ),
        SOON,
      )
      .toHaveLength(1);

    expect(books.payments).toEqual([]);
  });

  it('a payment of an invoice that the journal never opened is for the order of the same number', async () => {
    const database = await createDatabase(server);
    const { books, bring } = await startShop(database);

    await bring({ invoiceNo: 'inv-1' });

    await expect
      .poll(() => books.payments, SOON)
      .toMatchObject([{ invoiceNo: 'inv-1', orderNo: 'inv-1' }]);
  });

  it('what an invoice is due is asked for with the number of its order', async () => {
    const database = await createDatabase(server);
    const queries: InvoiceQuery[] = [];
    @Injectable()
    class Orders {
      findInvoice(query: InvoiceQuery) {
        queries.push(query);
        return { amount: '5.00', currency: 'USD' };
      }
    }
    const { journal, books, bring } = await startShop(database, {
      plutu: { invoices: Orders },
      providers: [Orders],
    });
    await journal.openingCheckout(attempt('o-7.1', { orderNo: 'o-7' }));

    await bring({ invoiceNo: 'o-7.1' });
    await expect.poll(() => books.payments, SOON).toHaveLength(1);

    expect(queries).toMatchObject([{ invoiceNo: 'o-7.1', orderNo: 'o-7' }]);
  });

  it('no checkout is opened for an order that is paid', async () => {
    const database = await createDatabase(server);
    const { journal, books, bring } = await startShop(database);
    await journal.openingCheckout(attempt('o-7.1', { orderNo: 'o-7' }));
    await bring({ invoiceNo: 'o-7.1', transactionId: 't-1' });
    await expect.poll(() => books.credits, SOON).toEqual([500]);

    const error: unknown = await journal
      .openingCheckout(attempt('o-7.2', { orderNo: 'o-7' }))
      .catch((e: unknown) => e);

    expect(error).toBeInstanceOf(PlutuAlreadyPaidError);
    expect(error).toMatchObject({
      orderNo: 'o-7',
      first: { invoiceNo: 'o-7.1', transactionId: 't-1', gateway: 'mpgs' },
    });
    expect(
      await database.query('SELECT invoice_no FROM plutu_checkout'),
    ).toMatchObject([{ invoice_no: 'o-7.1' }]);
  });

  it('no checkout is opened for an order whose payment has arrived and is not judged yet', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    await journal.accept(approved({ invoiceNo: 'o-7' }));

    await expect(
      journal.openingCheckout(attempt('o-7.2', { orderNo: 'o-7' })),
    ).rejects.toMatchObject({
      code: 'PLUTU_ALREADY_PAID',
      first: { invoiceNo: 'o-7' },
    });
  });

  it('an order whose only payment was canceled, or not what was due, can be paid again', async () => {
    const database = await createDatabase(server);
    const { journal, books, bring } = await startShop(database);
    await bring({ invoiceNo: 'o-7', outcome: 'canceled' });
    await bring({ invoiceNo: 'o-7', transactionId: 't-2', currency: 'EUR' });
    await expect.poll(() => books.payments, SOON).toHaveLength(2);

    await expect(
      journal.openingCheckout(attempt('o-7.2', { orderNo: 'o-7' })),
    ).resolves.toBeDefined();
  });

  it.each(['canceled', 'incomplete'] as const)(
    'a payment that was %s and arrives after the order was paid is kept, and cancels nothing',
    async (outcome) => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database);
      for (const invoiceNo of ['o-7.1', 'o-7.2']) {
        await journal.openingCheckout(attempt(invoiceNo, { orderNo: 'o-7' }));
      }
      await bring({ invoiceNo: 'o-7.1', transactionId: 't-1' });
      await expect.poll(() => books.payments, SOON).toHaveLength(1);

      await bring({ invoiceNo: 'o-7.2', transactionId: 't-2', outcome });
      await expect
        .poll(
          () =>
            database.query(
              'SELECT outcome FROM plutu_payment WHERE done_at IS NOT NULL ORDER BY arrived_at',
            ),
          SOON,
        )
        .toMatchObject([{ outcome: 'approved' }, { outcome }]);
      await sleep(50);

      expect(books.payments).toMatchObject([{ outcome: 'approved' }]);
    },
  );

  it('a customer who cancels a second attempt of a paid order is led to the page of what is paid', async () => {
    const database = await createDatabase(server);
    const { journal, books, bring, url } = await startShop(database, {
      plutu: {
        redirect: {
          approved: '/paid',
          canceled: '/canceled',
          incomplete: '/try-again',
          refused: '/refused',
        },
      },
    });
    for (const invoiceNo of ['o-7.1', 'o-7.2']) {
      await journal.openingCheckout(attempt(invoiceNo, { orderNo: 'o-7' }));
    }
    await bring({ invoiceNo: 'o-7.1', transactionId: 't-1' });
    await expect.poll(() => books.payments, SOON).toHaveLength(1);

    const query = callbackQuery({ invoiceNo: 'o-7.2', outcome: 'canceled' });
    const { headers } = await fetch(`${url}/plutu/mpgs/callback?${query}`, {
      headers: { Accept: 'text/html' },
      redirect: 'manual',
    });

    expect(headers.get('location')).toBe(
      '/paid?outcome=approved&invoiceNo=o-7.2&orderNo=o-7',
    );
  });

  it('a payment that was canceled before the order was paid is published', async () => {
    const database = await createDatabase(server);
    const { books, bring } = await startShop(database);

    await bring({ invoiceNo: 'o-7', outcome: 'canceled' });

    await expect
      .poll(() => books.payments, SOON)
      .toMatchObject([{ outcome: 'canceled' }]);
  });

  it('tenants may have orders of the same number, and each is paid by its own', async () => {
    const database = await createDatabase(server);
    const { journal, books } = await startShop(database);
    await journal.accept(approved({ tenant: 'a', transactionId: 't-1' }));
    await expect.poll(() => books.payments, SOON).toHaveLength(1);

    await journal.openingCheckout(attempt('inv-1', { tenant: 'b' }));
    await journal.accept(approved({ tenant: 'b', transactionId: 't-2' }));
    await expect.poll(() => books.payments, SOON).toHaveLength(2);

    expect(books.payments.map(({ outcome }) => outcome)).toEqual([
      'approved',
      'approved',
    ]);
  });
});
