import { isIP } from 'node:net';
import {
  SANDBOX_ACCESS_TOKEN,
  SANDBOX_API_KEY,
  SANDBOX_SECRET_KEY,
} from '../credentials/sandbox-keys.js';
import type { Account } from './api/account.js';
import type { SandboxEvent } from './sandbox-event.js';

/** What a merchant is given by Plutu; here, test values. */
export interface SandboxCredentials {
  /** Compared with `X-API-KEY`. */
  readonly apiKey: string;
  /** Compared with the bearer token. */
  readonly accessToken: string;
  /** Signs the callbacks. */
  readonly secretKey: string;
}

/** The credentials of a sandbox that is given none. Not secret. */
export const DEFAULT_SANDBOX_CREDENTIALS: SandboxCredentials = {
  apiKey: SANDBOX_API_KEY,
  accessToken: SANDBOX_ACCESS_TOKEN,
  secretKey: SANDBOX_SECRET_KEY,
};

/** How {@link PlutuSandbox.start} starts one. */
export interface PlutuSandboxOptions {
  /** Default `sandbox_api_key`. */
  apiKey?: string | undefined;
  /** Default `sandbox_access_token`. */
  accessToken?: string | undefined;
  /** Default `sandbox_secret_key`. */
  secretKey?: string | undefined;
  /** Default 0: any free port. */
  port?: number;
  /**
   * The address to listen on. Default `127.0.0.1`: this machine only. On any
   * other, a delivery has the status of the merchant's answer and no more.
   */
  host?: string;
  port?: number | undefined;
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  host?: string | undefined;
  /** The shop's name on the checkout page. Default `Sandbox shop`. */
  merchantName?: string | undefined;
  /** The `currency` of the callbacks. Default `USD`. */
  currency?: string | undefined;
  /** The smallest amount that is taken, in US dollars. Default: any above 0. */
  minAmount?: number | undefined;
  /** The largest amount that is taken, in US dollars. Default: none. */
  maxAmount?: number | undefined;
  /** The IP addresses that may confirm, as on Plutu's whitelist. Default: all. */
  allowedIps?: readonly string[] | undefined;
  /** Whether the account has the MPGS gateway. Default true. */
  isGatewayEnabled?: boolean | undefined;
  /**
   * Whether callbacks may go to other machines. Default false: only to loopback
   * addresses and `localhost`; any other is recorded as a failed delivery.
   */
  allowRemoteCallbacks?: boolean | undefined;
  /** How long the slow test card takes, in milliseconds. Default 5000. */
  slowCardMs?: number | undefined;
  /** A file to keep everything in over a restart. Default: none. */
  stateFile?: string | undefined;
  /** Is told, in one line each, of every checkout, refusal and callback. */
  log?: ((line: string) => void) | undefined;
  /** Like `log`, for programs. */
  onEvent?: ((event: SandboxEvent) => void) | undefined;
}

/**
 * @throws {RangeError} for an option that cannot work.
 */
export function readAccount(options: PlutuSandboxOptions): Account {
  const { minAmount, maxAmount, allowedIps } = options;
  for (const [name, value] of Object.entries({ minAmount, maxAmount })) {
    if (value !== undefined && !(value >= 0)) {
      throw new RangeError(`${name} must be a number of US dollars.`);
    }
  }
  const wrong = allowedIps?.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new RangeError(`allowedIps: ${wrong} is not an IP address.`);
  }
  return {
    apiKey: options.apiKey ?? DEFAULT_SANDBOX_CREDENTIALS.apiKey,
    accessToken: options.accessToken ?? DEFAULT_SANDBOX_CREDENTIALS.accessToken,
    secretKey: options.secretKey ?? DEFAULT_SANDBOX_CREDENTIALS.secretKey,
    currency: options.currency ?? 'USD',
    isGatewayEnabled: options.isGatewayEnabled ?? true,
    minAmount,
    maxAmount,
    allowedIps,
  };
}
