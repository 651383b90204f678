import { afterAll, describe } from 'vitest';
import {
  fromMysql2,
  fromPg,
  sqlJournal,
  type SqlExecutor,
  type SqlJournalOptions,
} from '../../src/sql/index.js';
import {
  createDatabase,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  mysqlPool,
  pgPool,
  type TestDatabase,
} from '../support/databases.js';
import { describeDeliveryContract } from '../support/delivery-contract.js';
import { isMissing } from '../support/tools.js';

const postgres = await findPostgres();
const mariadb = await findMariaDb();
afterAll(async () => {
  await postgres?.close();
  await mariadb?.close();
});

/** A journal that has seen nothing, with short pauses between the attempts. */
const emptyJournal = (
  create: () => Promise<TestDatabase>,
  executor: (database: TestDatabase) => SqlExecutor,
  options: Partial<SqlJournalOptions> = {},
) =>
  sqlJournal({
    backoff: 20,
    ...options,
    useFactory: async () => executor(await create()),
  });

describe.skipIf(
  isMissing(postgres, {
    suite: 'the journal on PostgreSQL',
    howToGetIt: HOW_TO_GET_POSTGRES,
  }),
)('on PostgreSQL', () => {
  describeDeliveryContract(
    'the journal',
    () =>
      emptyJournal(
        () => createDatabase(postgres),
        (database) => fromPg(pgPool(database)),
      ),
    { isDurable: true },
  );
});

describe.skipIf(
  isMissing(mariadb, {
    suite: 'the journal on MariaDB',
    howToGetIt: HOW_TO_GET_MARIADB,
  }),
)('on MariaDB', () => {
  describeDeliveryContract(
    'the journal',
    () =>
      emptyJournal(
        () => createDatabase(mariadb),
        (database) => fromMysql2(mysqlPool(database)),
      ),
    { isDurable: true },
  );
});
