import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import { DIALECTS } from './dialect.js';
import type { SqlDialect } from './executor.js';
import { migrationStatements, SCHEMA_VERSION } from './migrations.js';
import { DEFAULT_PREFIX } from './schema.js';
import { tableNames } from './table-names.js';

/** Which tables {@link journalStatements} makes. */
export interface JournalStatementsOptions {
  /** `postgres`, or `mysql`, which is also MariaDB's. */
  readonly dialect: SqlDialect;
  /** As in `sqlJournal`. Default: that of the connection. */
  readonly schema?: string | undefined;
  /** As in `sqlJournal`. Default `plutu_`. */
  readonly prefix?: string | undefined;
  /** The version that the tables have. Default: 0, none yet. */
  readonly from?: number | undefined;
}

/**
 * The SQL that makes the tables of the journal, as `npx nestjs-plutu sql` prints it,
 * in a list: for the migrations of a library that takes one statement at a time.
 * Running them again changes nothing.
 *
 * @throws {PlutuConfigurationError} for an option that cannot work.
 */
export function journalStatements({
  dialect,
  schema,
  prefix = DEFAULT_PREFIX,
  from = 0,
}: JournalStatementsOptions): string[] {
  if (!Object.hasOwn(DIALECTS, dialect)) {
    throw new PlutuConfigurationError(
      'dialect',
      'journalStatements: "dialect" must be postgres or mysql.',
    );
  }
  if (!Number.isInteger(from) || from < 0 || from > SCHEMA_VERSION) {
    throw new PlutuConfigurationError(
      'from',
      `journalStatements: "from" must be a version from 0 to ${SCHEMA_VERSION}.`,
    );
  }
  const names = tableNames({ schema, prefix });
  return migrationStatements(DIALECTS[dialect], names, from);
}
