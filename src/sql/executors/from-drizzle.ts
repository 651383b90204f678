import { EventEmitter } from 'node:events';
import type { SqlDialect, SqlExecutor, SqlStatement } from '../executor.js';
import { readRawResult, type RawResult } from './raw-result.js';
import { destroyConnection, withoutAutocommit } from './without-autocommit.js';

/** The tag `sql` of `drizzle-orm`, as far as the journal needs it. */
export interface DrizzleSql<Query> {
  raw(text: string): Query;
  param(value: unknown): unknown;
  join(parts: unknown[]): Query;
}

/** What Drizzle hands to the work of a transaction. */
export interface DrizzleTransaction<Query> {
  execute(query: Query): PromiseLike<unknown>;
  rollback(): never;
}

/** A database of Drizzle, as far as the journal needs it. */
export interface DrizzleDatabase<Tx, Query> {
  execute(query: Query): PromiseLike<unknown>;
  transaction<T>(
    work: (tx: Tx) => Promise<T>,
    config: { isolationLevel: 'read committed' },
  ): Promise<T>;
}

/** The classes that databases extend, by the names that Drizzle gives them. */
const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  PgDatabase: 'postgres',
  MySqlDatabase: 'mysql',
};

/**
 * For a database of Drizzle on `pg`, PGlite or `mysql2`. A transaction is what
 * `transaction` hands to its work.
 *
 * @param sql the `sql` of `drizzle-orm`, which makes the statements.
 * @throws {TypeError} for another kind of database.
 */
export function fromDrizzle<Query, Tx extends DrizzleTransaction<Query>>(
  db: DrizzleDatabase<Tx, Query>,
  sql: DrizzleSql<Query>,
): SqlExecutor<Tx> {
  const primary = primaryOf(db);
  const dialect = dialectOf(db);
  const run = async (
    { text, values }: SqlStatement,
    tx: Pick<DrizzleTransaction<Query>, 'execute'> = primary,
  ): Promise<RawResult> => {
    const parts = text
      .split(/\$\d+|\?/)
      .flatMap((part, index) => [
        ...(index === 0 ? [] : [sql.param(values[index - 1])]),
        sql.raw(part),
      ]);
    return readRawResult(await tx.execute(sql.join(parts)));
  };
  return {
    dialect,
    query: async (statement, tx) => (await run(statement, tx)).rows,
    execute: async (statement, tx) => (await run(statement, tx)).affected,
    transaction: async (work) => {
      let forget = ignore;
      try {
        return await db.transaction(
          (tx) => {
            const connection = connectionOf(tx);
            if (dialect === 'mysql') {
              return withoutAutocommit(
                (text) => tx.execute(sql.raw(text)),
                () => work(tx),
                () => destroyConnection(connection),
              );
            }
            forget = hearErrors(connection);
            return work(tx);
          },
          { isolationLevel: 'read committed' },
        );
      } finally {
        forget();
      }
    },
    // Only a transaction can be rolled back.
    isInTransaction: (tx) => typeof Reflect.get(tx, 'rollback') === 'function',
  };
}

/** The driver's connection of a transaction. */
function connectionOf(tx: object): unknown {
  const session: unknown = Reflect.get(tx, 'session');
  return Reflect.get(Object(session), 'client');
}

/**
 * A client of `pg` that loses its connection while the work does something else emits
 * an error, which ends the process if nobody listens. The pool drops such a client.
 *
 * @returns a function that stops listening.
 */
function hearErrors(client: unknown): () => void {
  if (!(client instanceof EventEmitter)) return ignore;
  client.on('error', ignore);
  return () => client.off('error', ignore);
}

function ignore(): void {}

/** With read replicas, a database has its primary in a property. */
function primaryOf<Query>(
  db: Pick<DrizzleTransaction<Query>, 'execute'>,
): Pick<DrizzleTransaction<Query>, 'execute'> {
  const primary: unknown = Reflect.get(db, '$primary');
  return isDatabase<Query>(primary) ? primary : db;
}

function isDatabase<Query>(
  value: unknown,
): value is Pick<DrizzleTransaction<Query>, 'execute'> {
  return typeof value === 'object' && value !== null && 'execute' in value;
}

function dialectOf(db: object): SqlDialect {
  const primary = Object(Reflect.get(db, '$primary') ?? db);
  let type: unknown = Reflect.get(primary, 'constructor');
  while (typeof type === 'function') {
    const kind: unknown = Reflect.get(type, Symbol.for('drizzle:entityKind'));
    const dialect = DIALECTS[String(kind)];
    if (dialect) return dialect;
    type = Object.getPrototypeOf(type);
  }
  throw new TypeError(
    'The journal works with Drizzle on PostgreSQL, MariaDB and MySQL.',
  );
}
