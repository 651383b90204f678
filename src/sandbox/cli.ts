#!/usr/bin/env node
import { parseArgs } from 'node:util';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  PlutuSandbox,
  type PlutuSandboxOptions,
} from './plutu-sandbox.js';

const USAGE = `Usage: nestjs-plutu-sandbox [options]

A local Plutu for development and tests. No money moves.

  --port <number>        port to listen on, 0 for any free one (default: 4010)
  --host <address>       address to listen on (default: 127.0.0.1)
  --api-key <text>       (default: ${DEFAULT_SANDBOX_CREDENTIALS.apiKey})
  --access-token <text>  (default: ${DEFAULT_SANDBOX_CREDENTIALS.accessToken})
  --secret-key <text>    (default: ${DEFAULT_SANDBOX_CREDENTIALS.secretKey})
  --merchant <name>      the shop's name on the checkout page
  -h, --help             show this and exit
`;

const FAILED = 1;
const WRONG_USAGE = 2;

/** @returns what to start, or `undefined` where help was asked for. */
function readOptions(): PlutuSandboxOptions | undefined {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4010' },
      host: { type: 'string' },
      'api-key': { type: 'string' },
      'access-token': { type: 'string' },
      'secret-key': { type: 'string' },
      merchant: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  for (const [name, value] of Object.entries(values)) {
    // A shell's unset variable; the default in its place would hide it.
    if (value === '') throw new Error(`Option '--${name}' is empty`);
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535) {
    throw new Error(`Option '--port' is no port number: ${values.port}`);
  }
  return {
    port,
    host: values.host,
    apiKey: values['api-key'],
    accessToken: values['access-token'],
    secretKey: values['secret-key'],
    merchantName: values.merchant,
  };
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function serve(options: PlutuSandboxOptions): Promise<void> {
  const sandbox = await PlutuSandbox.start({ ...options, log });
  // The process ends by itself once nothing is open.
  const close = () => void sandbox.close();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  log(`Plutu sandbox listening on ${sandbox.baseUrl}`);
}

function fail(error: unknown, exitCode: number): void {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine] = message.split('\n', 1);
  const hint = exitCode === WRONG_USAGE ? ' (see --help)' : '';
  process.stderr.write(`nestjs-plutu-sandbox: ${firstLine}${hint}\n`);
  process.exitCode = exitCode;
}

try {
  const options = readOptions();
  if (options)
    await serve(options).catch((error: unknown) => fail(error, FAILED));
  else process.stdout.write(USAGE);
} catch (error) {
  fail(error, WRONG_USAGE);
}
