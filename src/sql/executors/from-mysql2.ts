import type { SqlExecutor, SqlRow, SqlStatement } from '../executor.js';
import { withoutAutocommit } from './without-autocommit.js';

/** Options that a pool may set differently, so each statement sets them. */
interface MysqlQuery {
  readonly sql: string;
  readonly values: unknown[];
  readonly rowsAsArray: false;
  readonly nestTables: false;
  readonly typeCast: true;
  readonly namedPlaceholders: false;
}

/** A connection of `mysql2/promise`, as far as the journal needs it. */
export interface MysqlConnection {
  query(query: MysqlQuery): Promise<[unknown, unknown]>;
  execute(query: MysqlQuery): Promise<[unknown, unknown]>;
  release(): void;
  destroy(): void;
}

/** A pool of `mysql2/promise`, as far as the journal needs it. */
export interface MysqlPool<Connection extends MysqlConnection> {
  getConnection(): Promise<Connection>;
  query(query: MysqlQuery): Promise<[unknown, unknown]>;
  execute(query: MysqlQuery): Promise<[unknown, unknown]>;
}

/**
 * For a pool of `mysql2/promise` on MariaDB or MySQL, connected to the primary. A
 * transaction is a `PoolConnection`.
 */
export function fromMysql2<Connection extends MysqlConnection>(
  pool: MysqlPool<Connection>,
): SqlExecutor<Connection> {
  const run = (
    statement: SqlStatement,
    connection?: Connection,
  ): Promise<unknown> => runOn(connection ?? pool, statement);
  return {
    dialect: 'mysql',
    query: async (statement, connection) =>
      rowsOf(await run(statement, connection)),
    execute: async (statement, connection) =>
      numberIn(await run(statement, connection), 'affectedRows'),
    transaction: (work) => transaction(pool, work),
    isInTransaction: async (connection) =>
      !('getConnection' in connection) &&
      isInMysqlTransaction((text) => run({ text, values: [] }, connection)),
  };
}

async function transaction<Connection extends MysqlConnection, T>(
  pool: MysqlPool<Connection>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection();
  const run = (text: string) => runOn(connection, { text, values: [] });
  // A connection in an unknown state must not go back into the pool.
  let isSound = false;
  try {
    // Applies to the next transaction only.
    await run('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await run('START TRANSACTION');
    isSound = true;
    return await withoutAutocommit(
      run,
      () => work(connection),
      () => (isSound = false),
    );
  } finally {
    if (isSound) connection.release();
    else connection.destroy();
  }
}

async function runOn(
  connection: Pick<MysqlConnection, 'query' | 'execute'>,
  { text, values }: SqlStatement,
): Promise<unknown> {
  const query: MysqlQuery = {
    sql: text,
    values: [...values],
    rowsAsArray: false,
    nestTables: false,
    typeCast: true,
    namedPlaceholders: false,
  };
  const [result] = await (values.length === 0
    ? connection.query(query)
    : connection.execute(query));
  return result;
}

/** The bits of a status that the server sends with every answer. */
const IN_TRANSACTION = 1;
const AUTOCOMMIT = 2;

/**
 * Asks the server about the session, with a statement that does nothing. A session
 * without autocommit is always in a transaction.
 *
 * @param run resolves to the header of the answer.
 */
export async function isInMysqlTransaction(
  run: (text: string) => Promise<unknown>,
): Promise<boolean> {
  const status = numberIn(await run('DO 0'), 'serverStatus');
  return (status & IN_TRANSACTION) !== 0 || (status & AUTOCOMMIT) === 0;
}

function rowsOf(result: unknown): SqlRow[] {
  return Array.isArray(result) ? result : [];
}

function numberIn(header: unknown, name: string): number {
  const value: unknown =
    typeof header === 'object' && header !== null
      ? Reflect.get(header, name)
      : undefined;
  if (typeof value !== 'number') {
    throw new TypeError(`The answer of the database has no ${name}.`);
  }
  return value;
}
