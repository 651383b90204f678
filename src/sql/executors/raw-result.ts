import type { SqlRow } from '../executor.js';

/** A result as libraries return it from their driver. */
export interface RawResult {
  readonly rows: SqlRow[];
  readonly affected: number;
}

/**
 * Reads what a driver returned: an object from `pg` and PGlite, a list of the result
 * and its fields from `mysql2`.
 */
export function readRawResult(result: unknown): RawResult {
  const [first]: unknown[] = Array.isArray(result) ? result : [result];
  if (Array.isArray(first)) return { rows: first, affected: first.length };
  const value = (name: string): unknown =>
    typeof first === 'object' && first !== null
      ? Reflect.get(first, name)
      : undefined;
  const rows = value('rows');
  return {
    rows: Array.isArray(rows) ? rows : [],
    affected: Number(value('rowCount') ?? value('affectedRows') ?? 0),
  };
}
