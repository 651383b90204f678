import type { SqlDialect, SqlStatement, SqlValue } from './executor.js';

/** Where the tables of a journal are. */
export interface TableNames {
  /** The schema of PostgreSQL, or the database of MySQL; default: the current one. */
  readonly schema: string | undefined;
  /** The beginning of every table's name. */
  readonly prefix: string;
}

/** What differs between the dialects. */
export interface Dialect {
  readonly name: SqlDialect;
  /** Now, by the clock of the database: milliseconds since 1970, UTC. */
  readonly now: string;
  readonly quote: (identifier: string) => string;
  /** Makes a statement from text with a `?` for each value. */
  readonly statement: (
    text: string,
    values?: readonly SqlValue[],
  ) => SqlStatement;
}

const POSTGRES: Dialect = {
  name: 'postgres',
  now: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)',
  quote: (identifier) => `"${identifier}"`,
  statement: (text, values = []) => {
    let place = 0;
    return { text: text.replace(/\?/g, () => `$${++place}`), values };
  },
};

const MYSQL: Dialect = {
  name: 'mysql',
  // Not UNIX_TIMESTAMP(NOW(3)): it reads a local time, and when the clocks go back,
  // one hour comes twice.
  now: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000",
  quote: (identifier) => `\`${identifier}\``,
  statement: (text, values = []) => ({ text, values }),
};

export const DIALECTS: Readonly<Record<SqlDialect, Dialect>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
};

/** The tables of a journal, quoted. */
export interface Tables {
  readonly version: string;
  readonly checkout: string;
  readonly payment: string;
  readonly mark: string;
  readonly unreadable: string;
}

export function tablesOf(
  { quote }: Dialect,
  { schema, prefix }: TableNames,
): Tables {
  const owner = schema === undefined ? '' : `${quote(schema)}.`;
  const table = (name: string) => `${owner}${quote(prefix + name)}`;
  return {
    version: table('version'),
    checkout: table('checkout'),
    payment: table('payment'),
    mark: table('mark'),
    unreadable: table('unreadable'),
  };
}
