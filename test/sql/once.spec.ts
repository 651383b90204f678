import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import type { PaymentEvent } from '../../src/index.js';
import { asConsumer } from '../../src/payments/running-consumer.js';
import { PaymentJournal, sqlJournal } from '../../src/sql/index.js';
import {
  createDatabase,
  createDatabaseOn,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  mysqlPool,
  type FoundServer,
  type TestDatabase,
} from '../support/databases.js';
import {
  approved,
  RecordingProcessor,
  openDelivery,
  startDelivery,
} from '../support/delivery-contract.js';
import {
  drizzleMysqlLibrary,
  drizzlePgLibrary,
  knexLibrary,
  mysqlLibrary,
  pgLibrary,
  prismaLibrary,
  typeOrmLibrary,
  type Library,
} from '../support/sql-libraries.js';
import { isMissing } from '../support/tools.js';

const postgres = await findPostgres();
const mariadb = await findMariaDb();
afterAll(async () => {
  await postgres?.close();
  await mariadb?.close();
});

/** Each test has a wallet of its own, and a payment. */
const WALLETS = 'CREATE TABLE wallet (id int PRIMARY KEY, cents int NOT NULL)';

/** A journal and a library on one database, for all tests of that library. */
async function open<Tx>(
  server: FoundServer | undefined,
  make: (database: TestDatabase) => Promise<Library<Tx>>,
) {
  if (!server) throw new Error('There is no server.');
  const database = await createDatabaseOn(server);
  try {
    await database.query(WALLETS);
    const library = await make(database);
    const journals: PaymentJournal<Tx>[] = [];
    for (let count = 0; count < 2; count++) {
      const { delivery, close } = await openDelivery(
        sqlJournal({ worker: false, useFactory: () => library.executor }),
        new RecordingProcessor(),
      );
      database.closeFirst(close);
      journals.push(delivery as PaymentJournal<Tx>);
    }
    return { database, library, journals };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

/** As a restart of the server does, or a firewall. */
async function cutTransactionsOff(database: TestDatabase): Promise<void> {
  if (database.dialect === 'postgres') {
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    );
    return;
  }
  const open = await database.query(
    'SELECT p.id AS id FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()',
  );
  for (const { id } of open) await database.query(`KILL ${Number(id)}`);
}

let tests = 0;

function describeOnce<Tx>(
  name: string,
  server: FoundServer | undefined,
  make: (database: TestDatabase) => Promise<Library<Tx>>,
  { isDriver = false } = {},
): void {
  describe(`booking through ${name}:`, () => {
    let opened: Awaited<ReturnType<typeof open<Tx>>> | undefined;
    afterAll(async () => opened?.database.drop());

    const start = async () => {
      opened ??= await open(server, make);
      const { database, library, journals } = opened;
      const id = ++tests;
      await database.query(`INSERT INTO wallet VALUES (${id}, 0)`);
      const payment: PaymentEvent = approved({ transactionId: `t-${id}` });
      const [journal, other] = journals;
      if (!journal || !other) throw new Error('There is no journal.');
      return {
        ...library,
        database,
        journal,
        other,
        payment,
        add: (tx: Tx) =>
          library.run(
            tx,
            `UPDATE wallet SET cents = cents + 500 WHERE id = ${id}`,
          ),
        cents: async () => {
          const [row] = await database.query(
            `SELECT cents FROM wallet WHERE id = ${id}`,
          );
          return row?.['cents'];
        },
        marks: () =>
          database.query(
            `SELECT consumer FROM plutu_mark WHERE payment_id = '${payment.id}'`,
          ),
      };
    };

    it('once does the work the first time, and reports a duplicate after that', async () => {
      const { journal, add, cents, payment } = await start();

      const first = await journal.once('wallet', payment, async (tx) => {
        await add(tx);
        return 'credited';
      });
      const again = await journal.once('wallet', payment, add);

      expect(first).toEqual({ duplicate: false, result: 'credited' });
      expect(again).toEqual({ duplicate: true });
      expect(await cents()).toBe(500);
    });

    it('once does the work for each consumer and each payment', async () => {
      const { journal, add, cents, payment } = await start();

      await journal.once('wallet', payment, add);
      await journal.once('Wallet', payment, add);
      await journal.once('wallet2', payment, add);
      await journal.once('محفظة', payment, add);
      await journal.once(
        'wallet',
        approved({ transactionId: `${payment.transactionId}-2` }),
        add,
      );

      expect(await cents()).toBe(2500);
    });

    it('the work of once sees what others commit meanwhile, whatever isolation level is the default', async () => {
      const own = await createDatabase(server);
      if (own.dialect === 'postgres') {
        // MariaDB has another default by itself.
        const name = new URL(own.url).pathname.slice(1);
        await own.query(
          `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`,
        );
      }
      await own.query(WALLETS);
      await own.query('INSERT INTO wallet VALUES (1, 0)');
      const { executor } = await make(own);

      const seen = await executor.transaction(async (tx) => {
        const look = async () => {
          const text = 'SELECT cents FROM wallet';
          const [row] = await executor.query({ text, values: [] }, tx);
          return Number(row?.['cents']);
        };
        const before = await look();
        await own.query('UPDATE wallet SET cents = 500');
        return [before, await look()];
      });

      expect(seen).toEqual([0, 500]);
    });

    it('once undoes the work and forgets it if the work rejects', async () => {
      const { journal, add, cents, marks, payment } = await start();
      const failure = new Error('the stock is gone');

      await expect(
        journal.once('wallet', payment, async (tx) => {
          await add(tx);
          throw failure;
        }),
      ).rejects.toBe(failure);
      expect(await cents()).toBe(0);
      expect(await marks()).toEqual([]);

      await journal.once('wallet', payment, add);
      expect(await cents()).toBe(500);
    });

    it('once rejects if the work has hidden an error that ended the transaction', async () => {
      const { journal, add, run, database, cents, marks, payment } =
        await start();

      const booking = journal.once('wallet', payment, async (tx) => {
        await add(tx);
        if (database.dialect === 'postgres') {
          await Promise.resolve(run(tx, 'SELECT 1 / 0')).catch(() => {});
        } else {
          // What a deadlock does: the whole transaction is rolled back.
          await Promise.resolve(run(tx, 'ROLLBACK')).catch(() => {});
        }
      });

      await expect(booking).rejects.toThrow(/transaction/);
      expect(await cents()).toBe(0);
      expect(await marks()).toEqual([]);
    });

    it('once fails, and nothing else, if its connection is lost while the work does something else', async () => {
      const { journal, add, cents, database, payment } = await start();

      const booking = journal.once('wallet', payment, async (tx) => {
        await add(tx);
        await cutTransactionsOff(database);
        await sleep(50);
      });
      await expect(booking).rejects.toThrow(/./);
      expect(await cents()).toBe(0);

      await Promise.all(
        Array.from({ length: 3 }, () =>
          journal.once('wallet', payment, add).catch(() => {}),
        ),
      );
      expect(await journal.once('wallet', payment, add)).toEqual({
        duplicate: true,
      });
      expect(await cents()).toBe(500);
    });

    // Not declared for others, so that nothing is reported as skipped.
    const declareForMysql = () => {
      it('nothing is kept that the work does after its transaction was rolled back unseen', async () => {
        const { journal, other, executor, run, add, cents, payment } =
          await start();
        const id = tests;

        const booking = journal.once('wallet', payment, async (tx) => {
          // What a deadlock does.
          await run(tx, 'ROLLBACK');
          // Somebody else books it meanwhile, and its mark is not ours.
          await other.once('wallet', payment, add);
          await add(tx);
        });

        await expect(booking).rejects.toThrow('rolled back');
        expect(await cents()).toBe(500);
        // The connections commit again what is outside of a transaction.
        const text = `UPDATE wallet SET cents = cents + 1 WHERE id = ${id}`;
        for (let time = 0; time < 3; time++) {
          await executor.execute({ text, values: [] });
        }
        expect(await cents()).toBe(503);
      });
    };
    if (server?.dialect === 'mysql') declareForMysql();

    const declareForMysqlDriver = () => {
      it('once books nothing if the work has hidden a deadlock', async () => {
        const { journal, database, run, add, cents, payment } = await start();
        const rival = await mysqlPool(database).getConnection();
        const own = tests;
        const theirs = ++tests;
        await database.query(`INSERT INTO wallet VALUES (${theirs}, 0)`);
        await rival.beginTransaction();
        // So that the other one is rolled back, which has done less.
        for (let row = 1; row <= 50; row++) {
          await rival.query(`INSERT INTO wallet VALUES (-${row}, 0)`);
        }
        await rival.query(`UPDATE wallet SET cents = 1 WHERE id = ${theirs}`);
        let deadlock: unknown;

        const booking = journal.once('wallet', payment, async (tx) => {
          await add(tx);
          const waiting = rival.query(
            `UPDATE wallet SET cents = 1 WHERE id = ${own}`,
          );
          await sleep(50);
          await Promise.resolve(
            run(tx, `UPDATE wallet SET cents = 2 WHERE id = ${theirs}`),
          ).catch((error: unknown) => (deadlock = error));
          await waiting;
          await rival.rollback();
          rival.release();
          await add(tx);
        });

        await expect(booking).rejects.toThrow('rolled back');
        expect(deadlock).toMatchObject({ code: 'ER_LOCK_DEADLOCK' });
        expect(await cents()).toBe(0);
      });
    };
    if (server?.dialect === 'mysql' && isDriver) declareForMysqlDriver();

    it('a wallet is credited once when eight bookings of one payment arrive at the same moment', async () => {
      const { journal, other, add, cents, payment } = await start();

      const bookings = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 ? journal : other).once('wallet', payment, async (tx) => {
            await add(tx);
            await sleep(20);
          }),
        ),
      );

      expect(bookings.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(await cents()).toBe(500);
    });

    it('a wallet is still credited once when the first booking is rolled back under four others', async () => {
      const { journal, add, cents, payment } = await start();
      const began: (() => void)[] = [];
      const first = journal.once('wallet', payment, async (tx) => {
        await add(tx);
        began.forEach((resolve) => resolve());
        await sleep(300);
        throw new Error('rolled back');
      });
      first.catch(() => {});
      await new Promise<void>((resolve) => began.push(resolve));

      const others = await Promise.allSettled(
        Array.from({ length: 4 }, () => journal.once('wallet', payment, add)),
      );
      await expect(first).rejects.toThrow('rolled back');
      // A deadlock is a failed attempt, and the next one finds the truth.
      for (const { status } of others) {
        if (status === 'rejected') await journal.once('wallet', payment, add);
      }

      expect(await cents()).toBe(500);
    });

    // The database bounds it, whatever the library, and it takes five seconds.
    const declareForDriver = () => {
      it('once waits a bounded time for another', async () => {
        const { journal, add, cents, payment } = await start();
        let finish = () => {};
        const held = new Promise<void>((resolve) => (finish = resolve));
        const began: (() => void)[] = [];
        const first = journal.once('wallet', payment, async (tx) => {
          began.forEach((resolve) => resolve());
          await held;
          await add(tx);
        });
        await new Promise<void>((resolve) => began.push(resolve));

        const asked = performance.now();
        await expect(journal.once('wallet', payment, add)).rejects.toThrow(
          /lock/i,
        );
        expect(performance.now() - asked).toBeLessThan(8_000);
        finish();
        await first;

        expect(await cents()).toBe(500);
      });
    };
    if (isDriver) declareForDriver();

    it('once under the name of another consumer than the one that runs is refused', async () => {
      const { journal, add, cents, payment } = await start();

      await expect(
        asConsumer('mail', () => journal.once('wallet', payment, add)),
      ).rejects.toThrow('"mail" books under the name "wallet"');
      expect(await cents()).toBe(0);

      await asConsumer('wallet', () => journal.once('wallet', payment, add));
      expect(await cents()).toBe(500);
    });

    it('a consumer that books one payment twice in a call is refused, and the wallet is credited once', async () => {
      const { journal, add, cents, payment } = await start();

      const booking = asConsumer('wallet', async () => {
        await journal.once('wallet', payment, add);
        await journal.once('wallet', payment, add);
      });

      await expect(booking).rejects.toThrow('twice');
      expect(await cents()).toBe(500);
    });

    it('once twice at the same moment in one call of a consumer is refused', async () => {
      const { journal, add, cents, payment } = await start();

      const bookings = await asConsumer('wallet', () =>
        Promise.allSettled([
          journal.once('wallet', payment, add),
          journal.once('wallet', payment, add),
        ]),
      );

      expect(bookings).toMatchObject([
        { status: 'fulfilled', value: { duplicate: false } },
        {
          status: 'rejected',
          reason: { message: expect.stringContaining('twice') },
        },
      ]);
      expect(await cents()).toBe(500);
    });

    it('a consumer may call once again if the first call has failed', async () => {
      const { journal, add, cents, payment } = await start();

      await asConsumer('wallet', async () => {
        await journal
          .once('wallet', payment, () => Promise.reject(new Error('again')))
          .catch(() => {});
        await journal.once('wallet', payment, add);
      });

      expect(await cents()).toBe(500);
    });

    it.each(['', ' wallet', 'wallet ', 'w'.repeat(256)])(
      'once refuses a name that a database would not keep apart: "%s"',
      async (consumer) => {
        const { journal, add, payment } = await start();

        await expect(journal.once(consumer, payment, add)).rejects.toThrow(
          'The name of a consumer',
        );
      },
    );

    it('processInTransaction books in a transaction of the shop', async () => {
      const { journal, transaction, add, cents, payment } = await start();

      const first = await transaction((tx) =>
        journal.processInTransaction(tx, 'wallet', payment, () => add(tx)),
      );
      const again = await transaction((tx) =>
        journal.processInTransaction(tx, 'wallet', payment, () => add(tx)),
      );

      expect([first.duplicate, again.duplicate]).toEqual([false, true]);
      expect(await cents()).toBe(500);
    });

    it('processInTransaction counts as not done if the shop rolls back', async () => {
      const { journal, transaction, add, cents, payment } = await start();

      const failed = transaction(async (tx) => {
        await journal.processInTransaction(tx, 'wallet', payment, add);
        throw new Error('changed my mind');
      });
      await expect(failed).rejects.toThrow('changed my mind');
      expect(await cents()).toBe(0);

      await transaction((tx) =>
        journal.processInTransaction(tx, 'wallet', payment, add),
      );
      expect(await cents()).toBe(500);
    });

    it('processInTransaction books again in one call of a consumer if the shop has rolled back and tries again', async () => {
      const { journal, transaction, add, cents, payment } = await start();

      const bookings = await asConsumer('wallet', async () => {
        const book = (isLast: boolean) =>
          transaction(async (tx) => {
            const booking = await journal.processInTransaction(
              tx,
              'wallet',
              payment,
              () => add(tx),
            );
            if (!isLast) throw new Error('a serialization failure');
            return booking.duplicate;
          });
        await book(false).catch(() => {});
        return book(true);
      });

      expect(bookings).toBe(false);
      expect(await cents()).toBe(500);
    });

    it('processInTransaction counts as not done if the work fails and the shop commits all the same', async () => {
      const { journal, transaction, add, cents, marks, payment } =
        await start();

      await transaction(async (tx) => {
        await journal
          .processInTransaction(tx, 'wallet', payment, async () => {
            await add(tx);
            throw new Error('out of stock');
          })
          .catch(() => {});
      });

      expect(await cents()).toBe(0);
      expect(await marks()).toEqual([]);
    });

    it('processInTransaction refuses a handle that is not in a transaction, before any statement', async () => {
      const { journal, idle, add, cents, marks, payment } = await start();
      const { handle, release } = await idle();

      await expect(
        journal
          .processInTransaction(handle, 'wallet', payment, add)
          .finally(release),
      ).rejects.toThrow('needs a transaction');

      expect(await cents()).toBe(0);
      expect(await marks()).toEqual([]);
    });

    it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
      'two that book in transactions of %s at the same moment do the work once',
      async (isolation) => {
        const { journal, transaction, run, add, cents, payment } =
          await start();
        const book = () =>
          transaction(async (tx) => {
            // The snapshot is taken before the other one has booked.
            await run(tx, 'SELECT cents FROM wallet');
            await sleep(50);
            return journal.processInTransaction(tx, 'wallet', payment, add);
          }, isolation);

        const results = await Promise.allSettled([book(), book()]);
        for (const { status } of results) {
          if (status === 'rejected') await book();
        }

        expect(await cents()).toBe(500);
      },
    );
  });
}

