import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  Module,
  type OnModuleDestroy,
} from '@nestjs/common';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  getPlutuToken,
  InjectPlutu,
  inProcessDelivery,
  OnDeliveryFailed,
  OnPaymentApproved,
  OnPaymentMismatch,
  PaymentCanceledEvent,
  PaymentIncompleteEvent,
  PLUTU_EVENTS,
  PlutuHealthIndicator,
  PlutuJournalError,
  PlutuModule,
  signCallback,
  type DeliveryFailedEvent,
  type PaidInvoice,
  type Pair,
  type PaymentApprovedEvent,
  type PaymentMismatchEvent,
  type PaymentProcessor,
  type PaymentRecord,
} from '../../src/index.js';
import {
  fromPg,
  PaymentJournal,
  sqlJournal,
  type SqlJournalOptions,
  type SqlStatement,
} from '../../src/sql/index.js';
import { ACCOUNT, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import {
  createDatabase,
  executorOf,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  pgPool,
  type FoundServer,
  type TestDatabase,
} from '../support/databases.js';
import {
  approved,
  RecordingProcessor,
  startDelivery,
} from '../support/delivery-contract.js';
import { answeringServer } from '../support/servers.js';
import { isMissing } from '../support/tools.js';
import { vectors } from '../support/vectors.js';

const postgres = await findPostgres();
const mariadb = await findMariaDb();
afterAll(async () => {
  await postgres?.close();
  await mariadb?.close();
});

const journalOf = (
  database: TestDatabase,
  options: Partial<SqlJournalOptions> = {},
) =>
  sqlJournal({
    backoff: 20,
    ...options,
    useFactory: () => executorOf(database),
  });

const OPENED = {
  status: 200,
  result: { redirect_url: 'https://pay.example/checkout' },
};

/** The state of each checkout, and the text of every row of every table. */
const statesIn = async (database: TestDatabase) => {
  const rows = await database.query(
    'SELECT state FROM plutu_checkout ORDER BY id',
  );
  return rows.map(({ state }) => state);
};

const TABLES = ['checkout', 'payment', 'mark', 'unreadable', 'version'];

const everythingIn = async (database: TestDatabase): Promise<string> => {
  const rows = await Promise.all(
    TABLES.map((name) => database.query(`SELECT * FROM plutu_${name}`)),
  );
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
};

const bring = async (
  url: string,
  query: string,
  path = 'plutu/mpgs',
): Promise<number> => {
  const { status } = await fetch(`${url}/${path}/callback?${query}`);
  return status;
};

function describeJournal(name: string, server: FoundServer | undefined): void {
  describe(`with a journal on ${name},`, () => {
    it('a checkout is committed before Plutu is asked, and open after it', async () => {
      const database = await createDatabase(server);
      let before: unknown;
      const plutu = await answeringServer(200, OPENED, {
        before: async () => (before = await statesIn(database)),
      });
      const { mpgs } = await startApp({
        baseUrl: plutu.url,
        journal: journalOf(database),
      });

      await mpgs.createCheckout({ invoiceNo: 'inv-1', amount: '5.00' });

      expect(before).toEqual(['asked']);
      expect(await statesIn(database)).toEqual(['open']);
      expect(
        await database.query(
          'SELECT account, tenant, gateway, invoice_no, order_no, amount, currency FROM plutu_checkout',
        ),
      ).toMatchObject([
        {
          account: 'default',
          tenant: null,
          gateway: 'mpgs',
          invoice_no: 'inv-1',
          order_no: 'inv-1',
          amount: '5.00',
          currency: 'USD',
        },
      ]);
    });

    it.each([
      [422, { error: { code: 'INVALID_INPUTS' } }, 'refused'],
      [502, '<html>', 'unknown'],
    ])(
      'a checkout that Plutu answers with %i is kept as %o: %s',
      async (status, body, state) => {
        const database = await createDatabase(server);
        const plutu = await answeringServer(status, body);
        const { mpgs } = await startApp({
          baseUrl: plutu.url,
          journal: journalOf(database),
        });

        await expect(
          mpgs.createCheckout({ invoiceNo: 'inv-1', amount: '5.00' }),
        ).rejects.toThrow(/Plutu/);

        expect(await statesIn(database)).toEqual([state]);
      },
    );

    it('Plutu is not asked for a checkout that could not be written down', async () => {
      const database = await createDatabase(server);
      const plutu = await answeringServer(200, OPENED);
      const { mpgs } = await startApp({
        baseUrl: plutu.url,
        journal: journalOf(database),
      });
      await database.query('DROP TABLE plutu_checkout');

      const error: unknown = await mpgs
        .createCheckout({ invoiceNo: 'inv-1', amount: '5.00' })
        .catch((e: unknown) => e);

      expect(error).toBeInstanceOf(PlutuJournalError);
      expect(plutu.seen).toEqual([]);
    });

    it('a message that Plutu signed and that makes no sense is kept before it is answered', async () => {
      const database = await createDatabase(server);
      const { url } = await startApp({ journal: journalOf(database) });
      const pairs: Pair[] = [
        ['gateway', 'mpgs'],
        ['approved', '1'],
        ['amount', 'five — خمسة \u0000'],
        ['currency', 'USD'],
        ['invoice_no', 'inv-1'],
        ['transaction_id', 't-1'],
      ];
      const query = String(
        new URLSearchParams([
          ...pairs.map(([key, value]): [string, string] => [key, value]),
          ['hashed', signCallback(pairs, vectors.secretKey)],
        ]),
      );

      expect(await bring(url, query)).toBe(400);
      expect(await bring(url, query)).toBe(400);

      const [row, ...others] = await database.query(
        'SELECT gateway, message, problems, arrivals FROM plutu_unreadable',
      );
      expect(others).toEqual([]);
      expect(row).toMatchObject({ gateway: 'mpgs', arrivals: 2 });
      expect(JSON.parse(String(row?.['message']))).toMatchObject({
        amount: 'five — خمسة \u0000',
        invoice_no: 'inv-1',
      });
      expect(JSON.parse(String(row?.['problems']))).toHaveProperty('amount');

      await database.query('DROP TABLE plutu_unreadable');
      expect(await bring(url, query)).toBe(503);
    });

    it('a second approved payment of an order is a mismatch that names the first', async () => {
      const database = await createDatabase(server);
      const approvals: PaymentApprovedEvent[] = [];
      const mismatches: PaymentMismatchEvent[] = [];

      @Injectable()
      class Orders {
        @OnPaymentApproved()
        paid(payment: PaymentApprovedEvent) {
          approvals.push(payment);
        }

        @OnPaymentMismatch()
        wrong(payment: PaymentMismatchEvent) {
          mismatches.push(payment);
        }
      }
      const { url } = await startApp(
        { journal: journalOf(database) },
        { providers: [Orders], isDeaf: true },
      );

      await bring(url, callbackQuery({ transactionId: 't-1' }));
      await expect.poll(() => approvals).toHaveLength(1);
      await bring(url, callbackQuery({ transactionId: 't-2' }));
      await expect.poll(() => mismatches).toHaveLength(1);

      expect(approvals).toMatchObject([{ transactionId: 't-1' }]);
      expect(mismatches).toMatchObject([
        {
          transactionId: 't-2',
          outcome: 'mismatch',
          reason: 'already-paid',
          first: {
            id: approvals[0]?.id,
            gateway: 'mpgs',
            invoiceNo: approvals[0]?.invoiceNo,
            transactionId: 't-1',
          },
        },
      ]);
      // Stored once: it is the same at every later arrival.
      await expect
        .poll(() => bring(url, callbackQuery({ transactionId: 't-2' })))
        .toBe(409);
      expect(await bring(url, callbackQuery({ transactionId: 't-1' }))).toBe(
        200,
      );
      await sleep(100);
      expect([approvals.length, mismatches.length]).toEqual([1, 1]);
    });

    it('of many payments of one order at two instances at the same moment, one is approved', async () => {
      const database = await createDatabase(server);
      const one = new Outcomes();
      const two = new Outcomes();
      const first = await startDelivery(journalOf(database), one);
      const second = await startDelivery(journalOf(database), two);

      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? first : second).delivery.accept(
            approved({ transactionId: `t-${index}` }),
          ),
        ),
      );
      const outcomes = () => [...one.outcomes, ...two.outcomes].toSorted();
      await expect.poll(outcomes).toHaveLength(20);

      expect(outcomes()).toEqual([
        ...Array.from({ length: 19 }, () => 'already-paid'),
        'approved',
      ]);
    });

    it('a payment that is given up is reported, and tried again when somebody asks', async () => {
      const database = await createDatabase(server);
      const failures: DeliveryFailedEvent[] = [];
      let isDown = true;
      let credits = 0;

      @Injectable()
      class Orders {
        @OnPaymentApproved({ consumer: 'wallet' })
        paid() {
          if (isDown) throw new Error('the shop is down \u0000');
          credits++;
        }

        @OnDeliveryFailed()
        failed(failure: DeliveryFailedEvent) {
          failures.push(failure);
        }
      }
      const { app, url } = await startApp(
        { journal: journalOf(database, { attempts: 3 }) },
        { providers: [Orders], isDeaf: true },
      );

      await bring(url, callbackQuery());
      await expect.poll(() => failures).toHaveLength(1);
      expect(failures[0]).toMatchObject({
        attempts: 3,
        payment: { outcome: 'approved' },
      });
      const deadIn = async () => {
        const [row] = await database.query(
          'SELECT count(dead_at) AS dead FROM plutu_payment',
        );
        return Number(row?.['dead']);
      };
      await expect.poll(deadIn).toBe(1);

      expect(await app.get(PaymentJournal).retryFailed()).toBe(1);
      await expect.poll(() => failures).toHaveLength(2);
      // As often as the first time.
      expect(failures[1]).toMatchObject({ attempts: 3 });
      await expect.poll(deadIn).toBe(1);
      isDown = false;
      // Somebody waits for it.
      await bring(url, callbackQuery());
      await expect.poll(() => credits).toBe(1);
      expect(await deadIn()).toBe(0);
      await expect
        .poll(() => database.query('SELECT error FROM plutu_payment'))
        .toMatchObject([{ error: null }]);
    });

    it('what consumers have done side by side is kept in the order in which they were done', async () => {
      const database = await createDatabase(server);
      const names = Array.from({ length: 30 }, (_, index) => `c${index}`);
      const attempts: PaymentRecord[] = [];
      const processor: PaymentProcessor = {
        process: async (record, save) => {
          attempts.push(record);
          if (attempts.length > 1) return record;
          const judged = { ...record, verdict: {} };
          await save(judged);
          await Promise.all(
            names.map((_, index) =>
              save({ ...judged, done: names.slice(0, index + 1) }),
            ),
          );
          throw new Error('and one has failed');
        },
        reportFailure: async () => {},
        reportUnknown: async () => {},
      };
      const { delivery } = await startDelivery(journalOf(database), processor);

      await delivery.accept(approved());
      await expect.poll(() => attempts).toHaveLength(2);

      expect(attempts[1]?.done).toEqual(names);
    });

    it('a payment that has crashed a hundred processes is given up and reported', async () => {
      const database = await createDatabase(server);
      const { delivery, close } = await startDelivery(
        journalOf(database, { worker: false }),
        new RecordingProcessor(),
      );
      const [last, tooMany] = ['t-100', 't-101'].map((transactionId) =>
        approved({ transactionId, invoiceNo: transactionId }),
      );
      if (!last || !tooMany) throw new Error('There is no payment.');
      await delivery.accept(last);
      await delivery.accept(tooMany);
      await close();
      await database.query(
        `UPDATE plutu_payment SET attempts = 3, leases = CASE WHEN id = '${last.id}' THEN 103 ELSE 104 END`,
      );

      const processor = new RecordingProcessor();
      await startDelivery(journalOf(database), processor);

      await expect.poll(() => processor.failures).toHaveLength(1);
      expect(processor.failures).toMatchObject([
        {
          record: { payment: { transactionId: 't-101' } },
          reason: expect.stringContaining('100 times'),
        },
      ]);
      await expect.poll(() => processor.published).toEqual([last]);
      await expect
        .poll(() =>
          database.query(
            'SELECT id FROM plutu_payment WHERE dead_at IS NOT NULL',
          ),
        )
        .toEqual([{ id: tooMany.id }]);
    });

    it('a consumer that takes longer than "handlerTimeout" keeps its connection, and what it books counts once', async () => {
      const database = await createDatabase(server);
      await database.query(
        'CREATE TABLE wallet (id int PRIMARY KEY, cents int)',
      );
      await database.query('INSERT INTO wallet VALUES (1, 0)');
      const executor = executorOf(database);
      const connection = async (tx?: unknown) => {
        const text =
          database.dialect === 'postgres'
            ? 'SELECT pg_backend_pid() AS id'
            : 'SELECT CONNECTION_ID() AS id';
        const [row] = await executor.query({ text, values: [] }, tx);
        return Number(row?.['id']);
      };
      let finish = () => {};
      const held = new Promise<void>((resolve) => (finish = resolve));
      onTestFinished(() => finish());
      const own: number[] = [];
      const bookings: boolean[] = [];
      let calls = 0;

      @Injectable()
      class Orders {
        constructor(
          @InjectPlutu(PaymentJournal) private readonly journal: PaymentJournal,
        ) {}

        @OnPaymentApproved({ consumer: 'wallet' })
        async paid(payment: PaymentApprovedEvent) {
          calls++;
          const { duplicate } = await this.journal.once(
            'wallet',
            payment,
            async (tx) => {
              own.push(await connection(tx));
              await held;
              own.push(await connection(tx));
              const text = 'UPDATE wallet SET cents = cents + 500';
              await executor.execute({ text, values: [] }, tx);
            },
          );
          bookings.push(duplicate);
        }
      }
      const { url } = await startApp(
        {
          journal: sqlJournal({
            backoff: 20,
            handlerTimeout: 1_000,
            useFactory: () => executor,
          }),
        },
        {
          providers: [Orders],
          isDeaf: true,
        },
      );

      await bring(url, callbackQuery());
      await expect.poll(() => calls).toBeGreaterThan(1);
      // The second call waits for the first, which is late but not gone.
      const others = await Promise.all(
        Array.from({ length: 30 }, () => connection()),
      );
      expect(others).not.toContain(own[0]);
      finish();

      await expect
        .poll(() =>
          database.query('SELECT id FROM plutu_payment WHERE done_at IS NULL'),
        )
        .toEqual([]);
      expect(own).toEqual([own[0], own[0]]);
      expect(bookings.filter((duplicate) => !duplicate)).toHaveLength(1);
      expect(bookings).toContain(true);
      expect(await database.query('SELECT cents FROM wallet')).toMatchObject([
        { cents: 500 },
      ]);
    });

    it('what waits for its turn when the application ends is left to another instance at once', async () => {
      const database = await createDatabase(server);
      const ending = new RecordingProcessor({ books: () => sleep(500) });
      const { delivery, close } = await startDelivery(
        journalOf(database, { concurrency: 1 }),
        ending,
      );
      for (let count = 0; count < 5; count++) {
        await delivery.accept(
          approved({ invoiceNo: `inv-${count}`, transactionId: `t-${count}` }),
        );
      }
      await close();
      expect(ending.published).toHaveLength(1);

      const living = new RecordingProcessor();
      await startDelivery(journalOf(database), living);

      await expect
        .poll(() => living.published, { timeout: 3_000 })
        .toHaveLength(4);
    });

    it('what a consumer has done counts, also if that could not be written down at once', async () => {
      const database = await createDatabase(server);
      const executor = executorOf(database);
      let failed = 0;
      const attempts: PaymentRecord[] = [];
      const processor = new RecordingProcessor({ mail: () => {} });
      const process: PaymentProcessor['process'] = async (record, save) => {
        attempts.push(record);
        if (attempts.length > 1)
          return processor.process(record, async () => {});
        const judged = { ...record, verdict: {} };
        await save(judged);
        await save({ ...judged, done: ['wallet'], booked: true });
        return judged;
      };
      const { delivery } = await startDelivery(
        sqlJournal({
          backoff: 20,
          useFactory: () => ({
            ...executor,
            execute: async (statement: SqlStatement, tx?: unknown) => {
              if (/SET consumers = \S+ booked = \S+ rev/.test(statement.text)) {
                failed++;
                throw new Error('the connection is lost');
              }
              return executor.execute(statement, tx);
            },
          }),
        }),
        {
          process,
          reportFailure: async () => {},
          reportUnknown: async () => {},
        },
      );

      await delivery.accept(approved());
      await expect.poll(() => attempts).toHaveLength(2);

      expect(failed).toBe(1);
      expect(attempts[1]).toMatchObject({ done: ['wallet'], booked: true });
    });

    it('an attempt whose payment another instance has by now is not a failure', async () => {
      const database = await createDatabase(server);
      const failures: DeliveryFailedEvent[] = [];
      let calls = 0;

      @Injectable()
      class Orders {
        @OnPaymentApproved({ consumer: 'wallet' })
        async paid() {
          calls++;
          await database.query(
            `UPDATE plutu_payment SET lease = 'other', due_at = due_at + 60000`,
          );
        }

        @OnPaymentApproved({ consumer: 'mail' })
        async mail() {
          await sleep(100);
          throw new Error('the mail server is down');
        }

        @OnDeliveryFailed()
        failed(failure: DeliveryFailedEvent) {
          failures.push(failure);
        }
      }
      const { app, url } = await startApp(
        { journal: journalOf(database, { attempts: 1 }) },
        { providers: [Orders], isDeaf: true },
      );

      await bring(url, callbackQuery());
      await expect.poll(() => calls).toBe(1);
      await app.close();

      expect(failures).toEqual([]);
    });

    it('how an invoice was paid is known at every instance, once it is booked', async () => {
      const database = await createDatabase(server);
      let isDown = true;
      const processor = new RecordingProcessor({
        books: () => {
          if (isDown) throw new Error('the shop is down');
        },
      });
      const first = await startDelivery(journalOf(database), processor);
      const { delivery } = await startDelivery(
        journalOf(database, { worker: false }),
        new RecordingProcessor(),
      );
      const find = (change: Partial<PaidInvoice> = {}) =>
        delivery.findByInvoice?.({
          account: 'default',
          tenant: undefined,
          gateway: 'mpgs',
          invoiceNo: 'inv-1',
          ...change,
        });

      await first.delivery.accept(approved());
      await expect.poll(() => processor.calls).not.toEqual([]);
      expect(await find()).toBeUndefined();
      isDown = false;
      await expect.poll(() => find()).toStrictEqual(approved());
      // What was tried later does not make it an unpaid one.
      await first.delivery.accept(
        new PaymentCanceledEvent({
          gateway: 'mpgs',
          invoiceNo: 'inv-1',
          transactionId: 't-2',
          amount: '5.00',
          currency: 'USD',
        }),
      );
      await expect.poll(() => processor.published).toHaveLength(2);
      await sleep(100);

      expect(await find()).toStrictEqual(approved());
      for (const other of [
        { account: 'eu' },
        { tenant: 'acme' },
        { gateway: 'tlync' },
        { invoiceNo: 'INV-1' },
      ]) {
        expect(await find(other)).toBeUndefined();
      }
    });

    it('of several payments of an invoice, the approved one says how it was paid, and before it the latest', async () => {
      const database = await createDatabase(server);
      const { delivery } = await startDelivery(
        journalOf(database),
        new RecordingProcessor(),
      );
      const facts = (transactionId: string) => ({
        gateway: 'mpgs',
        invoiceNo: 'inv-1',
        transactionId,
        amount: '5.00',
        currency: 'USD',
      });
      const found: unknown[] = [];

      for (const payment of [
        new PaymentCanceledEvent(facts('t-1')),
        new PaymentIncompleteEvent(facts('t-2')),
        approved(facts('t-3')),
        // It comes too late, and is a mismatch.
        approved(facts('t-4')),
      ]) {
        await delivery.accept(payment);
        await expect
          .poll(() => delivery.findBooked?.(payment.id))
          .toBeDefined();
        const event = await delivery.findByInvoice?.({
          account: 'default',
          tenant: undefined,
          gateway: 'mpgs',
          invoiceNo: 'inv-1',
        });
        found.push(event?.transactionId);
        // The journal counts in milliseconds.
        await sleep(5);
      }

      expect(found).toEqual(['t-1', 't-2', 't-3', 't-3']);
    });

    it('a payment of an invoice with a number as long as a message may be is accepted', async () => {
      const database = await createDatabase(server);
      const { url } = await startApp({ journal: journalOf(database) });

      const query = callbackQuery({ invoiceNo: 'i'.repeat(4_000) });

      await expect.poll(() => bring(url, query)).toBe(200);
    });

    it('of the arrivals of one payment at the same moment, one goes to the database', async () => {
      const database = await createDatabase(server);
      const { delivery } = await startDelivery(
        journalOf(database, { worker: false }),
        new RecordingProcessor(),
      );

      await Promise.all(
        Array.from({ length: 50 }, () => delivery.accept(approved())),
      );

      expect(
        await database.query('SELECT arrivals FROM plutu_payment'),
      ).toMatchObject([{ arrivals: 1 }]);
    });

    it('a bounded number of arrivals waits for a database that does not answer', async () => {
      const database = await createDatabase(server);
      const executor = executorOf(database);
      let isAway = false;
      const answer = async <T>(call: () => Promise<T>): Promise<T> =>
        isAway ? new Promise(() => {}) : call();
      const { delivery } = await startDelivery(
        sqlJournal({
          worker: false,
          acceptTimeout: 100,
          useFactory: () => ({
            ...executor,
            query: (...args) => answer(async () => executor.query(...args)),
            execute: (...args) => answer(async () => executor.execute(...args)),
          }),
        }),
        new RecordingProcessor(),
      );
      isAway = true;
      const results = await Promise.allSettled(
        Array.from({ length: 1001 }, (_, index) =>
          delivery.accept(approved({ transactionId: `t-${index}` })),
        ),
      );

      expect(results.map(({ status }) => status)).not.toContain('fulfilled');
      expect(results.slice(-2)).toMatchObject([
        { reason: { message: expect.stringContaining('did not answer') } },
        { reason: { message: expect.stringContaining('1000 payments are') } },
      ]);
    });

    it('a payment is not taken over while its consumer runs, however long it does', async () => {
      const database = await createDatabase(server);
      const one = new RecordingProcessor({ books: () => sleep(13_000) });
      const two = new RecordingProcessor();
      const first = await startDelivery(journalOf(database), one);
      await startDelivery(journalOf(database), two);

      await first.delivery.accept(approved());
      await expect
        .poll(() => one.published, { timeout: 16_000 })
        .toHaveLength(1);

      expect([one.calls, two.calls]).toEqual([['books'], []]);
    }, 20_000);

    it('a payment of an instance that has died is taken over within seconds, with what was done', async () => {
      const database = await createDatabase(server);
      const dead = new RecordingProcessor();
      const { delivery, close } = await startDelivery(
        journalOf(database, { worker: false }),
        dead,
      );
      await delivery.accept(approved());
      await close();
      // As it would be if it had died a moment ago.
      await database.query(
        `UPDATE plutu_payment SET lease = 'gone', leases = 1, consumers = '["stock"]', due_at = due_at + 2000`,
      );

      const living = new RecordingProcessor({
        stock: () => {},
        books: () => {},
      });
      await startDelivery(journalOf(database), living);
      await expect
        .poll(() => living.published, { timeout: 8_000 })
        .toHaveLength(1);

      expect(living.calls).toEqual(['books']);
      expect(
        await database.query('SELECT leases FROM plutu_payment'),
      ).toMatchObject([{ leases: 2 }]);
    });

    it('no table has a secret, a signature or a number of a customer', async () => {
      const database = await createDatabase(server);
      const plutu = await answeringServer(200, OPENED);
      const { url, mpgs } = await startApp({
        baseUrl: plutu.url,
        journal: journalOf(database),
      });
      const query = callbackQuery({ invoiceNo: 'inv-1' });

      await mpgs.createCheckout({
        invoiceNo: 'inv-1',
        amount: '5.00',
        customerIp: '203.0.113.7',
      });
      await bring(url, `${query}&mobile_number=0913632323&email=a%40b.example`);

      const everything = await everythingIn(database);
      expect(everything).toContain('inv-1');
      const hashed = new URLSearchParams(query).get('hashed') ?? '';
      expect(hashed).not.toBe('');
      for (const secret of [
        hashed,
        hashed.toLowerCase(),
        ACCOUNT.apiKey,
        ACCOUNT.accessToken,
        ACCOUNT.secretKey,
        '203.0.113.7',
        '0913632323',
        'a@b.example',
        OPENED.result.redirect_url,
      ]) {
        expect(everything).not.toContain(secret);
      }
    });

    it('what a consumer says of a customer in its error is not kept', async () => {
      const database = await createDatabase(server);

      @Injectable()
      class Orders {
        @OnPaymentApproved({ consumer: 'mail' })
        mail() {
          const error = new RangeError('no mailbox a@b.example, 0913632323');
          throw Object.assign(error, { code: 'EENVELOPE' });
        }

        @OnPaymentApproved({ consumer: 'sms' })
        sms() {
          throw Object.assign(new Error('0913632323'), { code: '0913632323' });
        }
      }
      const { url } = await startApp(
        { journal: journalOf(database, { attempts: 1 }) },
        { providers: [Orders], isDeaf: true },
      );

      await bring(url, callbackQuery());
      const errors = () => database.query('SELECT error FROM plutu_payment');
      await expect
        .poll(errors)
        .toMatchObject([{ error: 'mail: RangeError EENVELOPE; sms: Error' }]);

      const everything = await everythingIn(database);
      expect(everything).not.toContain('a@b.example');
      expect(everything).not.toContain('0913632323');
    });

    it('prune removes what nobody asks for any more, and never an approved payment', async () => {
      const database = await createDatabase(server);
      const plutu = await answeringServer(200, OPENED);
      const { app, url, mpgs } = await startApp({
        baseUrl: plutu.url,
        journal: journalOf(database),
      });
      const journal = app.get(PaymentJournal);
      for (const invoiceNo of ['paid', 'silent', 'canceled']) {
        await mpgs.createCheckout({ invoiceNo, amount: '5.00' });
      }
      await bring(url, callbackQuery({ invoiceNo: 'paid' }));
      await bring(
        url,
        callbackQuery({
          invoiceNo: 'canceled',
          transactionId: 't-2',
          outcome: 'canceled',
        }),
      );
      await expect
        .poll(() =>
          database.query('SELECT id FROM plutu_payment WHERE done_at IS NULL'),
        )
        .toEqual([]);

      expect(await journal.prune({ olderThan: 60_000 })).toEqual({
        checkouts: 0,
        payments: 0,
      });
      await database.query(
        "UPDATE plutu_payment SET done_at = NULL WHERE invoice_no = 'canceled'",
      );
      await sleep(20);
      expect(await journal.prune({ olderThan: 0 })).toEqual({
        checkouts: 2,
        payments: 0,
      });
      await database.query('UPDATE plutu_payment SET done_at = arrived_at');
      expect(await journal.prune({ olderThan: 0 })).toEqual({
        checkouts: 0,
        payments: 1,
      });

      expect(
        await database.query('SELECT invoice_no FROM plutu_checkout'),
      ).toMatchObject([{ invoice_no: 'paid' }]);
      expect(
        await database.query('SELECT invoice_no FROM plutu_payment'),
      ).toMatchObject([{ invoice_no: 'paid' }]);
    });

    it('an ORM that disconnects in onModuleDestroy does so after the consumers', async () => {
      const database = await createDatabase(server);
      const order: string[] = [];

      @Injectable()
      class Orm implements OnModuleDestroy {
        readonly executor = executorOf(database);

        onModuleDestroy() {
          order.push('disconnected');
        }
      }
      @Module({ providers: [Orm], exports: [Orm] })
      class OrmModule {}

      @Injectable()
      class Orders {
        @OnPaymentApproved()
        async paid() {
          order.push('began');
          await sleep(300);
          order.push('booked');
        }
      }
      const { app, url } = await startApp(
        {
          journal: sqlJournal({
            imports: [OrmModule],
            inject: [Orm],
            useFactory: (orm: Orm) => orm.executor,
          }),
        },
        { imports: [OrmModule], providers: [Orders], isDeaf: true },
      );

      await bring(url, callbackQuery());
      await expect.poll(() => order).toEqual(['began']);
      await app.close();

      expect(order).toEqual(['began', 'booked', 'disconnected']);
      expect(
        await database.query('SELECT lease FROM plutu_payment'),
      ).toMatchObject([{ lease: null }]);
    });

    it('a health check says that callbacks cannot be accepted without the database', async () => {
      const database = await createDatabase(server);
      let isAway = false;
      const executor = executorOf(database);
      const { app } = await startApp({
        journal: sqlJournal({
          useFactory: () => ({
            ...executor,
            query: async (statement: never, tx: never) => {
              if (isAway) throw new Error('connection refused');
              return executor.query(statement, tx);
            },
          }),
        }),
      });
      const health = app.get(PlutuHealthIndicator);

      expect(await health.isHealthy('plutu')).toMatchObject({
        plutu: { status: 'up' },
      });
      isAway = true;
      expect(await health.isHealthy('plutu')).toMatchObject({
        plutu: { status: 'down' },
      });
    });

    it('a consumer of an account with a name books in a transaction of the shop, for that account alone', async () => {
      const database = await createDatabase(server);
      await database.query(
        'CREATE TABLE wallet (account varchar(10) PRIMARY KEY, cents int)',
      );
      await database.query(
        "INSERT INTO wallet VALUES ('eu', 0), ('default', 0)",
      );
      const executor = executorOf(database);
      const bookings: boolean[] = [];

      @Injectable()
      class Wallets {
        constructor(
          @InjectPlutu(PaymentJournal, 'eu')
          private readonly journal: PaymentJournal,
        ) {}

        @OnPaymentApproved({ consumer: 'wallet', account: 'eu' })
        async credit(payment: PaymentApprovedEvent) {
          const text = `UPDATE wallet SET cents = cents + 500 WHERE account = '${payment.account}'`;
          const { duplicate } = await executor.transaction((tx) =>
            this.journal.processInTransaction(tx, 'wallet', payment, () =>
              executor.execute({ text, values: [] }, tx),
            ),
          );
          bookings.push(duplicate);
          if (bookings.length === 1) throw new Error('the mail server is down');
        }
      }
      const { url } = await startApp(
        { journal: journalOf(database) },
        {
          imports: [
            PlutuModule.forRoot({
              ...ACCOUNT,
              secretKey: 'eu-secret-key',
              name: 'eu',
              journal: journalOf(database),
            }),
          ],
          providers: [Wallets],
        },
      );

      await bring(url, callbackQuery());
      await bring(url, callbackQuery({}, 'eu-secret-key'), 'plutu/eu/mpgs');
      await expect.poll(() => bookings).toHaveLength(2);

      expect(bookings).toEqual([false, true]);
      expect(
        await database.query(
          'SELECT account, cents FROM wallet ORDER BY cents',
        ),
      ).toMatchObject([
        { account: 'default', cents: 0 },
        { account: 'eu', cents: 500 },
      ]);
    });

    it('accounts in the same tables leave the payments and checkouts of each other alone', async () => {
      const database = await createDatabase(server);
      const withoutWorker = () => journalOf(database, { worker: false });
      const eu = await startApp({ name: 'eu', journal: withoutWorker() });
      const web = await startApp({ journal: withoutWorker() });
      await bring(eu.url, callbackQuery(), 'plutu/eu/mpgs');
      await bring(web.url, callbackQuery());

      const { app, emitter } = await startApp({ journal: journalOf(database) });
      const heard: string[] = [];
      emitter.on(
        PLUTU_EVENTS.paymentApproved,
        ({ account }: PaymentApprovedEvent) => heard.push(account),
      );
      await expect.poll(() => heard).toEqual(['default']);
      await sleep(200);
      expect(heard).toEqual(['default']);

      const own = app.get(PaymentJournal);
      const other = eu.app.get<PaymentJournal>(
        getPlutuToken(PaymentJournal, 'eu'),
      );
      await database.query(
        "UPDATE plutu_payment SET dead_at = 1, due_at = NULL WHERE account = 'eu'",
      );
      expect(await own.retryFailed()).toBe(0);
      expect(await other.retryFailed()).toBe(1);

      await database.query(
        "UPDATE plutu_payment SET outcome = 'canceled', done_at = 1 WHERE account = 'eu'",
      );
      await other.openingCheckout({
        tenant: undefined,
        gateway: 'mpgs',
        invoiceNo: 'inv-2',
        orderNo: 'inv-2',
        amount: '5.00',
        currency: 'USD',
      });
      await sleep(20);
      const all = { olderThan: 0 };
      expect(await own.prune(all)).toEqual({ checkouts: 0, payments: 0 });
      expect(await other.prune(all)).toEqual({ checkouts: 1, payments: 1 });
    });

    it('the arrival of a payment that was given up has that one tried again, and no other', async () => {
      const database = await createDatabase(server);
      const { delivery } = await startDelivery(
        journalOf(database, { worker: false }),
        new RecordingProcessor(),
      );
      const other = approved({ transactionId: 't-2', invoiceNo: 'inv-2' });
      await delivery.accept(approved());
      await delivery.accept(other);
      await database.query(
        'UPDATE plutu_payment SET dead_at = 1, due_at = NULL',
      );

      await delivery.accept(approved());

      expect(
        await database.query(
          'SELECT id FROM plutu_payment WHERE dead_at IS NOT NULL',
        ),
      ).toEqual([{ id: other.id }]);
    });

    it('an instance that is full leaves what it accepts to others', async () => {
      const database = await createDatabase(server);
      let finish = () => {};
      const held = new Promise<void>((resolve) => (finish = resolve));
      const full = new RecordingProcessor({ books: () => held });
      const first = await startDelivery(
        journalOf(database, { concurrency: 1 }),
        full,
      );
      onTestFinished(() => finish());
      for (let count = 0; count < 20; count++) {
        await first.delivery.accept(
          approved({ invoiceNo: `inv-${count}`, transactionId: `t-${count}` }),
        );
      }

      const free = new RecordingProcessor();
      await startDelivery(journalOf(database), free);

      // One is with the consumers, and ten wait for their turn.
      await expect.poll(() => free.published).toHaveLength(9);
      expect(full.calls).toHaveLength(1);
    });

    it('the pause doubles with each failure of the consumers', async () => {
      const database = await createDatabase(server);
      const times: number[] = [];
      const processor = new RecordingProcessor({
        books: (call) => {
          times.push(performance.now());
          if (call < 5) throw new Error('the shop is down');
        },
      });
      const { delivery } = await startDelivery(
        journalOf(database, { backoff: 100 }),
        processor,
      );

      await delivery.accept(approved());
      await expect.poll(() => times).toHaveLength(5);

      // Of 800 ms, half at most is left to chance; without the growth it is 100.
      const [fourth = 0, fifth = 0] = times.slice(-2);
      expect(fifth - fourth).toBeGreaterThan(380);
    });

    it('a payment that somebody else has locked keeps no other payment waiting', async () => {
      const database = await createDatabase(server);
      const { delivery, close } = await startDelivery(
        journalOf(database, { worker: false }),
        new RecordingProcessor(),
      );
      const other = approved({ transactionId: 't-2', invoiceNo: 'inv-2' });
      await delivery.accept(approved());
      await delivery.accept(other);
      await close();
      const processor = new RecordingProcessor();
      const executor = executorOf(database);

      await executor.transaction(async (tx) => {
        const text = `SELECT id FROM plutu_payment WHERE id = '${approved().id}' FOR UPDATE`;
        await executor.query({ text, values: [] }, tx);
        await startDelivery(journalOf(database), processor);
        await expect.poll(() => processor.published).toEqual([other]);
      });

      await expect.poll(() => processor.published).toHaveLength(2);
    });

    it('two accounts keep their payments apart, in the same tables', async () => {
      const database = await createDatabase(server);
      const eu = await startApp({ name: 'eu', journal: journalOf(database) });
      const main = await startApp({ journal: journalOf(database) });
      const heard: string[] = [];
      for (const [where, { emitter }] of Object.entries({ eu, main })) {
        emitter.on(
          PLUTU_EVENTS.paymentApproved,
          ({ account }: PaymentApprovedEvent) =>
            heard.push(`${where}: ${account}`),
        );
      }

      await bring(main.url, callbackQuery());
      await bring(eu.url, callbackQuery(), 'plutu/eu/mpgs');

      await expect
        .poll(() => heard.toSorted())
        .toEqual(['eu: eu', 'main: default']);
      await sleep(200);
      expect(heard).toHaveLength(2);
      expect(eu.app.get('PaymentJournal:eu')).toBeInstanceOf(PaymentJournal);
      expect(main.app.get(PaymentJournal)).toBeInstanceOf(PaymentJournal);
      expect(() => eu.app.get(PaymentJournal)).toThrow(/PaymentJournal/);
    });
  });
}

