import { createHash } from 'node:crypto';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import { DIALECTS, tablesOf, type TableNames } from './dialect.js';
import type { SqlExecutor } from './executor.js';
import { migrationStatements, SCHEMA_VERSION } from './migrations.js';
import { integer } from './payment-row.js';

/** How long one process waits for another that migrates, in seconds. */
const MIGRATION_WAIT = 60;

/**
 * Makes sure that the schema is there: applies what is missing, or says what to run.
 * A newer schema belongs to a newer instance next to this one, and works.
 *
 * @param mayMigrate whether to apply what is missing.
 * @throws {PlutuConfigurationError} if the schema is out of date and must not be
 *   migrated here.
 */
export async function prepareSchema<Tx>(
  executor: SqlExecutor<Tx>,
  names: TableNames,
  mayMigrate: boolean,
): Promise<void> {
  if ((await versionOf(executor, names)) >= SCHEMA_VERSION) return;
  if (!mayMigrate) {
    const from = await versionOf(executor, names);
    const { schema, prefix } = names;
    const where = [
      `--dialect ${executor.dialect}`,
      ...(schema === undefined ? [] : [`--schema ${schema}`]),
      ...(prefix === DEFAULT_PREFIX ? [] : [`--prefix ${prefix}`]),
      ...(from === 0 ? [] : [`--from ${from}`]),
    ].join(' ');
    throw new PlutuConfigurationError(
      'journal.migrate',
      `sqlJournal: the tables of the journal have version ${from}, but version ${SCHEMA_VERSION} is needed. Run what "npx nestjs-plutu sql ${where}" prints.`,
    );
  }
  await executor.transaction((tx) => migrate(executor, names, tx));
}

/** The default beginning of the tables' names. */
export const DEFAULT_PREFIX = 'plutu_';

/** @returns 0 if there are no tables yet. */
async function versionOf<Tx>(
  executor: SqlExecutor<Tx>,
  names: TableNames,
  tx?: Tx,
): Promise<number> {
  const dialect = DIALECTS[executor.dialect];
  const { schema, prefix } = names;
  const current =
    dialect.name === 'postgres' ? 'current_schemas(false)' : 'DATABASE()';
  const owner =
    dialect.name === 'postgres'
      ? `table_schema = ANY (${schema === undefined ? current : 'ARRAY[?::name]'})`
      : `table_schema = ${schema === undefined ? current : '?'}`;
  const tables = await executor.query(
    dialect.statement(
      `SELECT 1 AS found FROM information_schema.tables WHERE ${owner} AND table_name = ?`,
      [...(schema === undefined ? [] : [schema]), `${prefix}version`],
    ),
    tx,
  );
  if (tables.length === 0) return 0;
  const { version } = tablesOf(dialect, names);
  const [row] = await executor.query(
    dialect.statement(`SELECT version FROM ${version}`),
    tx,
  );
  return row ? integer(row['version']) : 0;
}

/** One process at a time: the others wait, and then find it done. */
async function migrate<Tx>(
  executor: SqlExecutor<Tx>,
  names: TableNames,
  tx: Tx,
): Promise<void> {
  const dialect = DIALECTS[executor.dialect];
  const run = async (text: string, values: (string | number)[] = []) =>
    executor.query(dialect.statement(text, values), tx);
  const lock = createHash('sha256')
    .update(
      JSON.stringify(['nestjs-plutu', names.schema ?? null, names.prefix]),
    )
    .digest();
  const apply = async (): Promise<void> => {
    const from = await versionOf(executor, names, tx);
    for (const statement of migrationStatements(dialect, names, from)) {
      await executor.execute(dialect.statement(statement), tx);
    }
  };
  if (dialect.name === 'postgres') {
    await run(`SELECT set_config('lock_timeout', ?, true) AS wait`, [
      `${MIGRATION_WAIT}s`,
    ]);
    // Held until the transaction ends, which takes the tables with it if it fails.
    await run(`SELECT 1 AS locked FROM pg_advisory_xact_lock(?)`, [
      lock.readInt32BE(),
    ]);
    return apply();
  }
  const name = `plutu-${lock.toString('hex').slice(0, 32)}`;
  const [row] = await run(
    'SELECT GET_LOCK(CONCAT(?, LEFT(SHA2(DATABASE(), 256), 16)), ?) AS locked',
    [name, MIGRATION_WAIT],
  );
  if (Number(row?.['locked']) !== 1) {
    throw new Error(
      `sqlJournal: another process has been migrating the tables for ${MIGRATION_WAIT} s. Start again when it is done.`,
    );
  }
  try {
    await apply();
  } finally {
    // The lock belongs to the connection, which goes back into a pool.
    await run(
      'SELECT RELEASE_LOCK(CONCAT(?, LEFT(SHA2(DATABASE(), 256), 16))) AS unlocked',
      [name],
    );
  }
}
