import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createConnection,
  createPool,
  type Pool as MysqlPool,
} from 'mysql2/promise';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import {
  fromMysql2,
  fromPg,
  type SqlDialect,
  type SqlExecutor,
} from '../../src/sql/index.js';
import {
  endAtOnce,
  makeServerFolder,
  removeServerFolder,
  startServerProcess,
} from './server-processes.js';
import { freePort } from './servers.js';
import { onPath } from './tools.js';

/** A server that answers: the one named, the local one, or one started here. */
export interface FoundServer {
  readonly dialect: SqlDialect;
  /** Of a user who may make databases. */
  readonly url: string;
  close(): Promise<void>;
}

export const HOW_TO_GET_POSTGRES =
  'set TEST_POSTGRES_URL, start PostgreSQL on 127.0.0.1:5432 (user postgres, no password), or put initdb and postgres on the PATH (Debian: apt-get install postgresql)';

export const HOW_TO_GET_MARIADB =
  'set TEST_MARIADB_URL, start MariaDB on 127.0.0.1:3306 (user root, no password), or put mariadbd and mariadb-install-db on the PATH (Debian: apt-get install mariadb-server)';

export const HOW_TO_START_POSTGRES =
  'put initdb and postgres on the PATH (Debian: apt-get install postgresql)';

export const HOW_TO_START_MARIADB =
  'put mariadbd and mariadb-install-db on the PATH (Debian: apt-get install mariadb-server)';

const INITDB = onPath('initdb');
const POSTGRES = onPath('postgres');
const INSTALL_DB = onPath('mariadb-install-db');
const MARIADBD = onPath('mariadbd');

/** Whether {@link startPostgres} can work here. */
export const canStartPostgres = INITDB && POSTGRES;

/** Whether {@link startMariaDb} can work here. */
export const canStartMariaDb = INSTALL_DB && MARIADBD;

export async function findPostgres(): Promise<FoundServer | undefined> {
  return find('postgres', [
    process.env['TEST_POSTGRES_URL'],
    'postgres://postgres@127.0.0.1:5432/postgres',
  ]);
}

export async function findMariaDb(): Promise<FoundServer | undefined> {
  return find('mysql', [
    process.env['TEST_MARIADB_URL'],
    'mysql://root@127.0.0.1:3306/mysql',
  ]);
}

async function find(
  dialect: SqlDialect,
  urls: readonly (string | undefined)[],
): Promise<FoundServer | undefined> {
  for (const url of urls) {
    if (url && (await answers(dialect, url))) {
      return { dialect, url, close: async () => {} };
    }
  }
  if (dialect === 'postgres') {
    return canStartPostgres ? startPostgres() : undefined;
  }
  return canStartMariaDb ? startMariaDb() : undefined;
}

/** A database that no other test has. */
export interface TestDatabase {
  readonly dialect: SqlDialect;
  readonly url: string;
  /** Runs a statement of the test's own; resolves to its rows. */
  readonly query: (sql: string) => Promise<Record<string, unknown>[]>;
  /** Has something closed before the database is removed. */
  readonly closeFirst: (close: () => Promise<unknown>) => void;
}

/**
 * Makes a database, which is removed when the test is over, also if it failed:
 * call it before anything connects.
 */
export async function createDatabase(
  server: FoundServer | undefined,
): Promise<TestDatabase> {
  if (!server) throw new Error('There is no server.');
  const database = await createDatabaseOn(server);
  onTestFinished(database.drop);
  return database;
}

/** The same outside of a test: whoever makes it drops it. */
export async function createDatabaseOn({
  dialect,
  url,
}: FoundServer): Promise<TestDatabase & { drop: () => Promise<void> }> {
  const name = `plutu_test_${randomBytes(6).toString('hex')}`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  const closers: (() => Promise<unknown>)[] = [];
  await runOn(dialect, url, `CREATE DATABASE ${name}`);
  return {
    dialect,
    url: String(own),
    query: (sql) => runOn(dialect, String(own), sql),
    closeFirst: (close) => closers.push(close),
    drop: async () => {
      // What hangs, or has failed already, must not keep the database.
      await Promise.race([
        Promise.allSettled(closers.map(async (close) => close())),
        sleep(3_000),
      ]);
      await runOn(
        dialect,
        url,
        `DROP DATABASE ${name}${dialect === 'postgres' ? ' WITH (FORCE)' : ''}`,
      );
    },
  };
}

