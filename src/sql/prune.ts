import { checkWholeNumber } from '../utils/options.js';
import type { JournalStore } from './journal-store.js';
import { text } from './payment-row.js';

/** What may be removed. */
export interface PruneOptions {
  /** Only what is older than this, in milliseconds. */
  readonly olderThan: number;
}

/** How much was removed. */
export interface Pruned {
  /** How many checkouts. */
  readonly checkouts: number;
  /** How many canceled or incomplete payments. */
  readonly payments: number;
}

/** How many rows are removed at once, which limits what is locked and for how long. */
const BATCH = 1_000;

/**
 * Removes what is not needed any more, but nothing that is under way or that a person
 * has to look into.
 */
export async function prune<Tx>(
  store: JournalStore<Tx>,
  { olderThan }: PruneOptions,
): Promise<Pruned> {
  checkWholeNumber('olderThan', olderThan, { least: 0 });
  const { checkout, payment, mark } = store.tables;
  const before = `${store.dialect.now} - ${olderThan}`;
  const checkouts = await removeAll(
    store,
    `SELECT c.id FROM ${checkout} c WHERE c.account = ? AND c.opened_at < ${before} AND (c.state IN ('asked', 'open', 'refused', 'sent') OR c.closed_at IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM ${payment} p WHERE p.invoice_key = c.invoice_key AND p.gateway = c.gateway AND p.outcome = 'approved') LIMIT ${BATCH}`,
    [[checkout, 'id']],
  );
  const payments = await removeAll(
    store,
    `SELECT p.id FROM ${payment} p WHERE p.account = ? AND p.arrived_at < ${before} AND (p.done_at < ${before} OR p.closed_at < ${before}) AND p.outcome IN ('canceled', 'incomplete') LIMIT ${BATCH}`,
    [
      [mark, 'payment_id'],
      [payment, 'id'],
    ],
  );
  return { checkouts, payments };
}

/**
 * Removes what a query finds, page by page.
 *
 * @param from the tables to remove from, each with the column that has the id.
 * @returns how many rows of the last table were removed.
 */
async function removeAll<Tx>(
  store: JournalStore<Tx>,
  find: string,
  from: readonly (readonly [table: string, column: string])[],
): Promise<number> {
  let removed = 0;
  for (;;) {
    const rows = await store.query(find, [store.account]);
    if (rows.length === 0) return removed;
    const ids = rows.map(({ id }) => text(id));
    const list = ids.map(() => '?').join(', ');
    removed += await store.executor.transaction(async (tx) => {
      let count = 0;
      for (const [table, column] of from) {
        count = await store.execute(
          `DELETE FROM ${table} WHERE ${column} IN (${list})`,
          ids,
          tx,
        );
      }
      return count;
    });
  }
}
