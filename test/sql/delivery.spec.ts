import { afterAll, describe } from 'vitest';
import { sqlJournal } from '../../src/sql/index.js';
import {
  createDatabase,
  executorOf,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  type FoundServer,
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
const emptyJournal = (server: FoundServer | undefined) =>
  sqlJournal({
    backoff: 20,
    useFactory: async () => executorOf(await createDatabase(server)),
  });

describe.skipIf(
  isMissing(postgres, {
    suite: 'the journal on PostgreSQL',
    howToGetIt: HOW_TO_GET_POSTGRES,
  }),
)('on PostgreSQL', () => {
  describeDeliveryContract('the journal', () => emptyJournal(postgres), {
    isDurable: true,
  });
});

describe.skipIf(
  isMissing(mariadb, {
    suite: 'the journal on MariaDB',
    howToGetIt: HOW_TO_GET_MARIADB,
  }),
)('on MariaDB', () => {
  describeDeliveryContract('the journal', () => emptyJournal(mariadb), {
    isDurable: true,
  });
});