const hasPostgres = !isMissing(postgres, {
  suite: 'booking on PostgreSQL',
  howToGetIt: HOW_TO_GET_POSTGRES,
});
const hasMariaDb = !isMissing(mariadb, {
  suite: 'booking on MariaDB',
  howToGetIt: HOW_TO_GET_MARIADB,
});

describe.runIf(hasPostgres)('on PostgreSQL,', () => {
  describeOnce('pg', postgres, pgLibrary, { isDriver: true });
  describeOnce('TypeORM', postgres, typeOrmLibrary);
  describeOnce('Prisma', postgres, prismaLibrary);
  describeOnce('Drizzle', postgres, drizzlePgLibrary);
  describeOnce('Knex', postgres, knexLibrary);

  it('processInTransaction leaves the lock_timeout of the shop as it was', async () => {
    const database = await createDatabase(postgres);
    const { executor, transaction } = await pgLibrary(database);
    const { delivery } = await startDelivery(
      sqlJournal({ worker: false, useFactory: () => executor }),
      new RecordingProcessor(),
    );
    const journal = delivery as PaymentJournal<PoolClient>;

    const { rows } = await transaction(async (tx) => {
      await tx.query("SET LOCAL lock_timeout = '123ms'");
      await journal.processInTransaction(tx, 'wallet', approved(), () => {});
      return tx.query('SHOW lock_timeout');
    });

    expect(rows).toEqual([{ lock_timeout: '123ms' }]);
  });
});

describe.runIf(hasMariaDb)('on MariaDB,', () => {
  describeOnce('mysql2', mariadb, mysqlLibrary, { isDriver: true });
  describeOnce('TypeORM', mariadb, typeOrmLibrary);
  describeOnce('Drizzle', mariadb, drizzleMysqlLibrary);
  describeOnce('Knex', mariadb, knexLibrary);
  // A driver may count rows and read columns in many ways.
  describeOnce('mysql2 with other options', mariadb, (database) =>
    mysqlLibrary(database, {
      flags: ['-FOUND_ROWS'],
      rowsAsArray: true,
      typeCast: false,
      namedPlaceholders: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      nestTables: true,
    }),
  );
  describeOnce('TypeORM with other options', mariadb, (database) =>
    typeOrmLibrary(database, {
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      flags: ['-FOUND_ROWS'],
      replication: {
        master: { url: database.url },
        // Nothing is there: who reads from it fails.
        slaves: [{ url: 'mysql://root@127.0.0.1:9/nowhere' }],
      },
    }),
  );
});
