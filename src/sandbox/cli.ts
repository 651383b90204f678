#!/usr/bin/env node
import { readOptions, USAGE, type CliOptions } from './cli-options.js';
import { isLoopbackHost } from './http/loopback.js';
import { PlutuSandbox } from './plutu-sandbox.js';
import { describeEvent } from './sandbox-event.js';

const FAILED = 1;
const WRONG_USAGE = 2;

async function serve({ sandbox: options, isQuiet, isJson }: CliOptions) {
  const print = (line: string, value: object) =>
    process.stdout.write(`${isJson ? JSON.stringify(value) : line}\n`);
  const sandbox = await PlutuSandbox.start({
    ...options,
    onEvent: (event) => {
      if (!isQuiet) print(describeEvent(event), event);
    },
  });
  // The process ends by itself once nothing is open.
  const close = () => void sandbox.close();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  const { baseUrl, origin } = sandbox;
  const host = options.host ?? '127.0.0.1';
  if (!isLoopbackHost(host)) {
    process.stderr.write(
      `nestjs-plutu-sandbox: listening on ${host}: whoever can reach this machine can use this sandbox.\n`,
    );
  }
  print(`Plutu sandbox listening on ${baseUrl}\nDashboard: ${origin}/`, {
    at: new Date().toISOString(),
    type: 'listening',
    baseUrl,
    origin,
  });
}

function fail(error: unknown, exitCode: number): void {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine] = message.split('\n', 1);
  const hint = exitCode === WRONG_USAGE ? ' (see --help)' : '';
  process.stderr.write(`nestjs-plutu-sandbox: ${firstLine}${hint}\n`);
  process.exitCode = exitCode;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) {
    await serve(options).catch((error: unknown) =>
      fail(error, error instanceof RangeError ? WRONG_USAGE : FAILED),
    );
  } else {
    process.stdout.write(USAGE);
  }
} catch (error) {
  fail(error, WRONG_USAGE);
}
