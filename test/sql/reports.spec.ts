import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  PlutuAlreadyPaidError,
  PlutuInvalidRequestError,
} from '../../src/index.js';
import type { OpenCase, Settlement } from '../../src/sql/index.js';
import { listen } from '../support/channels.js';
import { createDatabase, executorOf } from '../support/databases.js';
import { approved } from '../support/delivery-contract.js';
import {
  attempt,
  describeOnBoth,
  SOON,
  listed,
  startShop,
} from '../support/journals.js';

const BY = { by: 'Amna, accounting' };

/** The shop's invoices, which a test may correct. */
@Injectable()
class Invoices {
  readonly due = new Map<string, string>();

  findInvoice({ invoiceNo }: { invoiceNo: string }) {
    const amount = this.due.get(invoiceNo);
    return amount === undefined ? undefined : { amount, currency: 'USD' };
  }
}

const withInvoices = (due: Record<string, string>) => {
  const invoices = new Invoices();
  for (const [invoiceNo, amount] of Object.entries(due)) {
    invoices.due.set(invoiceNo, amount);
  }
  return {
    invoices,
    options: {
      plutu: { invoices: Invoices },
      providers: [{ provide: Invoices, useValue: invoices }],
    },
  };
};

await describeOnBoth('reports of the journal', (server) => {
  describe('open cases', () => {
    it('whatever a person has to look into is in one list, the oldest first', async () => {
      const database = await createDatabase(server);
      const { options } = withInvoices({ 'inv-2': '5.00' });
      const { journal, books, bring } = await startShop(database, {
        ...options,
        attempts: 1,
      });
      const unknown = await journal.openingCheckout(
        attempt('o-1.1', { orderNo: 'o-1' }),
      );
      await unknown.asked('unknown');
      await sleep(5);
      await bring({ invoiceNo: 'inv-1', transactionId: 't-1', amount: '7.50' });
      await expect.poll(() => books.payments, SOON).toHaveLength(1);
      await sleep(5);
      books.isDown = true;
      await bring({ invoiceNo: 'inv-2', transactionId: 't-2' });
      await expect.poll(() => books.failures, SOON).toHaveLength(1);
      await sleep(5);
      await journal.recordUnreadable({
        tenant: undefined,
        gateway: 'mpgs',
        fields: { amount: ['amount must be more than 0'] },
        signed: { invoice_no: 'inv-3', amount: 'free' },
      });
      const cases = () => listed(journal.openCases());
      await expect.poll(cases, SOON).toHaveLength(4);

      expect(await cases()).toMatchObject([
        {
          kind: 'unknown',
          gateway: 'mpgs',
          invoiceNo: 'o-1.1',
          orderNo: 'o-1',
          amount: '5.00',
          currency: 'USD',
          payment: undefined,
          problem:
            'Plutu gave no clear answer when it was asked to open the payment.',
        },
        {
          kind: 'mismatch',
          invoiceNo: 'inv-1',
          orderNo: 'inv-1',
          transactionId: 't-1',
          amount: '7.50',
          reason: 'unknown-invoice',
          payment: { outcome: 'mismatch', reason: 'unknown-invoice' },
          problem: '7.50 USD was paid, but there is no such invoice.',
        },
        {
          kind: 'failed',
          invoiceNo: 'inv-2',
          payment: { outcome: 'approved' },
          problem: 'Its consumers failed: wallet: Error',
        },
        {
          kind: 'unreadable',
          invoiceNo: 'inv-3',
          amount: 'free',
          account: 'default',
          problem:
            'Plutu signed a message that makes no sense: amount must be more than 0.',
        },
      ]);
    });

    it('a case is closed once, and stays with who did so and why', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database);
      await bring({ currency: 'EUR' });
      await expect.poll(() => books.payments, SOON).toHaveLength(1);
      const entry = await journal.openingCheckout(attempt('o-1'));
      await entry.asked('unknown');
      await journal.recordUnreadable({
        tenant: undefined,
        gateway: 'mpgs',
        fields: {},
        signed: {},
      });
      const cases = await listed(journal.openCases());
      expect(cases).toHaveLength(3);
      const changes = listen('caseChanged');

      for (const { id } of cases) {
        const byline = { ...BY, note: 'Paid back in cash, ردّ نقدي' };
        const closings = await Promise.all([
          journal.closeCase(id, byline),
          journal.closeCase(id, { by: 'Somebody else' }),
        ]);
        expect(closings.toSorted()).toEqual([false, true]);
        expect(await journal.closeCase(id, byline)).toBe(false);
      }

      expect(await listed(journal.openCases())).toEqual([]);
      expect(changes).toMatchObject(
        cases.map(({ id }) => ({ change: 'closed', caseId: id })),
      );
      for (const table of ['payment', 'checkout', 'unreadable']) {
        expect(
          await database.query(
            `SELECT closed_by FROM plutu_${table} WHERE closed_at IS NOT NULL AND closed_by IN ('Amna, accounting', 'Somebody else')`,
          ),
        ).toHaveLength(1);
      }
      expect(await journal.closeCase('mismatch:no-such', BY)).toBe(false);
      expect(await journal.closeCase('nonsense', BY)).toBe(false);
    });

    it('nothing is decided by nobody', async () => {
      const database = await createDatabase(server);
      const { journal } = await startShop(database);

      for (const byline of [
        { by: '' },
        { by: ' ' },
        { by: 'a'.repeat(256) },
        { by: undefined as never },
        { by: 'Amna', note: 5 as never },
      ]) {
        for (const decide of ['closeCase', 'retryCase'] as const) {
          await expect(
            journal[decide]('mismatch:x', byline),
          ).rejects.toBeInstanceOf(PlutuInvalidRequestError);
        }
      }
    });

    it('a mismatch that is tried again after the invoice was corrected credits the wallet', async () => {
      const database = await createDatabase(server);
      const { invoices, options } = withInvoices({ 'inv-1': '7.50' });
      const { journal, books, bring } = await startShop(database, options);
      await bring();
      await expect
        .poll(() => books.payments, SOON)
        .toMatchObject([{ outcome: 'mismatch', reason: 'amount' }]);
      const [open] = await listed(journal.openCases());
      expect(open?.problem).toBe('5.00 USD was paid, but 7.50 USD was due.');

      invoices.due.set('inv-1', '5.00');
      await expect.poll(() => finished(database), SOON).toBe(1);
      expect(await journal.retryCase(open?.id ?? '', BY)).toBe(true);

      await expect.poll(() => books.credits, SOON).toEqual([500]);
      expect(books.payments[1]).toMatchObject({ outcome: 'approved' });
      expect(await listed(journal.openCases())).toEqual([]);
      expect(await journal.retryCase(open?.id ?? '', BY)).toBe(false);
      await expect(
        journal.openingCheckout(attempt('inv-1')),
      ).rejects.toBeInstanceOf(PlutuAlreadyPaidError);
    });

    it('a payment that was given up is credited when somebody tries its case again', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database, {
        attempts: 1,
      });
      books.isDown = true;
      await bring();
      const cases = () => listed(journal.openCases());
      await expect.poll(cases, SOON).toMatchObject([{ kind: 'failed' }]);
      const [open] = await cases();

      books.isDown = false;
      expect(await journal.retryCase(open?.id ?? '', BY)).toBe(true);

      await expect.poll(() => books.credits, SOON).toEqual([500]);
      expect(await cases()).toEqual([]);
    });

    it('a payment that was given up and whose case is closed is credited by nothing any more', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database, {
        attempts: 1,
      });
      books.isDown = true;
      await bring();
      const cases = () => listed(journal.openCases());
      await expect.poll(cases, SOON).toMatchObject([{ kind: 'failed' }]);
      const [open] = await cases();
      await journal.closeCase(open?.id ?? '', BY);
      books.isDown = false;

      await bring();
      expect(await journal.retryFailed()).toBe(0);
      expect(await journal.retryCase(open?.id ?? '', BY)).toBe(false);
      await sleep(100);

      expect(books.credits).toEqual([]);
    });

    it('a case that trying again cannot help is refused, with what helps', async () => {
      const database = await createDatabase(server);
      const { journal } = await startShop(database);
      const entry = await journal.openingCheckout(attempt('o-1'));
      await entry.asked('unknown');
      const [open] = await listed(journal.openCases());

      await expect(journal.retryCase(open?.id ?? '', BY)).rejects.toMatchObject(
        {
          code: 'PLUTU_INVALID_REQUEST',
          fields: { id: [expect.stringContaining('settle')] },
        },
      );
    });

    it('an unknown attempt whose payment has arrived after all is no case', async () => {
      const database = await createDatabase(server);
      const { journal, bring } = await startShop(database);
      const entry = await journal.openingCheckout(attempt('inv-1'));
      await entry.asked('unknown');

      await bring();

      expect(await listed(journal.openCases())).toEqual([]);
    });
  });

  describe('lists', () => {
    it('a list of several pages has everything once, also while payments arrive and cases are closed', async () => {
      const database = await createDatabase(server);
      const { journal } = await startShop(database, { worker: false });
      const numbers = Array.from({ length: 250 }, (_, index) => `inv-${index}`);
      for (const invoiceNo of numbers) {
        await journal.accept(approved({ invoiceNo, transactionId: invoiceNo }));
        const opened = await journal.openingCheckout(attempt(`c-${invoiceNo}`));
        await opened.asked('unknown');
      }
      // Many arrive in one millisecond.
      await database.query(
        'UPDATE plutu_payment SET reason = \'amount\', verdict = \'{"mismatch":{"reason":"amount"}}\', arrived_at = 1000000 + arrived_at / 1000000',
      );
      const soon = new Date(Date.now() + 60_000);
      const span = { from: new Date(0), to: soon };
      let added = 0;
      const arrive = async () => {
        added++;
        const invoiceNo = `new-${added}`;
        await journal.accept(approved({ invoiceNo, transactionId: invoiceNo }));
      };

      const paid: string[] = [];
      for await (const { payment } of journal.payments(span)) {
        if (paid.length % 50 === 0) await arrive();
        paid.push(payment.invoiceNo);
      }
      expect(paid.filter((no) => no.startsWith('inv-')).toSorted()).toEqual(
        numbers.toSorted(),
      );
      expect(new Set(paid).size).toBe(paid.length);

      const cases: OpenCase[] = [];
      for await (const one of journal.openCases()) {
        if (cases.length % 50 === 0) await arrive();
        cases.push(one);
        await journal.closeCase(one.id, BY);
      }
      expect(cases.map(({ kind }) => kind)).toEqual([
        ...Array.from({ length: 250 }, () => 'mismatch'),
        ...Array.from({ length: 250 }, () => 'unknown'),
      ]);
      expect(cases.slice(250).map(({ invoiceNo }) => invoiceNo)).toEqual(
        numbers.map((no) => `c-${no}`),
      );
      expect(await listed(journal.openCases())).toEqual([]);
    }, 30_000);

    it('a tenant is shown nothing of another', async () => {
      const database = await createDatabase(server);
      const { journal } = await startShop(database, { worker: false });
      for (const tenant of ['a', 'b', undefined]) {
        const name = tenant ?? 'none';
        const opened = await journal.openingCheckout(
          attempt(`unknown-${name}`, { tenant }),
        );
        await opened.asked('unknown');
        await journal.accept(approved({ tenant, invoiceNo: `paid-${name}` }));
        await journal.recordUnreadable({
          tenant,
          gateway: 'mpgs',
          fields: {},
          signed: { invoice_no: `unreadable-${name}` },
        });
      }
      await database.query('UPDATE plutu_payment SET dead_at = 1');
      await sleep(5);
      const span = { from: new Date(0), to: new Date(Date.now() + 60_000) };
      const seen = async (options: { tenant?: string }) => ({
        cases: (await listed(journal.openCases(options))).map(
          ({ invoiceNo }) => invoiceNo,
        ),
        unsettled: (
          await listed(journal.unsettled({ ...options, olderThan: 0 }))
        ).map(({ invoiceNo }) => invoiceNo),
        payments: (await listed(journal.payments({ ...options, ...span }))).map(
          ({ payment }) => payment.invoiceNo,
        ),
      });

      expect(await seen({ tenant: 'a' })).toEqual({
        cases: ['unknown-a', 'paid-a', 'unreadable-a'],
        unsettled: ['unknown-a'],
        payments: ['paid-a'],
      });
      expect((await seen({})).cases).toHaveLength(9);
    });

    it('attempts without any answer are found, but not those that were paid, were refused or are recent', async () => {
      const database = await createDatabase(server);
      const { journal, bring } = await startShop(database, { worker: false });
      for (const opening of ['open', 'sent', 'refused', 'unknown'] as const) {
        const opened = await journal.openingCheckout(attempt(opening));
        await opened.asked(opening);
      }
      await journal.openingCheckout(attempt('asked'));
      for (const invoiceNo of ['paid', 'canceled']) {
        await journal.openingCheckout(attempt(invoiceNo));
      }
      const closed = await journal.openingCheckout(attempt('closed'));
      await closed.asked('unknown');
      for (const { id, invoiceNo } of await listed(journal.openCases())) {
        if (invoiceNo === 'closed') await journal.closeCase(id, BY);
      }
      await bring({ invoiceNo: 'paid' });
      await bring({ invoiceNo: 'canceled', outcome: 'canceled' });
      await database.query(
        'UPDATE plutu_checkout SET opened_at = opened_at - 60000',
      );
      await journal.openingCheckout(attempt('young'));

      const list = await listed(journal.unsettled({ olderThan: 30_000 }));

      expect(list.map(({ invoiceNo, state }) => [invoiceNo, state])).toEqual([
        ['open', 'open'],
        ['sent', 'sent'],
        ['unknown', 'unknown'],
        ['asked', 'asked'],
      ]);
      expect(list[0]).toMatchObject({
        gateway: 'mpgs',
        orderNo: 'open',
        amount: '5.00',
        currency: 'USD',
        account: 'default',
        openedAt: expect.any(Date),
      });
      expect(() => journal.unsettled({ olderThan: -1 })).toThrow('olderThan');
    });

    it('a day of payments has those from its first moment on, and not those of the next', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database);
      const from = new Date('2026-11-24T00:00+02:00');
      const to = new Date('2026-11-25T00:00+02:00');
      const times = [+from - 1, +from, +to - 1, +to];
      for (const [index] of times.entries()) {
        const invoiceNo = `inv-${index}`;
        await bring({ invoiceNo, transactionId: `t-${index}` });
        await bring({ invoiceNo, transactionId: `t-${index}` });
      }
      await expect.poll(() => books.payments, SOON).toHaveLength(4);
      for (const [index, time] of times.entries()) {
        await database.query(
          `UPDATE plutu_payment SET arrived_at = ${time} WHERE invoice_no = 'inv-${index}'`,
        );
      }

      expect(await listed(journal.payments({ from, to }))).toMatchObject([
        {
          payment: { invoiceNo: 'inv-1', outcome: 'approved' },
          arrivedAt: from,
          source: 'callback',
          arrivals: 2,
          booked: true,
        },
        { payment: { invoiceNo: 'inv-2' }, arrivedAt: new Date(+to - 1) },
      ]);
      expect(() =>
        journal.payments({ from, to: new Date('tomorrow') }),
      ).toThrow(PlutuInvalidRequestError);
    });
  });

  describe('booking by hand', () => {
    const settlement = (facts: Partial<Settlement> = {}): Settlement => ({
      ...BY,
      invoiceNo: 'inv-1',
      transactionId: 't-1',
      outcome: 'approved',
      ...facts,
    });

    it('a payment that is booked by hand credits the wallet once, also if its callback comes after all', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database);
      await journal.openingCheckout(attempt('inv-1', { orderNo: 'o-7' }));

      const settled = await journal.settle(settlement());
      await expect.poll(() => books.credits, SOON).toEqual([500]);

      expect(settled).toMatchObject({
        duplicate: false,
        payment: {
          outcome: 'approved',
          orderNo: 'o-7',
          gateway: 'mpgs',
          amount: '5.00',
          currency: 'USD',
          source: 'hand',
        },
      });
      expect(books.payments).toEqual([settled.payment]);
      await expect.poll(() => bring({ transactionId: 't-1' }), SOON).toBe(200);
      expect(await journal.settle(settlement())).toMatchObject({
        duplicate: true,
        payment: { id: settled.payment.id },
      });
      await sleep(100);
      expect(books.credits).toEqual([500]);
      expect(
        await database.query(
          'SELECT arrivals, source, paid_order, closed_by FROM plutu_payment',
        ),
      ).toMatchObject([
        {
          arrivals: 2,
          source: 'hand',
          paid_order: expect.any(String),
          closed_by: BY.by,
        },
      ]);
    });

    it('of a person and a callback at the same moment, one credits the wallet', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database);
      for (let round = 0; round < 10; round++) {
        const invoiceNo = `inv-${round}`;
        const transactionId = `t-${round}`;
        await journal.openingCheckout(attempt(invoiceNo));
        const by = settlement({ invoiceNo, transactionId });
        await Promise.all([
          bring({ invoiceNo, transactionId }),
          journal.settle(by),
          journal.settle(by),
        ]);
      }

      await expect.poll(() => books.credits, SOON).toHaveLength(10);
      await sleep(200);
      expect(books.credits).toHaveLength(10);
      expect(await listed(journal.openCases())).toEqual([]);
    });

    it('a mismatch that is accepted by hand credits the wallet, and its case is closed', async () => {
      const database = await createDatabase(server);
      const { options } = withInvoices({ 'inv-1': '7.50' });
      const { journal, books, bring } = await startShop(database, options);
      await journal.openingCheckout(attempt('inv-1', { amount: '7.50' }));
      await bring({ transactionId: 't-1' });
      await expect
        .poll(() => books.payments, SOON)
        .toMatchObject([{ outcome: 'mismatch' }]);
      await expect.poll(() => finished(database), SOON).toBe(1);

      // It is the amount that was paid, not the one that was asked for.
      expect(await journal.settle(settlement())).toMatchObject({
        duplicate: false,
        payment: { outcome: 'approved', amount: '5.00', source: 'callback' },
      });

      await expect.poll(() => books.credits, SOON).toEqual([500]);
      expect(books.payments[1]).toMatchObject({ outcome: 'approved' });
      expect(await listed(journal.openCases())).toEqual([]);
      expect(
        await database.query(
          'SELECT closed_by FROM plutu_payment WHERE closed_at IS NOT NULL',
        ),
      ).toMatchObject([{ closed_by: BY.by }]);
      await expect(
        journal.settle(settlement({ amount: '7.50' })),
      ).rejects.toMatchObject({
        fields: { amount: [expect.stringContaining('5.00 USD')] },
      });
    });

    it('a payment that was accepted by hand and then fails is an open case again', async () => {
      const database = await createDatabase(server);
      const { options } = withInvoices({});
      const { journal, books, bring } = await startShop(database, {
        ...options,
        attempts: 1,
      });
      await bring({ transactionId: 't-1' });
      await expect.poll(() => finished(database), SOON).toBe(1);
      books.isDown = true;

      await journal.settle(settlement());

      await expect
        .poll(() => listed(journal.openCases()), SOON)
        .toMatchObject([{ kind: 'failed', payment: { outcome: 'approved' } }]);
    });

    it('a callback that arrives while a person books the same payment makes it a duplicate', async () => {
      const database = await createDatabase(server);
      const executor = executorOf(database);
      const { journal: other } = await startShop(database, { worker: false });
      let arrivals = 0;
      const { journal } = await startShop(database, {
        worker: false,
        executor: {
          ...executor,
          execute: async (statement, tx) => {
            const isInsert = /INSERT INTO \S*plutu_payment/.test(
              statement.text,
            );
            if (isInsert && arrivals++ === 0) await other.accept(approved());
            return executor.execute(statement, tx);
          },
        },
      });

      const settled = await journal.settle(
        settlement({ gateway: 'mpgs', amount: '5.00', currency: 'USD' }),
      );

      expect(settled.payment).toMatchObject({ source: 'callback' });
      expect(
        await database.query('SELECT paid_order FROM plutu_payment'),
      ).toMatchObject([{ paid_order: expect.any(String) }]);
    });

    it('a payment whose invoice could never be looked up can be accepted by hand', async () => {
      const database = await createDatabase(server);
      @Injectable()
      class Broken {
        findInvoice(): never {
          throw new Error('the table of the invoices is gone');
        }
      }
      const { journal, books, bring } = await startShop(database, {
        plutu: { invoices: Broken },
        providers: [Broken],
        attempts: 1,
      });
      await bring({ transactionId: 't-1' });
      await expect
        .poll(() => listed(journal.openCases()), SOON)
        .toMatchObject([{ kind: 'failed' }]);

      await journal.settle(settlement());

      await expect.poll(() => books.credits, SOON).toEqual([500]);
    });

    it('the amount is that of the attempt which Plutu took, and not of one that it refused', async () => {
      const database = await createDatabase(server);
      const { journal } = await startShop(database, { worker: false });
      const open = await journal.openingCheckout(attempt('o-1'));
      await open.asked('open');
      const refused = await journal.openingCheckout(
        attempt('o-1', { amount: '900.00' }),
      );
      await refused.asked('refused');

      expect(
        await journal.settle(settlement({ invoiceNo: 'o-1' })),
      ).toMatchObject({ payment: { amount: '5.00' } });
    });

    it('an unknown attempt is settled by hand, and closed', async () => {
      const database = await createDatabase(server);
      const { journal, books } = await startShop(database);
      const facts = attempt('o-7.1', { orderNo: 'o-7' });
      const entry = await journal.openingCheckout(facts);
      const charge = { ...facts, id: entry.id, processId: 'p-1' };
      const limits = { refusals: 3, silence: 60_000 };
      await journal.beginCharge(charge, limits);
      await journal.endCharge(charge, 'unknown');

      await journal.settle(
        settlement({ invoiceNo: 'o-7.1', note: 'In the dashboard at 10:05' }),
      );

      await expect.poll(() => books.credits, SOON).toEqual([500]);
      expect(await listed(journal.openCases())).toEqual([]);
      expect(
        await database.query(
          'SELECT state, closed_by, closed_note FROM plutu_checkout',
        ),
      ).toMatchObject([
        {
          state: 'settled',
          closed_by: BY.by,
          closed_note: 'In the dashboard at 10:05',
        },
      ]);
      expect(await journal.beginCharge(charge, limits)).toMatchObject({
        state: 'settled',
        payment: { source: 'hand' },
      });
    });

    it('an unknown attempt that was not paid is closed by a payment that was canceled', async () => {
      const database = await createDatabase(server);
      const { journal, books } = await startShop(database);
      const entry = await journal.openingCheckout(attempt('inv-1'));
      await entry.asked('unknown');

      await journal.settle(settlement({ outcome: 'canceled' }));

      await expect
        .poll(() => books.payments, SOON)
        .toMatchObject([{ outcome: 'canceled', source: 'hand' }]);
      expect(await listed(journal.openCases())).toEqual([]);
      await expect(
        journal.openingCheckout(attempt('inv-1')),
      ).resolves.toBeDefined();
    });

    it('nothing that is booked by hand pays an order twice, or undoes that it was paid', async () => {
      const database = await createDatabase(server);
      const { journal, books, bring } = await startShop(database);
      for (const invoiceNo of ['o-7.1', 'o-7.2']) {
        await journal.openingCheckout(attempt(invoiceNo, { orderNo: 'o-7' }));
      }
      await bring({ invoiceNo: 'o-7.1', transactionId: 't-1' });
      await expect.poll(() => books.credits, SOON).toEqual([500]);

      for (const facts of [
        { invoiceNo: 'o-7.2', transactionId: 't-2' },
        { invoiceNo: 'o-7.1', transactionId: 't-2' },
        { invoiceNo: 'o-7.1', outcome: 'canceled' },
        { invoiceNo: 'o-7.2', outcome: 'incomplete' },
      ] as const) {
        await expect(journal.settle(settlement(facts))).rejects.toMatchObject({
          code: 'PLUTU_ALREADY_PAID',
          orderNo: 'o-7',
          first: { invoiceNo: 'o-7.1', transactionId: 't-1' },
        });
      }
      expect(await database.query('SELECT id FROM plutu_payment')).toHaveLength(
        1,
      );
    });

    it('what the journal does not know has to be given, and what cannot be is refused', async () => {
      const database = await createDatabase(server);
      const { journal, books } = await startShop(database);
      const known = { gateway: 'mpgs', amount: '5.00', currency: 'USD' };
      const fieldsOf = async (facts: object) => {
        const error: unknown = await journal
          .settle({ ...settlement(), ...facts })
          .catch((e: unknown) => e);
        return error instanceof PlutuInvalidRequestError
          ? Object.keys(error.fields).toSorted()
          : error;
      };

      expect(await fieldsOf({})).toEqual(['amount', 'currency', 'gateway']);
      for (const [field, value] of [
        ['by', ''],
        ['invoiceNo', 'a b'],
        ['invoiceNo', undefined],
        ['transactionId', 'ت\0'],
        ['outcome', 'mismatch'],
        ['amount', '5.001'],
        ['amount', 5],
        ['amount', '-1'],
        ['currency', 'usd'],
        ['currency', 'LYD'],
        ['gateway', 'sadad'],
        ['tenant', 'a b'],
        ['method', 5],
      ] as const) {
        expect(await fieldsOf({ ...known, [field]: value })).toEqual([field]);
      }
      expect(await database.query('SELECT id FROM plutu_payment')).toEqual([]);

      await journal.settle({ ...settlement(), ...known });
      await expect.poll(() => books.credits, SOON).toEqual([500]);
    });
  });

  it('prune removes no attempt that may have been paid, and what is closed it does', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const limits = { refusals: 3, silence: 60_000 };
    for (const invoiceNo of ['unknown', 'closed', 'charging', 'settled']) {
      const facts = attempt(invoiceNo);
      const entry = await journal.openingCheckout(facts);
      if (invoiceNo === 'charging') {
        const charge = { ...facts, id: entry.id, processId: 'p-1' };
        await journal.beginCharge(charge, limits);
      } else {
        await entry.asked('unknown');
      }
    }
    await journal.settle({
      ...BY,
      invoiceNo: 'settled',
      transactionId: 't-1',
      outcome: 'approved',
    });
    for (const { id, invoiceNo } of await listed(journal.openCases())) {
      if (invoiceNo === 'closed') await journal.closeCase(id, BY);
    }
    await sleep(20);

    await journal.prune({ olderThan: 0 });

    expect(
      await database.query('SELECT invoice_no FROM plutu_checkout ORDER BY id'),
    ).toMatchObject(
      ['unknown', 'charging', 'settled'].map((no) => ({ invoice_no: no })),
    );
  });
});

/** How many payments every consumer is done with. */
async function finished(database: {
  query: (sql: string) => Promise<unknown[]>;
}): Promise<number> {
  const rows = await database.query(
    'SELECT id FROM plutu_payment WHERE done_at IS NOT NULL',
  );
  return rows.length;
}
