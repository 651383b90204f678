import type { SqlExecutor, SqlRow, SqlStatement } from '../executor.js';

interface PgResult {
  readonly rows: SqlRow[];
  readonly rowCount: number | null;
  readonly command: string;
}

/** A client of `pg`, as far as the journal needs it. */
export interface PgClient {
  query(config: { text: string; values: unknown[] }): Promise<PgResult>;
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  getTransactionStatus?(): string | null;
}

/** A pool of `pg`, as far as the journal needs it. */
export interface PgPool<Client extends PgClient> {
  connect(): Promise<Client>;
  query(config: { text: string; values: unknown[] }): Promise<PgResult>;
}

/**
 * For a `Pool` of `pg`, connected to the primary. A transaction is a `PoolClient`.
 */
export function fromPg<Client extends PgClient>(
  pool: PgPool<Client>,
): SqlExecutor<Client> {
  const run = (
    { text, values }: SqlStatement,
    client?: Client,
  ): Promise<PgResult> => (client ?? pool).query({ text, values: [...values] });
  return {
    dialect: 'postgres',
    query: async (statement, client) => (await run(statement, client)).rows,
    execute: async (statement, client) =>
      (await run(statement, client)).rowCount ?? 0,
    transaction: (work) => transaction(pool, work),
    isInTransaction: async (client) => {
      if (!('release' in client)) return false;
      const status = client.getTransactionStatus?.();
      if (status !== undefined && status !== null) return status !== 'I';
      return isInPostgresTransaction((text) =>
        run({ text, values: [] }, client),
      );
    },
  };
}

async function transaction<Client extends PgClient, T>(
  pool: PgPool<Client>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection may be lost while the work does something else.
  const onError = (error: Error): void => void (broken ??= error);
  client.on('error', onError);
  try {
    await client.query({
      text: 'BEGIN ISOLATION LEVEL READ COMMITTED',
      values: [],
    });
    const result = await work(client);
    const { command } = await client.query({ text: 'COMMIT', values: [] });
    // PostgreSQL answers ROLLBACK if a statement in the transaction failed.
    if (command !== 'COMMIT') {
      throw new Error('The transaction was rolled back instead of committed.');
    }
    return result;
  } catch (error) {
    await client.query({ text: 'ROLLBACK', values: [] }).catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    // A connection in an unknown state must not go back into the pool.
    client.release(broken);
  }
}

/** Only in a transaction block does PostgreSQL allow a savepoint. */
export async function isInPostgresTransaction(
  run: (text: string) => Promise<unknown>,
): Promise<boolean> {
  try {
    await run('SAVEPOINT plutu_probe');
  } catch {
    return false;
  }
  await run('RELEASE SAVEPOINT plutu_probe');
  return true;
}
