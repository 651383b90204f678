#!/usr/bin/env node
import { WrongUsage, type RunCommand } from './command.js';

const NAME = 'nestjs-plutu';
const FAILED = 1;
const WRONG_USAGE = 2;

interface Command {
  readonly summary: string;
  /** Loaded on demand: one command's dependencies are not needed by another. */
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  [
    'sandbox',
    {
      summary: 'start a local Plutu for development and tests',
      load: () => import('../sandbox/cli.js'),
    },
  ],
  [
    'sql',
    {
      summary: 'print the tables of the journal, as SQL',
      load: () => import('../sql/cli.js'),
    },
  ],
]);

const USAGE = `Usage: ${NAME} <command> [options]

Commands:
${Array.from(COMMANDS, ([name, { summary }]) => `  ${name.padEnd(10)}${summary}\n`).join('')}
"${NAME} <command> --help" shows the options of a command.
`;

async function main([name, ...args]: string[]): Promise<void> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(USAGE);
    return;
  }
  const command = COMMANDS.get(name ?? '');
  if (!name || !command) {
    const problem = name
      ? `unknown command ${JSON.stringify(name)}`
      : 'no command given';
    process.stderr.write(`${NAME}: ${problem}\n\n${USAGE}`);
    process.exitCode = WRONG_USAGE;
    return;
  }
  try {
    const { run } = await command.load();
    await run(args);
  } catch (error) {
    const isWrongUsage = error instanceof WrongUsage || isOfParseArgs(error);
    const message = error instanceof Error ? error.message : String(error);
    const [firstLine] = message.split('\n', 1);
    const hint = isWrongUsage ? ' (see --help)' : '';
    process.stderr.write(`${NAME} ${name}: ${firstLine}${hint}\n`);
    process.exitCode = isWrongUsage ? WRONG_USAGE : FAILED;
  }
}

/** Whether Node's `parseArgs` threw it, with which commands read their options. */
function isOfParseArgs(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS_')
  );
}

await main(process.argv.slice(2));
