import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer } from './processes/serve.js';
import type { Turn } from './rounds.js';

/** A process of the benchmark's own, which does what it is asked, in turn. */
export class Child {
  private constructor(
    private readonly child: ChildProcess,
    /** What it said when it was ready. */
    readonly ready: unknown,
  ) {}

  /** @param file in `processes`, without its ending. */
  static async start(
    file: string,
    settings: object = {},
    execArgv: readonly string[] = [],
  ): Promise<Child> {
    const path = new URL(`./processes/${file}.js`, import.meta.url);
    const child = fork(fileURLToPath(path), [JSON.stringify(settings)], {
      execArgv: [...process.execArgv, ...execArgv],
    });
    return new Child(child, (await nextAnswer(child)).result);
  }

  /** @param task what the process takes for one; nothing is only looking. */
  async ask(task: object): Promise<Answer> {
    const answer = nextAnswer(this.child);
    this.child.send(task);
    return answer;
  }

  /** One turn of a process that does the measured work itself. */
  async turn(task: { readonly count: number }): Promise<Turn> {
    const { seconds, cpuSeconds } = await this.ask(task);
    return { operations: task.count, seconds, cpuSeconds };
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}

function nextAnswer(child: ChildProcess): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`A process of the benchmark ended with ${code}.`));
    child.once('exit', onExit);
    child.once('message', (message: Answer) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
