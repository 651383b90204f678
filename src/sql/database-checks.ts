import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import type { SqlRow } from './executor.js';
import type { JournalStore } from './journal-store.js';

/** @throws {Error} if the database cannot be reached, or accepts no writes. */
export async function checkDatabase<Tx>(
  store: JournalStore<Tx>,
): Promise<void> {
  const [row] = await store.query(
    store.dialect.name === 'postgres'
      ? `SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN 1 ELSE 0 END AS is_read_only`
      : 'SELECT @@global.read_only AS is_read_only',
  );
  if (Number(row?.['is_read_only']) !== 0) {
    throw new Error('The database of the journal accepts no writes.');
  }
}

/** How the database may lose what it has confirmed, one sentence each. */
export async function durabilityWarnings<Tx>(
  store: JournalStore<Tx>,
): Promise<string[]> {
  const warnings: string[] = [];
  if (store.dialect.name === 'postgres') {
    const settings = await postgresSettings(store);
    if (settings.get('fsync') === 'off') {
      warnings.push(
        'PostgreSQL runs with fsync=off: a crash of the machine can destroy the journal. Set it to on.',
      );
    }
    if (settings.get('synchronous_commit') === 'off') {
      warnings.push(
        'PostgreSQL runs with synchronous_commit=off: a crash of the server loses the payments accepted last. Set it to on.',
      );
    }
    return warnings;
  }
  const row = await mysqlSettings(store);
  if (Number(row['flush_log']) !== 1) {
    warnings.push(
      `The database runs with innodb_flush_log_at_trx_commit=${Number(row['flush_log'])}: a crash loses the payments accepted last. Set it to 1.`,
    );
  }
  return warnings;
}

/**
 * Checks for settings that the journal cannot work with, whatever the schema.
 *
 * @throws {PlutuConfigurationError} for a setting of the database that has to be
 *   corrected.
 */
export async function checkSettings<Tx>(
  store: JournalStore<Tx>,
): Promise<void> {
  if (store.dialect.name === 'postgres') return;
  const row = await mysqlSettings(store);
  // Without autocommit, a callback would be answered before it is committed.
  if (Number(row['autocommit']) !== 1) {
    fail(
      'the sessions of the database run without autocommit, so nothing that the journal writes would be kept. Set autocommit=1.',
    );
  }
  // Drivers that put values into the text of a statement would escape them wrongly.
  if (String(row['sql_mode']).includes('NO_BACKSLASH_ESCAPES')) {
    fail(
      'the journal does not work with the sql_mode NO_BACKSLASH_ESCAPES. Remove it from sql_mode.',
    );
  }
  if (Number(row['log_bin']) === 1 && row['binlog_format'] === 'STATEMENT') {
    fail(
      'with binlog_format=STATEMENT, the database refuses what is written under READ COMMITTED. Set it to ROW or MIXED.',
    );
  }
}

async function postgresSettings<Tx>(
  store: JournalStore<Tx>,
): Promise<Map<string, string>> {
  const rows = await store.query(
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')",
  );
  return new Map(
    rows.map(({ name, setting }) => [String(name), String(setting)]),
  );
}

async function mysqlSettings<Tx>(store: JournalStore<Tx>): Promise<SqlRow> {
  const [row = {}] = await store.query(
    'SELECT @@global.innodb_flush_log_at_trx_commit AS flush_log, @@session.sql_mode AS sql_mode, @@session.autocommit AS autocommit, @@global.log_bin AS log_bin, @@session.binlog_format AS binlog_format',
  );
  return row;
}

function fail(problem: string): never {
  throw new PlutuConfigurationError('journal', `sqlJournal: ${problem}`);
}
