import { isIP } from 'node:net';
import {
  SANDBOX_ACCESS_TOKEN,
  SANDBOX_API_KEY,
  SANDBOX_SECRET_KEY,
} from '../protocol/sandbox-keys.js';
import type { Account } from './api/account.js';
import { ARRIVALS, type SandboxArrivals } from './faults/sandbox-faults.js';
import {
  GATEWAY_NAMES,
  noGateway,
  type SandboxGatewayName,
} from './gateways/index.js';
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

/** The default credentials of a sandbox. Not secret. */
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
  port?: number | undefined;
  /**
   * The address to listen on. Default `127.0.0.1`: this machine only. On any
   * other, a delivery has the status of the merchant's answer and no more.
   */
  host?: string | undefined;
  /** The shop's name on the checkout page. Default `Sandbox shop`. */
  merchantName?: string | undefined;
  /** In which the account is paid by international cards (MPGS). Default `USD`. */
  currency?: string | undefined;
  /** The smallest amount, in the gateway's currency. Default: any above 0. */
  minAmount?: number | undefined;
  /** The largest amount, in the gateway's currency. Default: no limit. */
  maxAmount?: number | undefined;
  /** The IP addresses that may confirm, as on Plutu's whitelist. Default: all. */
  allowedIps?: readonly string[] | undefined;
  /** The gateways that the account has, such as `tlync`. Default: all. */
  gateways?: readonly SandboxGatewayName[] | undefined;
  /**
   * Whether a request with a field that Plutu does not know is refused. Default
   * false: official clients send some. The dashboard names them.
   */
  refuseUnknownFields?: boolean | undefined;
  /**
   * How a shop is told about a finished checkout, unless a fault changes it.
   * Default `server-first`.
   */
  arrivals?: SandboxArrivals | undefined;
  /**
   * Whether callbacks may go to other machines. Default false: only to loopback
   * addresses and `localhost`; any other is recorded as a failed delivery.
   */
  allowRemoteCallbacks?: boolean | undefined;
  /** How long the slow test card takes, in milliseconds. Default 5000. */
  slowCardMs?: number | undefined;
  /**
   * How long a one-time password is good, in milliseconds. Default 300 000, five
   * minutes; Plutu does not say how long it is.
   */
  otpLifetimeMs?: number | undefined;
  /** A file to keep everything in over a restart. Default: none. */
  stateFile?: string | undefined;
  /**
   * Gets every checkout, one-time password, payment by one, refusal and callback,
   * in one line each; no mobile number and no code is in it.
   */
  log?: ((line: string) => void) | undefined;
  /** Like `log`, for programs. */
  onEvent?: ((event: SandboxEvent) => void) | undefined;
}

/**
 * @throws {RangeError} for an invalid option.
 */
export function readAccount(options: PlutuSandboxOptions): Account {
  const { minAmount, maxAmount, allowedIps, gateways, arrivals } = options;
  for (const [name, value] of Object.entries({ minAmount, maxAmount })) {
    if (value !== undefined && !(value >= 0)) {
      throw new RangeError(`${name} must be an amount, such as 5.`);
    }
  }
  const wrong = allowedIps?.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new RangeError(`allowedIps: ${wrong} is not an IP address.`);
  }
  const unknown = gateways?.find((name) => !GATEWAY_NAMES.includes(name));
  if (unknown !== undefined) throw noGateway(unknown, GATEWAY_NAMES);
  if (arrivals !== undefined && !ARRIVALS.includes(arrivals)) {
    throw new RangeError(`arrivals must be one of ${ARRIVALS.join(', ')}.`);
  }
  return {
    apiKey: options.apiKey ?? DEFAULT_SANDBOX_CREDENTIALS.apiKey,
    accessToken: options.accessToken ?? DEFAULT_SANDBOX_CREDENTIALS.accessToken,
    secretKey: options.secretKey ?? DEFAULT_SANDBOX_CREDENTIALS.secretKey,
    currency: options.currency ?? 'USD',
    gateways: gateways ?? GATEWAY_NAMES,
    minAmount,
    maxAmount,
    allowedIps,
  };
}
