import { Child } from './child.js';
import type { Plan } from './plan.js';
import type { ConfirmSettings } from './processes/confirm.js';
import type { Row } from './report.js';
import { compare } from './rounds.js';

/** `MpgsService.confirm`, against a Plutu that costs next to nothing. */
export async function benchConfirm({ rounds, size }: Plan): Promise<Row[]> {
  const [floor, ours] = await Promise.all([start('floor'), start('ours')]);
  const rows: Row[] = [];
  for (const inFlight of [1, 50]) {
    const task = { count: (inFlight === 1 ? 800 : 1500) * size, inFlight };
    rows.push(
      {
        what: `confirm, ${inFlight} in flight`,
        unit: 'requests/s',
        aim: 0.9,
        ...(await compare(
          {
            floor: () => floor.client.turn(task),
            ours: () => ours.client.turn(task),
          },
          { rounds, warmUp: 2 },
        )),
      },
      {
        what: `confirm, ${inFlight} in flight, connections opened`,
        unit: 'connections',
        floor: Number((await floor.plutu.ask({})).result),
        ours: Number((await ours.plutu.ask({})).result),
        note: `aim: at most ${inFlight}`,
      },
    );
  }
  for (const { client, plutu } of [floor, ours]) {
    await client.stop();
    await plutu.stop();
  }
  return rows;
}

/** A client, and a Plutu of its own that counts connections. */
async function start(side: ConfirmSettings['side']) {
  const plutu = await Child.start('plutu');
  const settings: ConfirmSettings = { side, baseUrl: String(plutu.ready) };
  return { client: await Child.start('confirm', settings), plutu };
}
