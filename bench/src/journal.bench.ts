import {
  createDatabaseOn,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  type FoundServer,
} from '../../test/support/databases.js';
import { Child } from './child.js';
import type { Plan } from './plan.js';
import type { JournalSettings } from './processes/journal.js';
import type { Row } from './report.js';
import { compare, median } from './rounds.js';

/** Accepting and booking payments, on the servers that the tests would find. */
export async function benchJournal(plan: Plan): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [title, find, howToGetIt] of [
    ['PostgreSQL', findPostgres, HOW_TO_GET_POSTGRES],
    ['MariaDB', findMariaDb, HOW_TO_GET_MARIADB],
  ] as const) {
    const server = await find();
    if (!server) {
      process.stderr.write(`${title} is left out: ${howToGetIt}.\n`);
      continue;
    }
    try {
      rows.push(...(await benchJournalOn(title, server, plan)));
    } finally {
      await server.close();
    }
  }
  return rows;
}

async function benchJournalOn(
  title: string,
  server: FoundServer,
  { rounds, size }: Plan,
): Promise<Row[]> {
  const database = await createDatabaseOn(server);
  await database.query(
    'CREATE TABLE wallet (id int PRIMARY KEY, cents bigint NOT NULL)',
  );
  const wallets = Array.from({ length: 1_000 }, (_, id) => `(${id}, 0)`);
  await database.query(`INSERT INTO wallet VALUES ${wallets.join(', ')}`);
  let processes = 0;
  const start = (side: JournalSettings['side']) =>
    Child.start('journal', {
      side,
      dialect: database.dialect,
      url: database.url,
      name: `${side}${++processes}x`,
    } satisfies JournalSettings);
  // The first makes the tables.
  const ours = await start('ours');
  const [two, one] = await Promise.all([start('two'), start('one')]);
  const task = { count: 1_000 * size, inFlight: 50 };
  const rows: Row[] = [];
  for (const [what, floor, aim] of [
    ['two transactions', two, 0.8],
    ['one transaction', one, undefined],
  ] as const) {
    rows.push({
      what: `${title}, accept and book, beside ${what} by hand`,
      unit: 'booked/s',
      ...(aim !== undefined && { aim }),
      ...(await compare(
        { floor: () => floor.turn(task), ours: () => ours.turn(task) },
        { rounds, warmUp: 1 },
      )),
    });
  }

  const { result } = await ours.ask(task);
  const latencies = (result as number[]).toSorted((a, b) => a - b);
  rows.push({
    what: `${title}, callback accepted, 50 in flight`,
    unit: 'ms',
    ours: median(latencies),
    note: `95 % within ${(latencies[Math.floor(latencies.length * 0.95)] ?? 0).toFixed(1)} ms`,
  });

  const idle = 5_000;
  const { cpuSeconds } = await ours.ask({ count: 0, inFlight: 1, idle });
  rows.push({
    what: `${title}, idle journal`,
    unit: 'ms of CPU/s',
    ours: (cpuSeconds / idle) * 1_000_000,
  });

  const instances = [ours];
  for (const count of [1, 2, 4]) {
    while (instances.length < count) instances.push(await start('ours'));
    const began = performance.now();
    await Promise.all(instances.map((instance) => instance.turn(task)));
    rows.push({
      what: `${title}, accept and book, ${count} instances`,
      unit: 'booked/s',
      ours: (task.count * count * 1_000) / (performance.now() - began),
    });
  }
  await Promise.all([...instances, two, one].map((child) => child.stop()));
  await database.drop();
  return rows;
}