class Outcomes extends RecordingProcessor {
  readonly outcomes: string[] = [];

  override async process(
    record: Parameters<RecordingProcessor['process']>[0],
    save: Parameters<RecordingProcessor['process']>[1],
  ): ReturnType<RecordingProcessor['process']> {
    const judged: PaymentRecord = { ...record, verdict: {} };
    const kept = (await save(judged)) ?? judged;
    this.outcomes.push(kept.verdict?.mismatch?.reason ?? 'approved');
    return { ...kept, booked: true };
  }
}

describe('the option journal', () => {
  it.each([
    [
      'beside a delivery',
      {
        journal: sqlJournal({ useFactory: never }),
        delivery: inProcessDelivery(),
      },
    ],
    ['for another delivery', { journal: inProcessDelivery() as never }],
  ])('stops the application at startup %s', async (_, options) => {
    await expect(startApp(options)).rejects.toMatchObject({
      code: 'PLUTU_CONFIGURATION',
      option: 'journal',
    });
  });

  it.each([
    ['useFactory', {}],
    ['schema', { useFactory: never, schema: 'a"; DROP TABLE x; --' }],
    ['prefix', { useFactory: never, prefix: 'a b' }],
    ['concurrency', { useFactory: never, concurrency: 0 }],
    ['attempts', { useFactory: never, attempts: 1.5 }],
  ])('refuses a wrong %s', (option, options) => {
    expect(() => sqlJournal(options as never)).toThrow(
      expect.objectContaining({ option: `journal.${option}` }),
    );
  });

  it('refuses an option that does not exist', () => {
    expect(() =>
      sqlJournal({ useFactory: never, workers: 2 } as never),
    ).toThrow('workers');
  });
});

function never(): never {
  throw new Error('not called');
}

describe.skipIf(
  isMissing(postgres, {
    suite: 'the journal on PostgreSQL',
    howToGetIt: HOW_TO_GET_POSTGRES,
  }),
)('the journal', () => {
  describeJournal('PostgreSQL', postgres);

  it('warns of synchronous_commit=off', async () => {
    const database = await createDatabase(postgres);
    const pool = pgPool(database, { options: '-c synchronous_commit=off' });
    const warn = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => warn.mockRestore());
    const { app } = await startApp({
      journal: sqlJournal({ useFactory: () => fromPg(pool) }),
    });

    expect(
      await app.get(PlutuHealthIndicator).isHealthy('plutu'),
    ).toMatchObject({
      plutu: { warnings: [expect.stringContaining('synchronous_commit=off')] },
    });
    await expect
      .poll(() => warn.mock.calls.flat().join('\n'))
      .toContain('synchronous_commit=off');
  });
});

describe.skipIf(
  isMissing(mariadb, {
    suite: 'the journal on MariaDB',
    howToGetIt: HOW_TO_GET_MARIADB,
  }),
)('the journal', () => {
  describeJournal('MariaDB', mariadb);
});
