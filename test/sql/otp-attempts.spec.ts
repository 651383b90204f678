import { expect, it } from 'vitest';
import { PaymentApprovedEvent } from '../../src/index.js';
import type {
  ChargeLimits,
  CheckoutFacts,
  OtpCharge,
} from '../../src/payments/payment-journal.js';
import type { PaymentJournal } from '../../src/sql/index.js';
import { AttemptStore } from '../../src/sql/attempt-store.js';
import { JournalStore } from '../../src/sql/journal-store.js';
import {
  createDatabase,
  type TestDatabase,
  executorOf,
} from '../support/databases.js';
import {
  attempt,
  describeOnBoth,
  listed,
  SOON,
  startShop,
} from '../support/journals.js';

const LIMITS: ChargeLimits = { refusals: 3, silence: 60_000 };

const sadad = (invoiceNo: string, facts: Partial<CheckoutFacts> = {}) =>
  attempt(invoiceNo, { gateway: 'sadadapi', currency: 'LYD', ...facts });

/** Sends a code; resolves to what is charged with it. */
const sendCode = async (
  journal: PaymentJournal,
  facts: CheckoutFacts,
): Promise<OtpCharge> => {
  const entry = await journal.openingCheckout(facts);
  await entry.asked('sent');
  return { ...facts, id: entry.id, processId: `process-${facts.invoiceNo}` };
};

const paid = (charge: OtpCharge) =>
  new PaymentApprovedEvent({
    gateway: charge.gateway,
    invoiceNo: charge.invoiceNo,
    orderNo: charge.orderNo,
    transactionId: `t-${charge.invoiceNo}`,
    amount: '5.00',
    requestedAmount: charge.amount,
    currency: 'LYD',
    source: 'confirm',
  });

const statesIn = async (database: TestDatabase) => {
  const rows = await database.query(
    'SELECT state FROM plutu_checkout ORDER BY id',
  );
  return rows.map(({ state }) => state);
};

