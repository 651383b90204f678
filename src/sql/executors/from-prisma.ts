import type { SqlDialect, SqlExecutor, SqlRow } from '../executor.js';

/** What Prisma hands to the work of an interactive transaction. */
export interface PrismaTransaction {
  $queryRawUnsafe<T = unknown>(
    text: string,
    ...values: unknown[]
  ): PromiseLike<T>;
  $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number>;
}

/** A `PrismaClient`, as far as the journal needs it. */
export interface PrismaClientLike<
  Tx extends PrismaTransaction,
> extends PrismaTransaction {
  $transaction<R>(
    work: (tx: Tx) => Promise<R>,
    options: {
      isolationLevel: 'ReadCommitted';
      maxWait: number;
      timeout: number;
    },
  ): Promise<R>;
}

/** How long a transaction waits for a connection, in milliseconds. */
const MAX_WAIT = 10_000;

/**
 * Prisma ends a transaction that takes too long while its work still runs. The
 * journal has a limit of its own, which waits for the work.
 */
const NO_TIMEOUT = 2 ** 31 - 1;

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  mysql: 'mysql',
};

/**
 * For a `PrismaClient` on PostgreSQL, MariaDB or MySQL. A transaction is what
 * `$transaction` hands to its work.
 *
 * @param provider the provider of the schema's `datasource`. Default: what the client
 *   says.
 * @throws {TypeError} for another kind of database.
 */
export function fromPrisma<Tx extends PrismaTransaction>(
  client: PrismaClientLike<Tx>,
  provider: unknown = Reflect.get(client, '_activeProvider'),
): SqlExecutor<Tx> {
  const dialect = DIALECTS[String(provider)];
  if (!dialect) {
    throw new TypeError(
      `The journal works on PostgreSQL, MariaDB and MySQL, but this Prisma client is for "${String(provider)}". If that is wrong, name the provider: fromPrisma(prisma, 'postgresql').`,
    );
  }
  const primary = primaryOf(client);
  return {
    dialect,
    query: async ({ text, values }, tx: PrismaTransaction = primary) =>
      tx.$queryRawUnsafe<SqlRow[]>(text, ...values),
    execute: async ({ text, values }, tx: PrismaTransaction = primary) =>
      tx.$executeRawUnsafe(text, ...values),
    transaction: (work) =>
      client.$transaction(work, {
        isolationLevel: 'ReadCommitted',
        maxWait: MAX_WAIT,
        timeout: NO_TIMEOUT,
      }),
    // Only a client can connect.
    isInTransaction: (tx) => Reflect.get(tx, '$connect') === undefined,
  };
}

/** With the extension for read replicas, raw statements go to a replica. */
function primaryOf(client: PrismaTransaction): PrismaTransaction {
  const primary: unknown = Reflect.get(client, '$primary');
  if (typeof primary !== 'function') return client;
  const found: unknown = primary.call(client);
  return isTransaction(found) ? found : client;
}

function isTransaction(value: unknown): value is PrismaTransaction {
  return (
    typeof value === 'object' && value !== null && '$queryRawUnsafe' in value
  );
}
