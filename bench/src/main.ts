import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchConfirm } from './confirm.bench.js';
import { benchHttp } from './http.bench.js';
import { benchMemory } from './memory.bench.js';
import { FULL, QUICK } from './plan.js';
import { benchQueue } from './queue.bench.js';
import { toTable, type Row } from './report.js';
import { benchStartup } from './startup.bench.js';
import { benchVerify } from './verify.bench.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
const plan = values.quick ? QUICK : FULL;
const benches = {
  verify: benchVerify,
  http: benchHttp,
  confirm: benchConfirm,
  queue: benchQueue,
  startup: benchStartup,
  memory: benchMemory,
};
const rows: Row[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (values.only && values.only !== name) continue;
  rows.push(...(await bench(plan)));
}
process.stdout.write(toTable(rows) + '\n');
if (values.json) writeFileSync(values.json, JSON.stringify(rows, null, 2));
