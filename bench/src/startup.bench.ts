import { Child } from './child.js';
import type { Plan } from './plan.js';
import type { AppSettings } from './processes/app.js';
import type { Row } from './report.js';
import { median } from './rounds.js';

/** From the start of the process to listening. */
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

async function startUp(settings: Omit<AppSettings, 'server'>): Promise<number> {
  const app = await Child.start('app', { ...settings, server: 'express' });
  await app.stop();
  return (app.ready as { startedIn: number }).startedIn;
}
