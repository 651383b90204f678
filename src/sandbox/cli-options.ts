import { parseArgs } from 'node:util';
import { WrongUsage } from '../cli-command.js';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  type PlutuSandboxOptions,
} from './options.js';

export const USAGE = `Usage: nestjs-plutu sandbox [options]

A local Plutu for development and tests. No money moves.

  --port <number>           port to listen on, 0 for any free one (default: 4010)
  --host <address>          address to listen on (default: 127.0.0.1, this
                            machine only)
  --merchant <name>         the shop's name on the checkout page
  --state <file>            keep transactions and faults there over a restart
  --allow-remote-callbacks  call return URLs on other machines too

  --api-key <text>          (default: ${DEFAULT_SANDBOX_CREDENTIALS.apiKey})
  --access-token <text>     (default: ${DEFAULT_SANDBOX_CREDENTIALS.accessToken})
  --secret-key <text>       (default: ${DEFAULT_SANDBOX_CREDENTIALS.secretKey})
  --currency <code>         of the callbacks (default: USD)
  --min-amount <dollars>    refuse smaller amounts
  --max-amount <dollars>    refuse larger amounts
  --allowed-ip <address>    refuse other callers; may be repeated
  --disable-gateway         refuse everybody, as for an account without MPGS

  --quiet                   print nothing but errors and where it listens
  --json                    print one JSON object per line
  -h, --help                show this and exit

Exit codes: 0 ended as told, 1 failed, 2 wrong usage.
`;

export interface CliOptions {
  readonly sandbox: PlutuSandboxOptions;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

/**
 * Reads the command line.
 *
 * @returns `undefined` if help was asked for.
 * @throws {WrongUsage} or the error of `parseArgs`, for wrong usage.
 */
export function readOptions(args: string[]): CliOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '4010' },
      host: { type: 'string' },
      merchant: { type: 'string' },
      state: { type: 'string' },
      'allow-remote-callbacks': { type: 'boolean' },
      'api-key': { type: 'string' },
      'access-token': { type: 'string' },
      'secret-key': { type: 'string' },
      currency: { type: 'string' },
      'min-amount': { type: 'string' },
      'max-amount': { type: 'string' },
      'allowed-ip': { type: 'string', multiple: true },
      'disable-gateway': { type: 'boolean' },
      quiet: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  for (const [name, value] of Object.entries(values)) {
    // A shell's unset variable; the default in its place would hide it.
    if (value === '') throw new WrongUsage(`Option '--${name}' is empty`);
  }
  const port = readNumber('port', values.port);
  if (port === undefined || !/^\d+$/.test(values.port) || port > 65535) {
    throw new WrongUsage(`Option '--port' is no port number: ${values.port}`);
  }
  return {
    isQuiet: values.quiet,
    isJson: values.json,
    sandbox: {
      port,
      host: values.host,
      merchantName: values.merchant,
      stateFile: values.state,
      allowRemoteCallbacks: values['allow-remote-callbacks'],
      apiKey: values['api-key'],
      accessToken: values['access-token'],
      secretKey: values['secret-key'],
      currency: values.currency,
      minAmount: readNumber('min-amount', values['min-amount']),
      maxAmount: readNumber('max-amount', values['max-amount']),
      allowedIps: values['allowed-ip'],
      isGatewayEnabled: !values['disable-gateway'],
    },
  };
}

function readNumber(
  name: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text)) return value;
  throw new WrongUsage(`Option '--${name}' is no number: ${text}`);
}
