/** What a process of the benchmark answers to each task. */
export interface Answer {
  readonly result: unknown;
  /** How long the task took. */
  readonly seconds: number;
  /** How long this process has been computing since the last answer. */
  readonly cpuSeconds: number;
}

/**
 * Says that the process is ready, and does one task after the other until the
 * process that started it is gone.
 *
 * @param ready what to say.
 */
export function serve(
  ready: unknown,
  run: (task: never) => unknown = () => undefined,
): void {
  let cpu = process.cpuUsage();
  process.on('message', (task) => void handle(task as never));
  process.on('disconnect', () => process.exit());
  send({ result: ready, seconds: 0, cpuSeconds: 0 });

  async function handle(task: never): Promise<void> {
    const start = performance.now();
    const result = await run(task);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    send({ result, seconds, cpuSeconds: (user + system) / 1e6 });
  }
}

/** Does a piece of work so often, so many at a time. */
export async function runMany(
  count: number,
  inFlight: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, runner));
}

function send(answer: Answer): void {
  process.send?.(answer);
}
