import type { Comparison } from './rounds.js';

/** One line of the result: a comparison, or a number that has no floor. */
export interface Row extends Partial<Comparison> {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** The least ratio, where `ratio` is what counts. */
  readonly aim?: number;
  /** The greatest ratio, where it is one of costs. */
  readonly aimAtMost?: number;
  /** Ours less the floor, in the row's unit. */
  readonly difference?: number;
  /** The most by which ours may be above the floor, where that counts. */
  readonly aimDifference?: number;
  readonly note?: string;
}

const HEAD = [
  'what',
  'floor',
  'ours',
  '',
  'ratio',
  'quartiles',
  'aim',
  'ratio by CPU',
  'busy: floor, ours',
];

/** The rows as a Markdown table, aligned for the terminal. */
export function toTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((cells) => (cells[column] ?? '').length)),
  );
  const [head = '', ...body] = lines.map(
    (cells) =>
      `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [head, rule, ...body].join('\n');
}

function cellsOf(row: Row): string[] {
  const { floor, ours, ratio, difference, spread, cpuRatio, busy } = row;
  return [
    row.what,
    floor === undefined ? '' : amount(floor),
    amount(ours),
    row.unit,
    difference === undefined ? (ratio?.toFixed(2) ?? '') : signed(difference),
    spread ? spread.map((value) => value.toFixed(2)).join('–') : '',
    aimOf(row),
    cpuRatio?.toFixed(2) ?? '',
    busy ? `${percent(busy.floor)}, ${percent(busy.ours)}` : (row.note ?? ''),
  ];
}

function aimOf({ aim, aimAtMost, aimDifference }: Row): string {
  if (aimDifference !== undefined) return `at most ${aimDifference} more`;
  if (aimAtMost !== undefined) return `at most ${aimAtMost.toFixed(2)}`;
  return aim?.toFixed(2) ?? '';
}

function amount(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toString();
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(0)}`;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
