import { WrongUsage, type RunCommand } from '../cli/command.js';
import { readOptions, USAGE, type CliOptions } from './cli-options.js';
import { isLoopbackHost } from './http/loopback.js';
import { PlutuSandbox } from './plutu-sandbox.js';
import { describeEvent } from './sandbox-event.js';

/** `nestjs-plutu sandbox`: serves until the process gets SIGINT or SIGTERM. */
export const run: RunCommand = async (args) => {
  const options = readOptions(args);
  if (options) await serve(options);
  else process.stdout.write(USAGE);
};

async function serve({ sandbox: options, isQuiet, isJson }: CliOptions) {
  const print = (line: string, value: object) =>
    process.stdout.write(`${isJson ? JSON.stringify(value) : line}\n`);
  const sandbox = await PlutuSandbox.start({
    ...options,
    onEvent: (event) => {
      if (!isQuiet) print(describeEvent(event), event);
    },
  }).catch((error: unknown) => {
    throw error instanceof RangeError ? new WrongUsage(error.message) : error;
  });
  // The process ends by itself once nothing is open.
  const close = () => void sandbox.close();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  const { baseUrl, origin } = sandbox;
  const host = options.host ?? '127.0.0.1';
  if (!isLoopbackHost(host)) {
    process.stderr.write(
      `nestjs-plutu sandbox: listening on ${host}: whoever can reach this machine can use this sandbox. What your server answers to callbacks is not shown.\n`,
    );
  }
  print(`Plutu sandbox listening on ${baseUrl}\nDashboard: ${origin}/`, {
    at: new Date().toISOString(),
    type: 'listening',
    baseUrl,
    origin,
  });
}
