import { Logger } from '@nestjs/common';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { PlutuConfigurationError } from '../../src/index.js';
import {
  fromMysql2,
  journalStatements,
  PaymentJournal,
  sqlJournal,
  type SqlExecutor,
  type SqlJournalOptions,
} from '../../src/sql/index.js';
import {
  createDatabase,
  executorOf,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  HOW_TO_START_MARIADB,
  HOW_TO_START_POSTGRES,
  mysqlPool,
  canStartMariaDb,
  canStartPostgres,
  startMariaDb,
  startPostgres,
  type FoundServer,
} from '../support/databases.js';
import {
  approved,
  RecordingProcessor,
  startDelivery,
} from '../support/delivery-contract.js';
import { runCli } from '../support/processes.js';
import { isMissing } from '../support/tools.js';

const postgres = await findPostgres();
const mariadb = await findMariaDb();
afterAll(async () => {
  await postgres?.close();
  await mariadb?.close();
});

const start = async (
  executor: SqlExecutor,
  options: Partial<SqlJournalOptions> = {},
) => {
  const processor = new RecordingProcessor();
  const { delivery } = await startDelivery(
    sqlJournal({ ...options, useFactory: () => executor }),
    processor,
  );
  return { processor, delivery };
};

/** What the command prints, as a script runs it. */
async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli('sql', ...args).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

function describeSchema(name: string, server: FoundServer | undefined): void {
  const dialect = server?.dialect ?? 'postgres';

  describe(`the tables of the journal on ${name}`, () => {
    it('are made at startup, by several processes at once', async () => {
      const database = await createDatabase(server);

      const journals = await Promise.all(
        Array.from({ length: 4 }, () => start(executorOf(database))),
      );

      for (const { delivery } of journals) await delivery.ready?.();
      expect(
        await database.query('SELECT version FROM plutu_version'),
      ).toMatchObject([{ version: 1 }]);
    });

    it('are not made in production, where startup fails and says what to run', async () => {
      const database = await createDatabase(server);
      vi.stubEnv('NODE_ENV', 'production');
      onTestFinished(() => void vi.unstubAllEnvs());

      const error: unknown = await start(executorOf(database), {
        prefix: 'shop_',
      }).catch((e: unknown) => e);

      expect(error).toBeInstanceOf(PlutuConfigurationError);
      expect(error).toMatchObject({
        option: 'journal.migrate',
        message: expect.stringContaining(
          `npx nestjs-plutu sql --dialect ${dialect} --prefix shop_`,
        ),
      });
    });

    it('are those that the command prints, which can be run twice', async () => {
      const database = await createDatabase(server);
      const executor = executorOf(database, { multipleStatements: true });
      const script = await printed('--dialect', dialect, '--prefix', 'shop_');
      for (let time = 0; time < 2; time++) {
        await executor.query({ text: script, values: [] });
      }

      const { delivery, processor } = await start(executor, {
        prefix: 'shop_',
        migrate: false,
      });
      await delivery.accept(approved());

      await expect.poll(() => processor.published).toHaveLength(1);
      expect(
        await database.query('SELECT version FROM shop_version'),
      ).toMatchObject([{ version: 1 }]);
    });

    it('can be made one statement at a time, as migrations do, and again', async () => {
      const database = await createDatabase(server);
      for (let time = 0; time < 2; time++) {
        for (const statement of journalStatements({ dialect })) {
          await database.query(statement);
        }
      }

      const { delivery, processor } = await start(executorOf(database), {
        migrate: false,
      });
      await delivery.accept(approved());

      await expect.poll(() => processor.published).toHaveLength(1);
    });

    it('may be newer than this release, if another instance has upgraded it', async () => {
      const database = await createDatabase(server);
      await start(executorOf(database));
      await database.query('UPDATE plutu_version SET version = 99');

      await expect(
        start(executorOf(database), { migrate: false }),
      ).resolves.toBeDefined();
    });

    it('are finished by the next process if the first is cut off', async () => {
      const database = await createDatabase(server);
      await start(executorOf(database));
      await database.query('DROP TABLE plutu_mark');
      await database.query('UPDATE plutu_version SET version = 0');

      const { delivery, processor } = await start(executorOf(database));
      await delivery.accept(approved());

      await expect.poll(() => processor.published).toHaveLength(1);
      expect(await database.query('SELECT * FROM plutu_mark')).toEqual([]);
    });

    it('compare keys exactly, whatever the collation of the database', async () => {
      const database = await createDatabase(server);
      if (dialect === 'mysql') {
        const [row] = await database.query('SELECT DATABASE() AS name');
        await database.query(
          `ALTER DATABASE ${String(row?.['name'])} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`,
        );
      }
      const { delivery, processor } = await start(executorOf(database));

      for (const id of ['abc', 'ABC', 'aBc', 'abc_', 'abc-']) {
        expect(await delivery.accept(approved({ id }))).toMatchObject({
          duplicate: false,
        });
      }

      await expect.poll(() => processor.published).toHaveLength(5);
    });
  });
}