/** A pool of `pg`, closed before the database is removed. */
export function pgPool(
  database: TestDatabase,
  options: pg.PoolConfig = {},
): pg.Pool {
  const pool = new pg.Pool({ connectionString: database.url, ...options });
  // Those that idle are cut off when the database is dropped.
  pool.on('error', () => {});
  database.closeFirst(() => pool.end());
  return pool;
}

/** A pool of `mysql2`, closed before the database is removed. */
export function mysqlPool(
  database: TestDatabase,
  options: object = {},
): MysqlPool {
  const pool = createPool({ uri: database.url, ...options });
  database.closeFirst(() => pool.end());
  return pool;
}

/**
 * An executor on a driver's pool, closed before the database is removed.
 *
 * @param mysql options of that pool if it is one of `mysql2`.
 */
export function executorOf(
  database: TestDatabase,
  mysql: object = {},
): SqlExecutor {
  return database.dialect === 'postgres'
    ? fromPg(pgPool(database))
    : fromMysql2(mysqlPool(database, mysql));
}

async function runOn(
  dialect: SqlDialect,
  url: string,
  sql: string,
): Promise<Record<string, unknown>[]> {
  if (dialect === 'postgres') {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  }
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
}

async function answers(dialect: SqlDialect, url: string): Promise<boolean> {
  try {
    await runOn(dialect, url, 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}

/** A PostgreSQL of the test's own, to be closed. */
export async function startPostgres(
  ...options: string[]
): Promise<FoundServer> {
  const initdb = INITDB ?? '';
  const postgres = POSTGRES ?? '';
  const port = await freePort();
  return startServer(
    'postgres',
    `postgres://postgres@127.0.0.1:${port}/postgres`,
    {
      user: 'postgres',
      prepare: (folder) => [
        initdb,
        ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust'],
      ],
      run: (folder) => [
        postgres,
        [
          '-D',
          join(folder, 'data'),
          '-p',
          String(port),
          '-k',
          folder,
          '-h',
          '127.0.0.1',
          ...options,
        ],
      ],
    },
  );
}

/** A MariaDB of the test's own, to be closed. */
export async function startMariaDb(...options: string[]): Promise<FoundServer> {
  const install = INSTALL_DB ?? '';
  const mariadbd = MARIADBD ?? '';
  const port = await freePort();
  return startServer('mysql', `mysql://root@127.0.0.1:${port}/mysql`, {
    user: 'mysql',
    prepare: (folder) => [
      install,
      [
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        '--auth-root-authentication-method=normal',
      ],
    ],
    run: (folder) => [
      mariadbd,
      [
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        `--socket=${join(folder, 'socket')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        ...options,
      ],
    ],
  });
}

interface ServerCommands {
  /** Databases do not run as root. */
  readonly user: string;
  readonly prepare: (folder: string) => readonly [string, string[]];
  readonly run: (folder: string) => readonly [string, string[]];
}

async function startServer(
  dialect: SqlDialect,
  url: string,
  { user, prepare, run }: ServerCommands,
): Promise<FoundServer> {
  const folder = await makeServerFolder('sql');
  let server: ChildProcess | undefined;
  const close = async () => {
    if (server) await endAtOnce(server);
    await removeServerFolder(folder);
  };
  try {
    const identity = await identityOf(user);
    await chmod(folder, 0o700);
    if (identity) await chown(folder, identity.uid, identity.gid);
    const start = ([program, args]: readonly [string, string[]]) =>
      startServerProcess(program, args, { cwd: folder, ...identity });
    const [code] = await once(start(prepare(folder)), 'exit');
    if (code !== 0) throw new Error(`A ${dialect} server cannot be prepared.`);
    server = start(run(folder));
    for (let tries = 0; !(await answers(dialect, url)); tries++) {
      if (tries === 200)
        throw new Error(`The ${dialect} server does not answer.`);
      await sleep(100);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { dialect, url, close };
}

/** Whom to run as; `undefined` to stay who we are. */
async function identityOf(
  user: string,
): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const ids = await Promise.all(
    ['-u', '-g'].map(async (option) => {
      const child = spawn('id', [option, user]);
      let output = '';
      child.stdout.on('data', (chunk) => (output += String(chunk)));
      await once(child, 'close');
      return Number(output);
    }),
  );
  return { uid: ids[0] ?? 0, gid: ids[1] ?? 0 };
}
