import { Child } from './child.js';
import type { AppSettings } from './processes/app.js';
import { HTTP_SERVERS } from './processes/http-adapter.js';
import type { LoadTask } from './processes/load.js';
import type { Plan } from './plan.js';
import type { Row } from './report.js';
import { compare, type Turn } from './rounds.js';

const CONNECTIONS = 20;

/** Requests. An application is not at its speed before it has answered many. */
const WARM_UP = 12_000;

/** Callbacks over HTTP: the application, the load and this are three processes. */
export async function benchHttp({ rounds, size }: Plan): Promise<Row[]> {
  const load = await Child.start('load');
  const rows: Row[] = [];
  for (const server of HTTP_SERVERS) {
    const count = (server === 'fastify' ? 3000 : 2000) * size;
    const [floor, ours] = await Promise.all([
      App.start(load, { side: 'floor', server }),
      App.start(load, { side: 'ours', server }),
    ]);
    for (const app of [floor, ours]) {
      await app.turn('first arrivals', WARM_UP * size);
    }
    for (const arrival of ['first arrivals', 'duplicates'] as const) {
      rows.push({
        what: `GET callback, ${server}, ${arrival}`,
        unit: 'requests/s',
        aim: 0.9,
        ...(await compare(
          {
            floor: () => floor.turn(arrival, count),
            ours: () => ours.turn(arrival, count),
          },
          { rounds },
        )),
      });
    }
    await floor.stop();
    await ours.stop();
  }
  await load.stop();
  return rows;
}

class App {
  private sent = 0;

  private constructor(
    private readonly load: Child,
    private readonly app: Child,
  ) {}

  static async start(load: Child, settings: AppSettings): Promise<App> {
    return new App(load, await Child.start('app', settings));
  }

  async turn(
    arrival: 'first arrivals' | 'duplicates',
    count: number,
  ): Promise<Turn> {
    const { url } = this.app.ready as { url: string };
    // What the first turn of all sent is known by now.
    const from = arrival === 'duplicates' ? 0 : this.sent;
    const task: LoadTask = { url, from, count, connections: CONNECTIONS };
    await this.app.ask({});
    const { result: seconds } = await this.load.ask(task);
    const { cpuSeconds } = await this.app.ask({});
    this.sent += count;
    return { operations: count, seconds: Number(seconds), cpuSeconds };
  }

  stop(): Promise<void> {
    return this.app.stop();
  }
}
