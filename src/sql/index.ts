export { sqlJournal, type SqlJournalOptions } from './sql-journal.js';
export {
  journalStatements,
  type JournalStatementsOptions,
} from './journal-statements.js';
export { PaymentJournal, type Booking } from './payment-journal.js';
export type { Byline } from './byline.js';
export type { ReportOptions, OpenCase, OpenCaseKind } from './cases.js';
export type { Pruned, PruneOptions } from './prune.js';
export type {
  JournalPayment,
  PaymentsOptions,
  UnsettledAttempt,
  UnsettledOptions,
  UnsettledState,
} from './reports.js';
export type { Settled, Settlement } from './settlement.js';
export type {
  SqlDialect,
  SqlExecutor,
  SqlRow,
  SqlStatement,
  SqlValue,
} from './executor.js';
export { fromDrizzle } from './executors/from-drizzle.js';
export { fromKnex } from './executors/from-knex.js';
export { fromMysql2 } from './executors/from-mysql2.js';
export { fromPg } from './executors/from-pg.js';
export { fromPrisma } from './executors/from-prisma.js';
export { fromTypeOrm } from './executors/from-typeorm.js';
