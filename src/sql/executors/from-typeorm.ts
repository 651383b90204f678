import type { SqlDialect, SqlExecutor, SqlStatement } from '../executor.js';
import { destroyConnection, withoutAutocommit } from './without-autocommit.js';

interface StructuredResult {
  readonly records: unknown[];
  readonly affected?: number | null | undefined;
  readonly raw: unknown;
}

interface TypeOrmQueryRunner<Manager> {
  readonly manager: Manager;
  readonly isTransactionActive: boolean;
  query(
    text: string,
    values: unknown[],
    useStructuredResult: true,
  ): Promise<StructuredResult>;
  startTransaction(isolationLevel: 'READ COMMITTED'): Promise<void>;
  commitTransaction(): Promise<void>;
  rollbackTransaction(): Promise<void>;
  release(): Promise<void>;
}

/** A `DataSource` of TypeORM, as far as the journal needs it. */
export interface TypeOrmDataSource<Manager> {
  readonly options: { readonly type: string };
  createQueryRunner(mode: 'master'): TypeOrmQueryRunner<Manager>;
}

/** An `EntityManager` of TypeORM, as far as the journal needs it. */
export interface TypeOrmManager {
  readonly queryRunner?: object | undefined;
}

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

/**
 * For a `DataSource` of TypeORM on PostgreSQL, MariaDB or MySQL. A transaction is
 * an `EntityManager`.
 *
 * @throws {TypeError} for another kind of database.
 */
export function fromTypeOrm<Manager extends TypeOrmManager>(
  dataSource: TypeOrmDataSource<Manager>,
): SqlExecutor<Manager> {
  const { type } = dataSource.options;
  const dialect = DIALECTS[type];
  if (!dialect) {
    throw new TypeError(
      `The journal works on PostgreSQL, MariaDB and MySQL, but not with TypeORM's "${type}".`,
    );
  }
  const withRunner = async <T>(
    work: (runner: TypeOrmQueryRunner<Manager>) => Promise<T>,
  ): Promise<T> => {
    const runner = dataSource.createQueryRunner('master');
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  };
  const run = (
    { text, values }: SqlStatement,
    manager?: Manager,
  ): Promise<StructuredResult> => {
    const query = (runner: TypeOrmQueryRunner<Manager>) =>
      runner.query(text, [...values], true);
    return manager ? query(runnerOf(manager)) : withRunner(query);
  };
  return {
    dialect,
    query: async (statement, manager) => {
      const { records } = await run(statement, manager);
      return records.filter((row) => isRow(row));
    },
    execute: async (statement, manager) =>
      (await run(statement, manager)).affected ?? 0,
    transaction: (work) =>
      withRunner(async (runner) => {
        await runner.startTransaction('READ COMMITTED');
        try {
          const result = await (dialect === 'postgres'
            ? work(runner.manager)
            : withoutAutocommit(
                (text) => runner.query(text, [], true),
                () => work(runner.manager),
                () =>
                  destroyConnection(Reflect.get(runner, 'databaseConnection')),
              ));
          await runner.commitTransaction();
          return result;
        } catch (error) {
          if (runner.isTransactionActive) {
            // A lost connection cannot roll back, but the database has done it by
            // itself.
            await runner.rollbackTransaction().catch(() => {});
          }
          throw error;
        }
      }),
    isInTransaction: ({ queryRunner }) =>
      queryRunner !== undefined &&
      Reflect.get(queryRunner, 'isTransactionActive') === true,
  };
}

function runnerOf<Manager extends TypeOrmManager>({
  queryRunner,
}: Manager): TypeOrmQueryRunner<Manager> {
  if (!isRunner<Manager>(queryRunner)) {
    throw new TypeError('This EntityManager is not in a transaction.');
  }
  return queryRunner;
}

function isRunner<Manager>(
  value: unknown,
): value is TypeOrmQueryRunner<Manager> {
  return typeof value === 'object' && value !== null && 'query' in value;
}

function isRow(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
