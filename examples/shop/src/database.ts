import { PGlite } from '@electric-sql/pglite';
import { Module, type OnModuleDestroy } from '@nestjs/common';
import {
  fromPg,
  type SqlExecutor,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from 'nestjs-plutu/sql';
import pg from 'pg';
import { fromPglite } from './from-pglite.js';

const TABLES = [
  `CREATE TABLE IF NOT EXISTS book (
    id       text PRIMARY KEY,
    title_ar text NOT NULL,
    title_en text NOT NULL,
    usd      numeric(9, 2) NOT NULL,
    lyd      numeric(9, 2) NOT NULL,
    sold     int NOT NULL DEFAULT 0
  )`,
  `INSERT INTO book VALUES
    ('poems', 'ديوان من الشعر الليبي', 'A book of Libyan poems', 25.50, 138.00),
    ('map', 'خريطة طرابلس القديمة', 'A map of old Tripoli', 9.00, 48.50),
    ('cooking', 'المطبخ الليبي', 'Libyan cooking', 18.00, 97.25)
    ON CONFLICT DO NOTHING`,
  `CREATE SEQUENCE IF NOT EXISTS order_number START WITH 1001`,
  `CREATE TABLE IF NOT EXISTS shop_order (
    order_no       text PRIMARY KEY DEFAULT nextval('order_number'),
    ordered_at     timestamptz NOT NULL DEFAULT now(),
    book_id        text NOT NULL REFERENCES book,
    state          text NOT NULL DEFAULT 'open', -- or 'unclear', 'paid'
    gateway        text, -- how it was paid, like the next three
    transaction_id text,
    amount         numeric(9, 2),
    currency       text
  )`,
  // What customers have paid and did not owe.
  `CREATE TABLE IF NOT EXISTS pay_back (
    payment_id     text PRIMARY KEY,
    order_no       text NOT NULL,
    gateway        text NOT NULL,
    transaction_id text NOT NULL,
    amount         numeric(9, 2) NOT NULL,
    currency       text NOT NULL
  )`,
];

/**
 * The shop's database, which also has the journal's tables. With DATABASE_URL it is
 * a PostgreSQL server, and without it PostgreSQL in this process, which forgets
 * everything when it ends.
 */
export class Database implements OnModuleDestroy {
  constructor(
    /** For the journal. */
    readonly executor: SqlExecutor,
    private readonly close: () => Promise<void>,
  ) {}

  /** @param tx a transaction of `journal.once`, to be part of it. */
  async run(statement: SqlStatement, tx?: unknown): Promise<readonly SqlRow[]> {
    return this.executor.query(statement, tx);
  }

  async onModuleDestroy(): Promise<void> {
    await this.close();
  }
}

/** A statement; the values go to the database beside it, and never into its text. */
export function sql(
  texts: TemplateStringsArray,
  ...values: SqlValue[]
): SqlStatement {
  return {
    text: texts.reduce((before, after, index) => `${before}$${index}${after}`),
    values,
  };
}

async function openDatabase(): Promise<Database> {
  const url = process.env['DATABASE_URL'];
  const database = url ? onServer(url) : inProcess();
  for (const text of TABLES) await database.run({ text, values: [] });
  return database;
}

function onServer(connectionString: string): Database {
  const pool = new pg.Pool({ connectionString });
  // The pool replaces an idle connection that is lost.
  pool.on('error', () => {});
  return new Database(fromPg(pool), () => pool.end());
}

function inProcess(): Database {
  // In memory, fsync=off (-F) loses nothing more, and the journal would warn of it.
  const startParams = PGlite.defaultStartParams.filter((one) => one !== '-F');
  const db = new PGlite({ startParams });
  return new Database(fromPglite(db), () => db.close());
}

@Module({
  providers: [{ provide: Database, useFactory: openDatabase }],
  exports: [Database],
})
export class DatabaseModule {}
