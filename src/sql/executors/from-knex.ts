import type { SqlDialect, SqlExecutor, SqlStatement } from '../executor.js';
import { readRawResult, type RawResult } from './raw-result.js';
import { destroyConnection, withoutAutocommit } from './without-autocommit.js';

/** What `knex` hands to the work of a transaction. */
export interface KnexTransaction {
  readonly isTransaction?: boolean | undefined;
  readonly client: { acquireConnection(): Promise<unknown> };
  isCompleted(): boolean;
  raw(
    text: string,
    bindings: readonly (string | number)[],
  ): PromiseLike<unknown>;
}

/** A `knex`, as far as the journal needs it. */
export interface KnexLike<Tx> {
  readonly client: { readonly config: { readonly client?: unknown } };
  raw(
    text: string,
    bindings: readonly (string | number)[],
  ): PromiseLike<unknown>;
  transaction<T>(
    work: (tx: Tx) => Promise<T>,
    config: { isolationLevel: 'read committed' },
  ): Promise<T>;
}

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  pg: 'postgres',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql2: 'mysql',
};

/**
 * For a `knex` with the client `pg` or `mysql2`. A transaction is a
 * `Knex.Transaction`.
 *
 * @throws {TypeError} for another client.
 */
export function fromKnex<Tx extends KnexTransaction>(
  knex: KnexLike<Tx>,
): SqlExecutor<Tx> {
  const { client } = knex.client.config;
  const dialect = DIALECTS[String(client)];
  if (!dialect) {
    throw new TypeError(
      `The journal works with knex and its clients pg and mysql2, but not with "${String(client)}".`,
    );
  }
  const run = async (
    { text, values }: SqlStatement,
    tx: Pick<KnexTransaction, 'raw'> = knex,
  ): Promise<RawResult> => {
    // Knex has the same placeholder everywhere, and its types do not allow null.
    const bindings: (string | number)[] = [];
    let place = 0;
    const sql = text.replace(/\$\d+|\?/g, () => {
      const value = values[place++];
      if (value === null || value === undefined) return 'NULL';
      bindings.push(value);
      return '?';
    });
    const result: unknown = await tx.raw(sql, bindings);
    return readRawResult(result);
  };
  return {
    dialect,
    query: async (statement, tx) => (await run(statement, tx)).rows,
    execute: async (statement, tx) => (await run(statement, tx)).affected,
    transaction: (work) =>
      knex.transaction(
        async (tx) => {
          if (dialect === 'postgres') return work(tx);
          const connection = await tx.client.acquireConnection();
          return withoutAutocommit(
            (sql) => tx.raw(sql, []),
            () => work(tx),
            () => destroyConnection(connection),
          );
        },
        { isolationLevel: 'read committed' },
      ),
    isInTransaction: (tx) => tx.isTransaction === true && !tx.isCompleted(),
  };
}
