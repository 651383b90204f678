import { Child } from './child.js';
import type { Plan } from './plan.js';
import type { MemorySettings } from './processes/memory.js';
import type { Row } from './report.js';

/** What a process that remembers all holds beyond one that remembers one. */
export async function benchMemory({ remembered }: Plan): Promise<Row[]> {
  const [forgetful, remembering] = await Promise.all([
    bytesHeld(remembered, { max: 1 }),
    bytesHeld(remembered, { max: remembered }),
  ]);
  return [
    {
      what: `memory for each of ${remembered} remembered callbacks`,
      unit: 'bytes',
      ours: (remembering - forgetful) / remembered,
    },
  ];
}

async function bytesHeld(
  count: number,
  settings: MemorySettings,
): Promise<number> {
  const child = await Child.start('memory', settings, ['--expose-gc']);
  const { result } = await child.ask({ count });
  await child.stop();
  return Number(result);
}
