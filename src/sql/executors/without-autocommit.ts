/**
 * Runs the work of a transaction that has begun, and commits it or rolls it back.
 * After a deadlock, MySQL and MariaDB roll the transaction back silently; with
 * autocommit, every later statement would be committed by itself. Without autocommit,
 * those statements are rolled back too, unless the work resolves.
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

/** Takes a connection of `mysql2` out of its pool, whichever library passed it on. */
export function destroyConnection(connection: unknown): void {
  if (typeof connection !== 'object' || connection === null) return;
  const destroy: unknown = Reflect.get(connection, 'destroy');
  if (typeof destroy === 'function') destroy.call(connection);
}
