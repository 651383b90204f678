import { parseArgs } from 'node:util';
import { WrongUsage } from '../cli/command.js';
import { ARRIVALS } from './faults/sandbox-faults.js';
import { GATEWAY_NAMES } from './gateways/index.js';
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
  --state <file>            keep payments and faults there over a restart
  --allow-remote-callbacks  call shops on other machines too
  --arrivals <order>        how a payment reaches the shop: server-first (default),
                            browser-first, server-only or browser-only
  --refuse-unknown-fields   refuse a request with a field that Plutu does not
                            know; otherwise the dashboard names it

  --api-key <text>          (default: ${DEFAULT_SANDBOX_CREDENTIALS.apiKey})
  --access-token <text>     (default: ${DEFAULT_SANDBOX_CREDENTIALS.accessToken})
  --secret-key <text>       (default: ${DEFAULT_SANDBOX_CREDENTIALS.secretKey})
  --currency <code>         of MPGS (default: USD); the others are in LYD
  --min-amount <amount>     refuse smaller amounts
  --max-amount <amount>     refuse larger amounts
  --allowed-ip <address>    refuse other callers; may be repeated
  --gateway <name>          of the account (default: all); may be repeated:
                            ${GATEWAY_NAMES.join(', ')}

  --quiet                   print nothing but errors and where it listens
  --json                    print one JSON object per line
  -h, --help                show this and exit

Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage.
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
      gateway: { type: 'string', multiple: true },
      arrivals: { type: 'string' },
      'refuse-unknown-fields': { type: 'boolean' },
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
    throw new WrongUsage(
      `Option '--port' must be a port number: ${values.port}`,
    );
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
      gateways: values.gateway?.map((name) =>
        readOneOf('gateway', GATEWAY_NAMES, name),
      ),
      arrivals:
        values.arrivals === undefined
          ? undefined
          : readOneOf('arrivals', ARRIVALS, values.arrivals),
      refuseUnknownFields: values['refuse-unknown-fields'],
    },
  };
}

function readOneOf<T extends string>(
  name: string,
  known: readonly T[],
  text: string,
): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new WrongUsage(
    `Option '--${name}' must be one of ${known.join(', ')}: ${text}`,
  );
}

function readNumber(
  name: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text)) return value;
  throw new WrongUsage(`Option '--${name}' must be a number: ${text}`);
}