describe.skipIf(
  isMissing(postgres, {
    suite: 'the tables of the journal on PostgreSQL',
    howToGetIt: HOW_TO_GET_POSTGRES,
  }),
)('on PostgreSQL,', () => {
  describeSchema('PostgreSQL', postgres);

  it('the journal can be in a schema of its own, which is made', async () => {
    const database = await createDatabase(postgres);

    await start(executorOf(database), { schema: 'payments' });
    const { delivery, processor } = await start(executorOf(database), {
      schema: 'payments',
      migrate: false,
    });
    await delivery.accept(approved());

    await expect.poll(() => processor.published).toHaveLength(1);
    expect(
      await database.query(
        'SELECT count(*)::int AS n FROM payments.plutu_payment',
      ),
    ).toEqual([{ n: 1 }]);
  });
});

describe.skipIf(
  isMissing(mariadb, {
    suite: 'the tables of the journal on MariaDB',
    howToGetIt: HOW_TO_GET_MARIADB,
  }),
)('on MariaDB,', () => {
  describeSchema('MariaDB', mariadb);

  it('a journal whose values a driver would escape wrongly does not start', async () => {
    const database = await createDatabase(mariadb);
    const pool = mysqlPool(database);
    pool.on('connection', (connection) => {
      void connection.query(
        "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'",
      );
    });

    await expect(start(fromMysql2(pool))).rejects.toThrow(
      'NO_BACKSLASH_ESCAPES',
    );
  });

  it('a journal in whose sessions nothing is committed by itself does not start', async () => {
    const database = await createDatabase(mariadb);
    const pool = mysqlPool(database);
    pool.on('connection', (connection) => {
      void connection.query('SET SESSION autocommit = 0');
    });

    await expect(start(fromMysql2(pool))).rejects.toThrow('autocommit');
  });

  it('a payment is booked exactly once with innodb_snapshot_isolation=ON', async () => {
    const database = await createDatabase(mariadb);
    await database.query('CREATE TABLE wallet (id int PRIMARY KEY, cents int)');
    await database.query('INSERT INTO wallet VALUES (1, 0)');
    const pool = mysqlPool(database);
    pool.on('connection', (connection) => {
      void connection.query('SET SESSION innodb_snapshot_isolation = ON');
    });
    const { delivery } = await start(fromMysql2(pool));
    const journal = delivery as PaymentJournal<
      Awaited<ReturnType<typeof pool.getConnection>>
    >;
    const add = 'UPDATE wallet SET cents = cents + 500';
    /** As a shop does, under the default isolation level. */
    const book = async () => {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        await connection.query('SELECT * FROM wallet');
        await journal.processInTransaction(
          connection,
          'wallet',
          approved(),
          () => connection.query(add),
        );
        await connection.commit();
      } catch (error) {
        await connection.rollback();
        throw error;
      } finally {
        connection.release();
      }
    };

    const results = await Promise.allSettled([
      ...Array.from({ length: 4 }, book),
      ...Array.from({ length: 4 }, () =>
        journal.once('wallet', approved(), (tx) => tx.query(add)),
      ),
    ]);
    // What has failed is tried again, and finds the truth.
    for (const { status } of results) if (status === 'rejected') await book();

    expect(await database.query('SELECT cents FROM wallet')).toEqual([
      { cents: 500 },
    ]);
  });
});

