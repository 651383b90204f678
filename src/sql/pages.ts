import type { SqlRow, SqlValue } from './executor.js';
import type { JournalStore } from './journal-store.js';
import { integer, text } from './payment-row.js';

/** How many rows one statement reads. */
const PAGE = 100;

/** Which rows of a table, and the time that orders them. */
export interface Selection {
  readonly table: string;
  /** The columns, `id` included. */
  readonly columns: string;
  /** The column with the time. */
  readonly time: string;
  /** A further condition on the row `t`, besides account, tenant and time. */
  readonly where: string;
  readonly values?: readonly SqlValue[];
  readonly tenant: string | undefined;
  /** Only rows of this time or later, in milliseconds. */
  readonly from?: number;
}

/** A row of a selection. */
export interface TimedRow {
  readonly id: string;
  readonly at: number;
  readonly row: SqlRow;
}

/**
 * Reads rows of the account, oldest first, page by page: each page begins after the
 * last row of the page before, even if rows were added or removed meanwhile.
 */
export async function* rowsByTime<Tx>(
  store: JournalStore<Tx>,
  selection: Selection,
): AsyncGenerator<TimedRow> {
  const { table, columns, time, where, values = [], tenant } = selection;
  const ofTenant = tenant === undefined ? '' : ' AND t.tenant = ?';
  const sql = `SELECT ${columns}, t.${time} AS sorted_at FROM ${table} t WHERE t.account = ?${ofTenant} AND (${where}) AND t.${time} >= ? AND (t.${time} > ? OR t.id > ?) ORDER BY t.${time}, t.id LIMIT ${PAGE}`;
  let at = selection.from ?? 0;
  let id = '';
  for (;;) {
    const rows = await store.query(sql, [
      store.account,
      ...(tenant === undefined ? [] : [tenant]),
      ...values,
      at,
      at,
      id,
    ]);
    for (const row of rows) {
      id = text(row['id']);
      at = integer(row['sorted_at']);
      yield { id, at, row };
    }
    if (rows.length < PAGE) return;
  }
}

/** Merges several lists into one, oldest first. */
export async function* mergedByTime<T extends { readonly at: Date }>(
  sources: readonly AsyncIterator<T>[],
): AsyncGenerator<T> {
  const heads = await Promise.all(
    sources.map(async (source) => ({ source, next: await source.next() })),
  );
  for (;;) {
    let oldest: { head: (typeof heads)[number]; value: T } | undefined;
    for (const head of heads) {
      if (head.next.done) continue;
      const { value } = head.next;
      if (!oldest || value.at < oldest.value.at) oldest = { head, value };
    }
    if (!oldest) return;
    yield oldest.value;
    oldest.head.next = await oldest.head.source.next();
  }
}
