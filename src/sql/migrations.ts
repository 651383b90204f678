import { tablesOf, type Dialect, type TableNames } from './dialect.js';

/** The statements that take the schema from one version to the next, in order. */
type Migration = (dialect: Dialect, names: TableNames) => readonly string[];

/** The first one creates version 1. Only add to this list. */
const MIGRATIONS: readonly Migration[] = [firstMigration];

/** The version that this package works with. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * The statements that take a schema to {@link SCHEMA_VERSION}. Each leaves alone what
 * already exists, so that an interrupted migration can be run again.
 *
 * @param from the version that it has; 0 if there are no tables yet.
 */
export function migrationStatements(
  dialect: Dialect,
  names: TableNames,
  from = 0,
): string[] {
  const { version } = tablesOf(dialect, names);
  return MIGRATIONS.slice(from).flatMap((migration, index) => [
    ...migration(dialect, names),
    `UPDATE ${version} SET version = ${from + index + 1} WHERE version = ${from + index}`,
  ]);
}

/** Types and endings that two dialects spell differently. */
interface Spelling {
  /** Text that the journal makes: ASCII, compared byte by byte. */
  readonly code: (length: number) => string;
  /** The same, without a limit. */
  readonly data: string;
  /** What people wrote. */
  readonly words: string;
  readonly flag: string;
  readonly end: string;
}

const SPELLINGS: Readonly<Record<Dialect['name'], Spelling>> = {
  postgres: {
    code: (length) => `varchar(${length}) COLLATE "C"`,
    data: 'text',
    words: 'text',
    flag: 'smallint',
    end: '',
  },
  mysql: {
    code: (length) =>
      `varchar(${length}) CHARACTER SET ascii COLLATE ascii_bin`,
    data: 'mediumtext CHARACTER SET ascii COLLATE ascii_bin',
    words: 'text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    flag: 'tinyint',
    end: ' ENGINE = InnoDB ROW_FORMAT = DYNAMIC',
  },
};