describe('a server that may lose what it has confirmed is warned of:', () => {
  const warningsOf = async (server: FoundServer) => {
    onTestFinished(() => server.close());
    const database = await createDatabase(server);
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    onTestFinished(() => warn.mockRestore());
    const { delivery } = await start(executorOf(database));
    return delivery.warnings?.();
  };

  it.skipIf(
    isMissing(canStartPostgres, {
      suite: 'the warning of fsync=off',
      howToGetIt: HOW_TO_START_POSTGRES,
    }),
  )('PostgreSQL with fsync=off', async () => {
    expect(await warningsOf(await startPostgres('-c', 'fsync=off'))).toEqual([
      expect.stringContaining('fsync=off'),
    ]);
  });

  it.skipIf(
    isMissing(canStartMariaDb, {
      suite: 'the warning of innodb_flush_log_at_trx_commit',
      howToGetIt: HOW_TO_START_MARIADB,
    }),
  )('MariaDB with innodb_flush_log_at_trx_commit=2', async () => {
    expect(
      await warningsOf(
        await startMariaDb('--innodb-flush-log-at-trx-commit=2'),
      ),
    ).toEqual([expect.stringContaining('innodb_flush_log_at_trx_commit=2')]);
  });

  it.skipIf(
    isMissing(canStartMariaDb, {
      suite: 'the refusal of STATEMENT',
      howToGetIt: HOW_TO_START_MARIADB,
    }),
  )(
    'MariaDB with binlog_format=STATEMENT does not even start the application',
    async () => {
      const server = await startMariaDb(
        '--log-bin=binlog',
        '--binlog-format=STATEMENT',
      );
      onTestFinished(() => server.close());
      const database = await createDatabase(server);

      await expect(start(executorOf(database))).rejects.toThrow('STATEMENT');
    },
  );
});

describe('journalStatements', () => {
  it.each([
    [{ dialect: 'oracle' as never }, 'dialect'],
    [{ dialect: 'mysql', from: 99 }, 'from'],
    [{ dialect: 'mysql', prefix: 'a b' }, 'journal.prefix'],
  ] as const)('says what is wrong with %j', (options, option) => {
    expect(() => journalStatements(options)).toThrow(
      expect.objectContaining({ option }),
    );
  });

  it('has nothing to do for tables that are up to date', () => {
    expect(journalStatements({ dialect: 'mysql', from: 1 })).toEqual([]);
  });
});

describe('nestjs-plutu sql', () => {
  it.each([
    [[], '--dialect must be postgres or mysql'],
    [['--dialect', 'oracle'], '--dialect must be postgres or mysql'],
    [['--dialect', 'mysql', '--from', '99'], '--from must be a version'],
    [['--dialect', 'mysql', '--prefix', 'a b'], '--schema and --prefix'],
    [['--dialect', 'mysql', '--fast'], "Unknown option '--fast'"],
  ])('says what is wrong with %j', async (args, problem) => {
    const { code, stdout, stderr } = await runCli('sql', ...args).ended;

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(problem);
  });

  it('prints nothing to do for tables that are up to date', async () => {
    expect(await printed('--dialect', 'postgres', '--from', '1')).toMatch(
      /^-- .* from version 1 to 1\.\nBEGIN;\nCOMMIT;\n$/,
    );
  });
});
