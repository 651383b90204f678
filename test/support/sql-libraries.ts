import { PrismaPg } from '@prisma/adapter-pg';
import { sql } from 'drizzle-orm';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import knex, { type Knex } from 'knex';
import type { PoolConnection } from 'mysql2/promise';
import type { PoolClient } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import {
  fromDrizzle,
  fromKnex,
  fromMysql2,
  fromPg,
  fromPrisma,
  fromTypeOrm,
  type SqlExecutor,
} from '../../src/sql/index.js';
import { mysqlPool, pgPool, type TestDatabase } from './databases.js';
import { PrismaClient, type Prisma } from './prisma/generated/client.js';

/** A library that a shop talks to its database with. */
export interface Library<Tx> {
  readonly executor: SqlExecutor<Tx>;
  /** Runs a statement of the shop's own in a transaction. */
  readonly run: (tx: Tx, text: string) => PromiseLike<unknown>;
  /** Opens a transaction as a shop does. */
  readonly transaction: <T>(
    work: (tx: Tx) => Promise<T>,
    isolation?: 'REPEATABLE READ' | 'SERIALIZABLE',
  ) => Promise<T>;
  /** A handle that is not in a transaction, and what to do with it afterwards. */
  readonly idle: () => Promise<{ handle: Tx; release: () => void }>;
}

export async function pgLibrary(
  database: TestDatabase,
): Promise<Library<PoolClient>> {
  const pool = pgPool(database);
  return {
    executor: fromPg(pool),
    run: (client, text) => client.query(text),
    transaction: async (work, isolation) => {
      const client = await pool.connect();
      try {
        await client.query(
          isolation ? `BEGIN ISOLATION LEVEL ${isolation}` : 'BEGIN',
        );
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    idle: async () => {
      const handle = await pool.connect();
      return { handle, release: () => handle.release() };
    },
  };
}

export async function mysqlLibrary(
  database: TestDatabase,
  options: object = {},
): Promise<Library<PoolConnection>> {
  const pool = mysqlPool(database, options);
  return {
    executor: fromMysql2(pool),
    run: (connection, text) => connection.query(text),
    transaction: async (work, isolation = 'REPEATABLE READ') => {
      const connection = await pool.getConnection();
      try {
        await connection.query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
        await connection.beginTransaction();
        const result = await work(connection);
        await connection.commit();
        return result;
      } catch (error) {
        await connection.rollback();
        throw error;
      } finally {
        connection.release();
      }
    },
    idle: async () => {
      const handle = await pool.getConnection();
      return { handle, release: () => handle.release() };
    },
  };
}

export async function typeOrmLibrary(
  database: TestDatabase,
  options: object = {},
): Promise<Library<EntityManager>> {
  const dataSource = new DataSource({
    ...(database.dialect === 'postgres'
      ? { type: 'postgres' as const }
      : { type: 'mariadb' as const }),
    url: database.url,
    ...options,
  });
  await dataSource.initialize();
  database.closeFirst(() => dataSource.destroy());
  return {
    executor: fromTypeOrm(dataSource),
    run: (manager, text) => manager.query(text),
    transaction: async (work, isolation = 'REPEATABLE READ') =>
      dataSource.transaction(isolation, work),
    idle: async () => ({ handle: dataSource.manager, release: () => {} }),
  };
}

export async function prismaLibrary(
  database: TestDatabase,
): Promise<Library<Prisma.TransactionClient>> {
  const adapter = new PrismaPg({ connectionString: database.url });
  const prisma = new PrismaClient({ adapter });
  database.closeFirst(() => prisma.$disconnect());
  const levels = {
    'REPEATABLE READ': 'RepeatableRead',
    SERIALIZABLE: 'Serializable',
  } as const;
  return {
    executor: fromPrisma(prisma),
    run: (tx, text) => tx.$queryRawUnsafe(text),
    transaction: (work, isolation) =>
      prisma.$transaction(
        work,
        isolation && { isolationLevel: levels[isolation] },
      ),
    idle: async () => ({ handle: prisma, release: () => {} }),
  };
}

export async function knexLibrary(
  database: TestDatabase,
): Promise<Library<Knex.Transaction>> {
  const db = knex({
    client: database.dialect === 'postgres' ? 'pg' : 'mysql2',
    connection: database.url,
  });
  database.closeFirst(() => db.destroy());
  return {
    executor: fromKnex(db),
    run: (tx, text) => tx.raw(text),
    transaction: (work, isolation) =>
      db.transaction(
        work,
        isolation && {
          isolationLevel:
            isolation === 'SERIALIZABLE' ? 'serializable' : 'repeatable read',
        },
      ),
    idle: async () => ({
      // What a shop may pass in by mistake, in JavaScript.
      handle: db as unknown as Knex.Transaction,
      release: () => {},
    }),
  };
}

const LEVELS = {
  'REPEATABLE READ': 'repeatable read',
  SERIALIZABLE: 'serializable',
} as const;

export async function drizzlePgLibrary(database: TestDatabase) {
  const db = drizzlePg(pgPool(database));
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0];
  const library: Library<Tx> = {
    executor: fromDrizzle(db, sql),
    run: (tx, text) => tx.execute(sql.raw(text)),
    transaction: (work, isolation) =>
      db.transaction(work, isolation && { isolationLevel: LEVELS[isolation] }),
    idle: async () => ({ handle: db as unknown as Tx, release: () => {} }),
  };
  return library;
}

export async function drizzleMysqlLibrary(database: TestDatabase) {
  const db = drizzleMysql(mysqlPool(database));
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0];
  const library: Library<Tx> = {
    executor: fromDrizzle(db, sql),
    run: (tx, text) => tx.execute(sql.raw(text)),
    transaction: (work, isolation) =>
      db.transaction(work, isolation && { isolationLevel: LEVELS[isolation] }),
    idle: async () => ({ handle: db as unknown as Tx, release: () => {} }),
  };
  return library;
}
