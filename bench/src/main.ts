/**
 * Measures the module side by side with what it costs to do without:
 * `npm run bench -- [--quick] [--only NAME] [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchCallback } from './callback.bench.js';
import { benchConfirm } from './confirm.bench.js';
import { benchHttp } from './http.bench.js';
import { benchJournal } from './journal.bench.js';
import { LOG_LEVELS } from './log-levels.js';
import { benchMemory } from './memory.bench.js';
import { FULL, QUICK } from './plan.js';
import { benchQueue } from './queue.bench.js';
import { toTable, type Row } from './report.js';
import { benchStartup } from './startup.bench.js';
import { benchVerify } from './verify.bench.js';

const BENCHES = {
  verify: benchVerify,
  callback: benchCallback,
  http: benchHttp,
  confirm: benchConfirm,
  queue: benchQueue,
  journal: benchJournal,
  startup: benchStartup,
  memory: benchMemory,
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
const names = Object.keys(BENCHES);
if (values.only !== undefined && !names.includes(values.only)) {
  throw new Error(`--only takes one of ${names.join(', ')}.`);
}

const plan = values.quick ? QUICK : FULL;
const rows: Row[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await bench(plan)));
}

const machine = {
  node: process.version,
  processor: cpus()[0]?.model,
  processors: availableParallelism(),
};
process.stdout.write(`${toTable(rows)}

Ratios are medians of ${plan.rounds} rounds or more, of ours through the floor's next to it.
Both applications log ${LOG_LEVELS.join(', ')}, and not the line that the module writes for each callback.
Node ${machine.node}, ${machine.processors} × ${machine.processor}.
`);
if (values.json !== undefined) {
  const result = { machine, plan, logLevels: LOG_LEVELS, rows };
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
}
