import { Child } from './child.js';
import type { AppSettings, AppTask } from './processes/app.js';
import type { Plan } from './plan.js';
import type { Row } from './report.js';
import { median } from './rounds.js';

type StartUpSettings = Omit<AppSettings, 'server'>;

/** From the start of the process to listening, and what it loads for that. */
export async function benchStartup({ rounds }: Plan): Promise<Row[]> {
  return [
    await compareStartups('start-up, with @nestjs/axios and swagger in use', {
      usesPeers: true,
      rounds,
    }),
    await compareStartups('start-up, with them only installed', {
      usesPeers: false,
      rounds,
    }),
    ...(await compareLoadedModules()),
  ];
}

async function compareStartups(
  what: string,
  { usesPeers, rounds }: { usesPeers: boolean; rounds: number },
): Promise<Row> {
  const floor: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    floor.push(await startUp({ side: 'floor', usesPeers }));
    ours.push(await startUp({ side: 'ours', usesPeers }));
  }
  return {
    what,
    unit: 'ms',
    floor: median(floor),
    ours: median(ours),
    difference: median(ours.map((time, round) => time - (floor[round] ?? NaN))),
    aimDifference: 30,
  };
}

/** What is loaded where `@nestjs/swagger` is installed and builds no document. */
async function compareLoadedModules(): Promise<Row[]> {
  const floor = await loadedModules({ side: 'floor' });
  const ours = await loadedModules({ side: 'ours' });
  const added = Object.entries(ours)
    .filter(([name]) => !(name in floor))
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, files]) => `${name} (${files})`);
  const swagger = '@nestjs/swagger';
  return [
    {
      what: 'modules loaded at start-up',
      unit: 'files',
      floor: sum(Object.values(floor)),
      ours: sum(Object.values(ours)),
      note: listing(added, 3),
    },
    {
      what: `modules of ${swagger} loaded without a document`,
      unit: 'files',
      floor: floor[swagger] ?? 0,
      ours: ours[swagger] ?? 0,
      note: 'aim: none',
    },
  ];
}

async function startUp(settings: StartUpSettings): Promise<number> {
  const app = await start(settings);
  await app.stop();
  return (app.ready as { startedIn: number }).startedIn;
}

async function loadedModules(
  settings: StartUpSettings,
): Promise<Record<string, number>> {
  const app = await start(settings);
  const task: AppTask = { tellsModules: true };
  const { result } = await app.ask(task);
  await app.stop();
  return result as Record<string, number>;
}

function start(settings: StartUpSettings): Promise<Child> {
  return Child.start('app', { ...settings, server: 'express' });
}

function listing(packages: readonly string[], most: number): string {
  if (packages.length === 0) return 'no package added';
  const rest = packages.length - most;
  const listed = packages.slice(0, most).join(', ');
  return rest > 0 ? `${listed} and ${rest} more` : listed;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
