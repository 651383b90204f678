import { Child } from './child.js';
import type { MemorySettings } from './processes/memory.js';
import type { Row } from './report.js';

const REMEMBERED = 100_000;

/** What a process that remembers all holds beyond one that remembers one. */
export async function benchMemory(): Promise<Row[]> {
  const [forgetful, remembering] = await Promise.all([
    bytesHeld({ max: 1 }),
    bytesHeld({ max: REMEMBERED }),
  ]);
  return [
    {
      what: `memory for each of ${REMEMBERED} remembered callbacks`,
      unit: 'bytes',
      ours: (remembering - forgetful) / REMEMBERED,
    },
  ];
}

async function bytesHeld(settings: MemorySettings): Promise<number> {
  const child = await Child.start('memory', settings, ['--expose-gc']);
  const { result } = await child.ask({ count: REMEMBERED });
  await child.stop();
  return Number(result);
}
