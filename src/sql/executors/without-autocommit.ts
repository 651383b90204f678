/**
 * Runs the work of a transaction that has begun, and commits or ends it. A deadlock
 * makes MySQL and MariaDB roll a transaction back unseen; with autocommit, what
 * follows in it would be committed statement by statement. Here it is not: it is
 * rolled back unless the work resolves.
 *
 * @param run runs a statement on the transaction's connection.
 * @param abandon takes the connection out of its pool: called if autocommit could
 *   not be switched on again.
 */
export async function withoutAutocommit<T>(
  run: (text: string) => PromiseLike<unknown>,
  work: () => Promise<T>,
  abandon: () => void,
): Promise<T> {
  const restore = async (...statements: string[]): Promise<void> => {
    try {
      for (const statement of statements) await run(statement);
    } catch {
      abandon();
    }
  };
  try {
    await run('SET autocommit = 0');
    const result = await work();
    await run('COMMIT');
    await restore('SET autocommit = 1');
    return result;
  } catch (error) {
    // In this order: switching autocommit on commits what is open.
    await restore('ROLLBACK', 'SET autocommit = 1');
    throw error;
  }
}

/** Takes a connection of `mysql2` out of its pool, whoever has handed it over. */
export function destroyConnection(connection: unknown): void {
  if (typeof connection !== 'object' || connection === null) return;
  const destroy: unknown = Reflect.get(connection, 'destroy');
  if (typeof destroy === 'function') destroy.call(connection);
}
