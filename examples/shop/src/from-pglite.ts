import type { PGlite, Transaction } from '@electric-sql/pglite';
import type { SqlExecutor, SqlRow, SqlStatement } from 'nestjs-plutu/sql';

/**
 * How the journal talks to PGlite, a library that `nestjs-plutu/sql` does not know.
 * PGlite has one connection: what does not go through `tx` waits until the
 * transaction has ended.
 */
export function fromPglite(db: PGlite): SqlExecutor<Transaction> {
  const run = ({ text, values }: SqlStatement, tx?: Transaction) =>
    (tx ?? db).query<SqlRow>(text, [...values]);
  return {
    dialect: 'postgres',
    query: async (statement, tx) => (await run(statement, tx)).rows,
    execute: async (statement, tx) =>
      (await run(statement, tx)).affectedRows ?? 0,
    // READ COMMITTED is the default.
    transaction: (work) => db.transaction(work),
    isInTransaction: (handle) => 'rollback' in handle && !handle.closed,
  };
}