await describeOnBoth('one-time passwords in the journal', (server) => {
  it('a charge begins once, and ends with its payment, which every later call gets', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('o-7.1', { orderNo: 'o-7' }));
    expect(await statesIn(database)).toEqual(['sent']);

    expect(await journal.beginCharge(charge, LIMITS)).toEqual({
      state: 'begun',
      refusals: 0,
    });
    expect(await journal.beginCharge(charge, LIMITS)).toEqual({
      state: 'busy',
      refusals: 0,
    });
    await journal.accept(paid(charge));
    await journal.endCharge(charge, paid(charge));

    const again = await journal.beginCharge(charge, LIMITS);
    expect(again).toMatchObject({
      state: 'settled',
      payment: {
        id: paid(charge).id,
        outcome: 'approved',
        orderNo: 'o-7',
        source: 'confirm',
        requestedAmount: '5.00',
      },
    });
    expect(await statesIn(database)).toEqual(['settled']);
    expect(
      await database.query('SELECT source FROM plutu_payment'),
    ).toMatchObject([{ source: 'confirm' }]);
  });

  it('of eight calls at two instances that charge two codes of one order, one begins', async () => {
    const database = await createDatabase(server);
    const { journal: one } = await startShop(database, { worker: false });
    const { journal: two } = await startShop(database, { worker: false });
    const charges = [
      await sendCode(one, sadad('o-7.1', { orderNo: 'o-7' })),
      await sendCode(two, sadad('o-7.2', { orderNo: 'o-7' })),
    ];

    for (let round = 0; round < 5; round++) {
      const starts = await Promise.all(
        [0, 1, 2, 3].flatMap((index) =>
          charges.map((charge) =>
            (index % 2 ? one : two).beginCharge(charge, LIMITS),
          ),
        ),
      );
      expect(starts.map(({ state }) => state).toSorted()).toEqual([
        'begun',
        ...Array.from({ length: 7 }, () => 'busy'),
      ]);
      const begun = starts.findIndex(({ state }) => state === 'begun');
      const charge = charges[begun % 2];
      if (charge) await one.endCharge(charge, 'not-sent');
    }
  });

  it('a code can be charged although it could not be noted that it was sent', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const facts = sadad('o-7');
    const { id } = await journal.openingCheckout(facts);

    expect(
      await journal.beginCharge({ ...facts, id, processId: 'p-1' }, LIMITS),
    ).toMatchObject({ state: 'begun' });
  });

  it('refused codes count, and one that Plutu never saw does not', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('o-7'));
    for (const end of ['refused', 'not-sent', 'refused'] as const) {
      await journal.beginCharge(charge, LIMITS);
      await journal.endCharge(charge, end);
    }

    expect(await journal.beginCharge(charge, LIMITS)).toEqual({
      state: 'begun',
      refusals: 2,
    });
    await journal.endCharge(charge, 'refused');
    expect(await journal.beginCharge(charge, LIMITS)).toEqual({
      state: 'exhausted',
    });
  });

  it('a charge whose outcome is unknown is never begun again', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('o-7'));
    await journal.beginCharge(charge, LIMITS);
    await journal.endCharge(charge, 'unknown');

    expect(await journal.beginCharge(charge, LIMITS)).toMatchObject({
      state: 'unknown',
    });
    // What comes too late changes nothing.
    await journal.endCharge(charge, 'not-sent');
    expect(await statesIn(database)).toEqual(['unknown']);
  });

  it('an attempt that was refused, or that there is not, cannot be charged', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const facts = sadad('o-7');
    const entry = await journal.openingCheckout(facts);
    await entry.asked('refused');

    const hosted = await journal.openingCheckout(facts);
    await hosted.asked('open');

    for (const id of [entry.id, hosted.id, 'f'.repeat(32)]) {
      expect(
        await journal.beginCharge({ ...facts, id, processId: 'p-1' }, LIMITS),
      ).toEqual({ state: 'over' });
    }
  });

  it('nobody is charged for an order that another invoice has paid meanwhile', async () => {
    const database = await createDatabase(server);
    const { journal, bring } = await startShop(database, { worker: false });
    await journal.openingCheckout(attempt('o-7.1', { orderNo: 'o-7' }));
    const charge = await sendCode(journal, sadad('o-7.2', { orderNo: 'o-7' }));
    await bring({ invoiceNo: 'o-7.1', transactionId: 't-1' });

    await expect(journal.beginCharge(charge, LIMITS)).rejects.toMatchObject({
      code: 'PLUTU_ALREADY_PAID',
      orderNo: 'o-7',
      first: { invoiceNo: 'o-7.1', gateway: 'mpgs' },
    });
  });

  it('an order that may have been charged is not charged again, until somebody closes the case', async () => {
    const database = await createDatabase(server);
    const { journal, books } = await startShop(database);
    const one = await sendCode(journal, sadad('o-7.1', { orderNo: 'o-7' }));
    const two = await sendCode(journal, sadad('o-7.2', { orderNo: 'o-7' }));
    await journal.beginCharge(one, LIMITS);
    await journal.endCharge(one, 'unknown');

    expect(await journal.beginCharge(two, LIMITS)).toMatchObject({
      state: 'unknown',
      payment: { invoiceNo: 'o-7.1', orderNo: 'o-7', gateway: 'sadadapi' },
    });
    await expect(
      journal.openingCheckout(sadad('o-7.3', { orderNo: 'o-7' })),
    ).rejects.toMatchObject({
      code: 'PLUTU_PAYMENT_UNKNOWN',
      payment: { invoiceNo: 'o-7.1' },
    });
    await expect
      .poll(() => books.unknown, SOON)
      .toMatchObject([{ invoiceNo: 'o-7.1' }]);

    const [open] = await listed(journal.openCases());
    await journal.closeCase(open?.id ?? '', { by: 'Amna' });
    expect(await journal.beginCharge(two, LIMITS)).toMatchObject({
      state: 'begun',
    });
  });

  it('an unknown charge stays an open case if the same number is paid at another gateway', async () => {
    const database = await createDatabase(server);
    const { journal, books, bring } = await startShop(database);
    const charge = await sendCode(journal, sadad('inv-1'));
    await journal.beginCharge(charge, LIMITS);
    await journal.endCharge(charge, 'unknown');

    await bring({ invoiceNo: 'inv-1' });
    await expect.poll(() => books.credits, SOON).toEqual([500]);

    expect(await listed(journal.openCases())).toMatchObject([
      { kind: 'unknown', gateway: 'sadadapi' },
    ]);
  });

  it('no charge begins in an application that is being stopped', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('inv-1'));

    await journal.onModuleDestroy();

    await expect(journal.beginCharge(charge, LIMITS)).rejects.toThrow(
      'The application is stopping',
    );
    expect(await statesIn(database)).toEqual(['sent']);
  });

  it('a payment that comes after its charge was given up as unknown settles it', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('o-7'));
    await journal.beginCharge(charge, LIMITS);
    await journal.endCharge(charge, 'unknown');

    await journal.endCharge(charge, paid(charge));

    expect(
      await database.query('SELECT state, payment_id FROM plutu_checkout'),
    ).toMatchObject([{ state: 'settled', payment_id: paid(charge).id }]);
  });

  it('a payment that was accepted and not noted at its attempt is found', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    for (const [index, end] of ([undefined, 'unknown'] as const).entries()) {
      const charge = await sendCode(journal, sadad(`o-${index}`));
      await journal.beginCharge(charge, LIMITS);
      if (end) await journal.endCharge(charge, end);
      await journal.accept(paid(charge));

      expect(await journal.beginCharge(charge, LIMITS)).toMatchObject({
        state: 'settled',
        payment: { id: paid(charge).id },
      });
    }
    expect(await statesIn(database)).toEqual(['settled', 'settled']);
  });

  it('a charge that could not begin in time does not block its order', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, {
      worker: false,
      acceptTimeout: 300,
    });
    const charge = await sendCode(journal, sadad('o-7'));
    const { journal: other } = await startShop(database, { worker: false });
    let late: Promise<unknown> = Promise.resolve();
    await other.once('any', paid(charge), async (tx) => {
      await execute(tx, 'UPDATE plutu_checkout SET failures = failures + 0');
      late = journal.beginCharge(charge, LIMITS);
      await expect(late).rejects.toThrow('did not answer');
    });

    await expect
      .poll(() => other.beginCharge(charge, LIMITS), { timeout: 3_000 })
      .toMatchObject({ state: 'begun' });
  });

  it('a number gets so many codes within the time, and those that Plutu refused do not count', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const recipient = { key: 'a'.repeat(64), limit: 2, within: 60_000 };
    const open = (invoiceNo: string, key = recipient.key) =>
      journal.openingCheckout(sadad(invoiceNo), { ...recipient, key });
    const refused = await open('o-1');
    await refused.asked('refused');
    await open('o-2');
    await open('o-3');

    await expect(open('o-4')).rejects.toMatchObject({
      code: 'PLUTU_OTP_TOO_MANY_CODES',
    });
    await expect(open('o-5', 'b'.repeat(64))).resolves.toBeDefined();
    await database.query(
      'UPDATE plutu_checkout SET opened_at = opened_at - 60001',
    );
    await expect(open('o-6')).resolves.toBeDefined();
    expect(await statesIn(database)).toEqual([
      'refused',
      'asked',
      'asked',
      'refused',
      'asked',
      'asked',
    ]);
  });

  it('a charge whose process has died becomes unknown by itself, and two instances report it once', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('o-7.1', { orderNo: 'o-7' }));
    const limits = { ...LIMITS, silence: 100 };
    await journal.beginCharge(charge, limits);
    const other = await sendCode(journal, sadad('o-8'));
    await journal.beginCharge(other, limits);
    await journal.accept(paid(other));
    const shops = await Promise.all([startShop(database), startShop(database)]);
    const unknown = () => shops.flatMap(({ books }) => books.unknown);

    await expect.poll(unknown, { timeout: 9_000 }).not.toEqual([]);
    await expect
      .poll(() => statesIn(database), { timeout: 9_000 })
      .toEqual(['unknown', 'settled']);
    // Each has looked again by then.
    await new Promise((resolve) => setTimeout(resolve, 8_000));

    expect(unknown()).toMatchObject([
      {
        account: 'default',
        gateway: 'sadadapi',
        invoiceNo: 'o-7.1',
        orderNo: 'o-7',
        amount: '5.00',
        currency: 'LYD',
        processId: 'process-o-7.1',
      },
    ]);
    expect(
      await database.query(
        'SELECT state FROM plutu_checkout WHERE due_at IS NOT NULL',
      ),
    ).toEqual([]);
  }, 30_000);

  it('of several instances that find a charge without an end at the same moment, one reports it', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const executor = executorOf(database);
    const names = { schema: undefined, prefix: 'plutu_' };
    const attempts = new AttemptStore(
      new JournalStore(executor, names, 'default'),
    );
    for (let round = 0; round < 5; round++) {
      const charge = await sendCode(journal, sadad(`o-${round}`));
      await journal.beginCharge(charge, { ...LIMITS, silence: 0 });
      const taken = await Promise.all(
        Array.from({ length: 8 }, () => attempts.takeSilent()),
      );
      expect(taken.flat()).toMatchObject([
        { id: charge.id, payment: { invoiceNo: charge.invoiceNo } },
      ]);
    }
  });

  it('an unknown outcome whose report was cut off is reported by another instance', async () => {
    const database = await createDatabase(server);
    const { journal } = await startShop(database, { worker: false });
    const charge = await sendCode(journal, sadad('o-7'));
    await journal.beginCharge(charge, LIMITS);
    // As the instance left it that has died.
    await database.query(
      "UPDATE plutu_checkout SET state = 'unknown', due_at = 1",
    );

    const { books } = await startShop(database);

    await expect
      .poll(() => books.unknown, { timeout: 9_000 })
      .toMatchObject([{ invoiceNo: 'o-7' }]);
  }, 15_000);
});

/** Runs a statement on a handle of `pg` or `mysql2`. */
async function execute(tx: unknown, sql: string): Promise<void> {
  const { query } = tx as { query: (sql: string) => Promise<unknown> };
  await query.call(tx, sql);
}
