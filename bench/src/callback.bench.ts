import { Child } from './child.js';
import type {
  CallbackSettings,
  CallbackTask,
  Contestant,
} from './processes/callback.js';
import { HTTP_SERVERS, type HttpServer } from './processes/http-adapter.js';
import type { Plan } from './plan.js';
import type { Row } from './report.js';
import { median, spreadOf, takeTurns, type Turn } from './rounds.js';

const CONTESTANTS = ['bare', 'byHand', 'ours', 'watched', 'stripe'] as const;

/** Callbacks. An application is not at its speed before it has answered many. */
const WARM_UP = 6000;

/** CPU time of one callback in microseconds, of each contestant. */
type Costs = Readonly<Record<Contestant, number>>;

/**
 * What a whole callback costs, injected without sockets: what the kernel does
 * for a socket costs more than what is to be compared.
 */
export async function benchCallback(plan: Plan): Promise<Row[]> {
  const rows: Row[] = [];
  for (const server of HTTP_SERVERS) {
    rows.push(...compareCosts(server, await measure(server, plan)));
  }
  return rows;
}

function compareCosts(server: HttpServer, rounds: readonly Costs[]): Row[] {
  const row = (
    beside: string,
    floor: (costs: Costs) => number,
    ours: (costs: Costs) => number = (costs) => costs.ours,
  ): Row => {
    const ratios = rounds.map((costs) => ours(costs) / floor(costs));
    return {
      what: `whole callback, ${server}, ${beside}`,
      unit: 'µs of CPU',
      floor: median(rounds.map(floor)),
      ours: median(rounds.map(ours)),
      ratio: median(ratios),
      spread: spreadOf(ratios),
    };
  };
  return [
    { ...row('beside one by hand', ({ byHand }) => byHand), aimAtMost: 1 },
    row(
      'beside one by hand, both less the bare route',
      ({ byHand, bare }) => byHand - bare,
      ({ ours, bare }) => ours - bare,
    ),
    row('beside the bare route', ({ bare }) => bare),
    row('beside @golevelup/nestjs-stripe', ({ stripe }) => stripe),
    row(
      'with a subscriber to every channel, beside none',
      ({ ours }) => ours,
      ({ watched }) => watched,
    ),
  ];
}

async function measure(
  server: HttpServer,
  { rounds, size }: Plan,
): Promise<Costs[]> {
  const children = {} as Record<Contestant, Child>;
  await Promise.all(
    CONTESTANTS.map(async (contestant) => {
      const settings: CallbackSettings = { contestant, server };
      children[contestant] = await Child.start('callback', settings);
    }),
  );
  const turnOf = async (contestant: Contestant, count: number) => {
    const task: CallbackTask = { count };
    return (await children[contestant].ask(task)).result as Turn;
  };
  for (const contestant of CONTESTANTS) {
    await turnOf(contestant, WARM_UP * size);
  }
  const turns = await takeTurns(
    CONTESTANTS,
    (contestant) => turnOf(contestant, 500 * size),
    { rounds: rounds * 10, warmUp: 1 },
  );
  for (const child of Object.values(children)) await child.stop();
  return turns.map(({ bare, byHand, ours, watched, stripe }) => ({
    bare: microseconds(bare),
    byHand: microseconds(byHand),
    ours: microseconds(ours),
    watched: microseconds(watched),
    stripe: microseconds(stripe),
  }));
}

function microseconds({ cpuSeconds, operations }: Turn): number {
  return (cpuSeconds * 1e6) / operations;
}