function firstMigration(dialect: Dialect, names: TableNames): string[] {
  const { code, data, words, flag, end } = SPELLINGS[dialect.name];
  const tables = tablesOf(dialect, names);
  const table = (name: string, ...lines: string[]) =>
    `CREATE TABLE IF NOT EXISTS ${name} (\n  ${lines.join(',\n  ')}\n)${end}`;
  const isPostgres = dialect.name === 'postgres';
  // MySQL has no CREATE INDEX IF NOT EXISTS, so its indexes are part of CREATE TABLE.
  const inTable = (name: string, columns: string): string[] =>
    isPostgres ? [] : [`KEY ${dialect.quote(name)} (${columns})`];
  const besideTable = (
    name: string,
    onTable: string,
    columns: string,
    where = '',
  ): string[] =>
    isPostgres
      ? [
          `CREATE INDEX IF NOT EXISTS ${dialect.quote(names.prefix + name)} ON ${onTable} (${columns})${where}`,
        ]
      : [];
  const closing = [
    'closed_at bigint',
    `closed_by ${words}`,
    `closed_note ${words}`,
  ];
  return [
    ...(isPostgres && names.schema !== undefined
      ? [`CREATE SCHEMA IF NOT EXISTS ${dialect.quote(names.schema)}`]
      : []),
    table(
      tables.version,
      'id int NOT NULL PRIMARY KEY',
      'version int NOT NULL',
    ),
    isPostgres
      ? `INSERT INTO ${tables.version} (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING`
      : `INSERT INTO ${tables.version} (id, version) VALUES (1, 0) ON DUPLICATE KEY UPDATE id = 1`,

    // Each payment attempt. States: asked (Plutu is being asked), open, refused; with
    // one-time passwords: sent, charging; in either case: unknown, settled.
    table(
      tables.checkout,
      `id ${code(32)} NOT NULL PRIMARY KEY`,
      `account ${code(255)} NOT NULL`,
      `tenant ${code(64)}`,
      `gateway ${code(64)} NOT NULL`,
      `invoice_key ${code(64)} NOT NULL`,
      `order_key ${code(64)} NOT NULL`,
      `invoice_no ${code(128)} NOT NULL`,
      `order_no ${code(128)} NOT NULL`,
      `amount ${code(64)} NOT NULL`,
      `currency ${code(3)}`,
      `state ${code(16)} NOT NULL`,
      'opened_at bigint NOT NULL',
      'changed_at bigint NOT NULL',
      // For one-time passwords: Plutu's number for the process, a keyed hash of the
      // mobile number, wrong codes so far, and the payment.
      `process_id ${code(255)}`,
      `recipient_key ${code(64)}`,
      'failures int NOT NULL DEFAULT 0',
      `payment_id ${code(255)}`,
      // When an instance has to check it: while it is charging, when its time is
      // over.
      'due_at bigint',
      ...closing,
      ...inTable('checkout_invoice', 'invoice_key'),
      ...inTable('checkout_order', 'order_key'),
      ...inTable('checkout_state', 'account, state, opened_at'),
      ...inTable('checkout_due', 'account, due_at'),
      ...inTable('checkout_opened', 'account, opened_at, id'),
      ...inTable('checkout_recipient', 'recipient_key, opened_at'),
    ),
    ...besideTable('checkout_invoice', tables.checkout, 'invoice_key'),
    ...besideTable('checkout_order', tables.checkout, 'order_key'),
    ...besideTable(
      'checkout_state',
      tables.checkout,
      'account, state, opened_at',
    ),
    ...besideTable(
      'checkout_due',
      tables.checkout,
      'account, due_at',
      ' WHERE due_at IS NOT NULL',
    ),
    ...besideTable(
      'checkout_opened',
      tables.checkout,
      'account, opened_at, id',
    ),
    ...besideTable(
      'checkout_recipient',
      tables.checkout,
      'recipient_key, opened_at',
      ' WHERE recipient_key IS NOT NULL',
    ),

    // Each payment, under payment.id. Times are in milliseconds.
    table(
      tables.payment,
      `id ${code(255)} NOT NULL PRIMARY KEY`,
      `account ${code(255)} NOT NULL`,
      `tenant ${code(64)}`,
      `gateway ${code(64)} NOT NULL`,
      `outcome ${code(16)} NOT NULL`,
      `invoice_key ${code(64)} NOT NULL`,
      `order_key ${code(64)} NOT NULL`,
      // Without a limit: no genuine payment may be refused.
      `invoice_no ${data} NOT NULL`,
      `order_no ${data} NOT NULL`,
      `transaction_id ${code(128)} NOT NULL`,
      'amount_minor bigint NOT NULL',
      `currency ${code(3)} NOT NULL`,
      // Who reported it: callback, confirm or hand.
      `source ${code(16)} NOT NULL`,
      // As JSON: the facts as they arrived, the verdict, the consumers that are done.
      `facts ${data} NOT NULL`,
      `verdict ${data}`,
      `consumers ${data} NOT NULL`,
      // Why it is a mismatch; if it is not one, the order that it pays.
      `reason ${code(32)}`,
      `paid_order ${code(64)}`,
      `booked ${flag} NOT NULL DEFAULT 0`,
      'arrivals int NOT NULL DEFAULT 1',
      'arrived_at bigint NOT NULL',
      // When there is something to do: NULL if nothing is left. While a run holds the
      // lease, when that ends.
      'due_at bigint',
      `lease ${code(32)}`,
      'leases int NOT NULL DEFAULT 0',
      'attempts int NOT NULL DEFAULT 0',
      'revision int NOT NULL DEFAULT 0',
      `error ${words}`,
      'done_at bigint',
      'dead_at bigint',
      ...closing,
      `CONSTRAINT ${dialect.quote(`${names.prefix}paid_order`)} UNIQUE (paid_order)`,
      ...inTable('payment_due', 'account, due_at'),
      ...inTable('payment_invoice', 'invoice_key'),
      ...inTable('payment_order', 'order_key'),
      ...inTable('payment_reason', 'account, reason'),
      ...inTable('payment_dead', 'account, dead_at'),
      ...inTable('payment_arrived', 'account, arrived_at, id'),
    ),
    ...besideTable(
      'payment_due',
      tables.payment,
      'account, due_at',
      ' WHERE due_at IS NOT NULL',
    ),
    ...besideTable('payment_invoice', tables.payment, 'invoice_key'),
    ...besideTable('payment_order', tables.payment, 'order_key'),
    ...besideTable(
      'payment_reason',
      tables.payment,
      'account, reason',
      ' WHERE reason IS NOT NULL',
    ),
    ...besideTable(
      'payment_dead',
      tables.payment,
      'account, dead_at',
      ' WHERE dead_at IS NOT NULL',
    ),
    ...besideTable(
      'payment_arrived',
      tables.payment,
      'account, arrived_at, id',
    ),

    // What a consumer has booked, in one transaction with its work.
    table(
      tables.mark,
      `payment_id ${code(255)} NOT NULL`,
      `outcome ${code(16)} NOT NULL`,
      `consumer ${code(255)} NOT NULL`,
      // The token of the booking that set it, to tell it from others that try.
      `token ${code(32)} NOT NULL DEFAULT ''`,
      'hits int NOT NULL DEFAULT 1',
      'booked_at bigint NOT NULL',
      'PRIMARY KEY (payment_id, outcome, consumer)',
    ),

    // Each message that Plutu signed but that makes no sense.
    table(
      tables.unreadable,
      `id ${code(64)} NOT NULL PRIMARY KEY`,
      `account ${code(255)} NOT NULL`,
      `tenant ${code(64)}`,
      `gateway ${code(64)} NOT NULL`,
      `problems ${data} NOT NULL`,
      `message ${data} NOT NULL`,
      'arrivals int NOT NULL DEFAULT 1',
      'arrived_at bigint NOT NULL',
      ...closing,
      ...inTable('unreadable_arrived', 'account, arrived_at'),
    ),
    ...besideTable(
      'unreadable_arrived',
      tables.unreadable,
      'account, arrived_at',
    ),
  ];
}
