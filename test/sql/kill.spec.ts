import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { JournalInstanceSettings } from '../instance/src/journal.js';
import { callbackQuery } from '../support/callbacks.js';
import {
  createDatabase,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  type FoundServer,
  type TestDatabase,
} from '../support/databases.js';
import { forEachAtRandom, ForkedInstance } from '../support/instances.js';
import { isAccepted } from '../support/queue.js';
import { freePort } from '../support/servers.js';
import { isMissing } from '../support/tools.js';
import { vectors } from '../support/vectors.js';

/** `npm test` runs a small version, `npm run test:kill` the full one. */
const FULL = process.env['KILL_TEST'] === 'full';
const PAYMENTS = FULL ? 2_000 : 300;
const ARRIVALS = FULL ? 5 : 3;
const INSTANCES = FULL ? 4 : 2;
const TIMEOUT = FULL ? 600_000 : 90_000;

const postgres = await findPostgres();
const mariadb = await findMariaDb();
afterAll(async () => {
  await postgres?.close();
  await mariadb?.close();
});

async function startInstances(
  database: TestDatabase,
): Promise<ForkedInstance[]> {
  const instances: ForkedInstance[] = [];
  for (let count = 0; count < INSTANCES; count++) {
    const settings: JournalInstanceSettings = {
      secretKey: vectors.secretKey,
      dialect: database.dialect,
      url: database.url,
      port: await freePort(),
      mailsThatFail: 30,
    };
    instances.push(new ForkedInstance('journal.js', settings));
  }
  // All at once: they also migrate beside each other.
  await Promise.all(instances.map((instance) => instance.start()));
  return instances;
}

const randomOf = (instances: readonly ForkedInstance[]): ForkedInstance => {
  const one = instances[Math.floor(Math.random() * instances.length)];
  if (!one) throw new Error('There is no instance.');
  return one;
};

async function countBy(
  database: TestDatabase,
  sql: string,
): Promise<Record<string, number>> {
  const rows = await database.query(
    `SELECT counted, count(*) AS times FROM (${sql}) AS counts GROUP BY counted ORDER BY counted`,
  );
  return Object.fromEntries(
    rows.map(({ counted, times }) => [String(counted), Number(times)]),
  );
}

function itSurvivesKills(name: string, server: FoundServer | undefined): void {
  it(
    `${PAYMENTS} payments, each arriving ${ARRIVALS} times at ${INSTANCES} instances that are killed every second, are booked exactly once on ${name}`,
    async () => {
      const database = await createDatabase(server);
      await database.query(
        'CREATE TABLE wallet (invoice_no varchar(64) PRIMARY KEY, cents int NOT NULL DEFAULT 0, credits int NOT NULL DEFAULT 0)',
      );
      await database.query(
        'CREATE TABLE ledger (invoice_no varchar(64) NOT NULL, cents int NOT NULL)',
      );
      await database.query(
        'CREATE TABLE mail (invoice_no varchar(64) NOT NULL)',
      );
      const invoices = Array.from(
        { length: PAYMENTS },
        (_, index) => `inv-${index}`,
      );
      await database.query(
        `INSERT INTO wallet (invoice_no) VALUES ${invoices.map((one) => `('${one}')`).join(', ')}`,
      );
      const instances = await startInstances(database);

      const over = new AbortController();
      let kills = 0;
      const starting: Promise<void>[] = [];
      const killing = (async () => {
        while (!over.signal.aborted) {
          await sleep(1_000);
          // An instance takes seconds to start: one is always left.
          const [, ...living] = instances.filter((one) => one.isListening);
          if (over.signal.aborted || living.length === 0) continue;
          const victim = randomOf(living);
          await victim.kill();
          kills++;
          starting.push(victim.start());
        }
        await Promise.all(starting);
      })();
      onTestFinished(async () => {
        over.abort();
        await killing.catch(() => {});
      });

      const accepted = new Set<string>();
      const bring = async (invoiceNo: string): Promise<void> => {
        const query = callbackQuery({
          invoiceNo,
          transactionId: `t-${invoiceNo}`,
          amount: '5.00',
        });
        const status = await randomOf(instances).call(query);
        if (isAccepted(status)) accepted.add(invoiceNo);
      };
      const arrivals = invoices.flatMap((one) =>
        Array.from({ length: ARRIVALS }, () => one),
      );
      await forEachAtRandom(arrivals, FULL ? 16 : 4, bring);
      // Those whose every arrival met a dead instance come again.
      for (const one of invoices) {
        while (!accepted.has(one)) await bring(one);
      }
      over.abort();
      await killing;

      await expect
        .poll(
          () =>
            database.query(
              'SELECT id FROM plutu_payment WHERE done_at IS NULL LIMIT 1',
            ),
          { timeout: TIMEOUT / 2, interval: 250 },
        )
        .toEqual([]);
      expect(kills).toBeGreaterThan(0);
      expect(
        await countBy(
          database,
          "SELECT concat(credits, ' for ', cents) AS counted FROM wallet",
        ),
      ).toEqual({ '1 for 500': PAYMENTS });
      expect(
        await countBy(
          database,
          'SELECT count(*) AS counted FROM ledger GROUP BY invoice_no',
        ),
      ).toEqual({ 1: PAYMENTS });
      // A mail has no transaction: it may go twice if its process is killed.
      const [mails] = await database.query(
        'SELECT count(DISTINCT invoice_no) AS sent FROM mail',
      );
      expect(Number(mails?.['sent'])).toBe(PAYMENTS);
      const [payments] = await database.query(
        'SELECT count(*) AS kept, count(dead_at) AS dead, max(leases) AS most FROM plutu_payment',
      );
      expect(Number(payments?.['kept'])).toBe(PAYMENTS);
      expect(Number(payments?.['dead'])).toBe(0);
      process.stdout.write(
        `${name}: ${PAYMENTS} payments, ${kills} kills, at most ${String(payments?.['most'])} leases for one payment\n`,
      );
    },
    TIMEOUT,
  );
}

describe.skipIf(
  isMissing(postgres, {
    suite: 'kills with PostgreSQL',
    howToGetIt: HOW_TO_GET_POSTGRES,
  }),
)('with pg,', () => {
  itSurvivesKills('PostgreSQL', postgres);
});

describe.skipIf(
  isMissing(mariadb, {
    suite: 'kills with MariaDB',
    howToGetIt: HOW_TO_GET_MARIADB,
  }),
)('with TypeORM,', () => {
  itSurvivesKills('MariaDB', mariadb);
});
