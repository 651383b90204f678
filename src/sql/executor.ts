/** The SQL that a database speaks; MariaDB speaks that of MySQL. */
export type SqlDialect = 'postgres' | 'mysql';

/** A value of a statement. */
export type SqlValue = string | number | null;

/** A statement, with the placeholders of its dialect: `$1`, `$2` … or `?`. */
export interface SqlStatement {
  /** The SQL. */
  readonly text: string;
  /** One for each placeholder, in order. */
  readonly values: readonly SqlValue[];
}

/** A row, by the names of its columns. 64-bit numbers may be text. */
export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * How the journal talks to a database, through whatever the application does.
 * `fromPg`, `fromTypeOrm` and the others make one; for another library, write one.
 *
 * @typeParam Tx what the library calls a transaction, such as the `EntityManager`
 *   of TypeORM: the handle that the application's own statements go through.
 */
export interface SqlExecutor<Tx = unknown> {
  /** The dialect of the database. */
  readonly dialect: SqlDialect;

  /**
   * Runs a statement and resolves to its rows: in the transaction, if one is given;
   * otherwise on the primary, and committed when it resolves.
   */
  query(statement: SqlStatement, tx?: Tx): Promise<readonly SqlRow[]>;

  /**
   * Runs a statement and resolves to the number of affected rows, as the database
   * counts them: MySQL counts a row that `ON DUPLICATE KEY UPDATE` changed as two.
   */
  execute(statement: SqlStatement, tx?: Tx): Promise<number>;

  /**
   * Opens a transaction with the isolation level READ COMMITTED on the primary,
   * commits it if the work resolves, and rolls it back if the work rejects. Keeps
   * its connection until the work has ended.
   *
   * @throws what the work or the database threw; nothing is committed then.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;

  /** Whether a handle of the library is in a transaction. Changes nothing. */
  isInTransaction(handle: Tx): boolean | Promise<boolean>;
}
