import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { ApiError } from './api-error.js';

/** What one request may charge, in its gateway's currency, both ends included. */
export interface AmountLimits {
  readonly minAmount?: number | undefined;
  readonly maxAmount?: number | undefined;
}

/** What Plutu knows of a merchant. */
export interface Account extends AmountLimits {
  readonly apiKey: string;
  readonly accessToken: string;
  readonly secretKey: string;
  /** In which international cards are paid. */
  readonly currency: string;
  /** `undefined`: calls from anywhere. */
  readonly allowedIps?: readonly string[] | undefined;
  /** The names of the gateways that it has. */
  readonly gateways: readonly string[];
}

/**
 * Checks that the merchant's server may use a gateway.
 *
 * @throws {ApiError} 401 `Unauthorized` or `UNAUTHORIZED`, 403
 *   `FORBIDDEN_IP_ADDRESS` or `DENIED_ACCESS_GATEWAY`.
 */
export function admit(
  { headers, socket }: IncomingMessage,
  account: Account,
  gateway: { readonly name: string; readonly title: string },
): void {
  if (headers.authorization === undefined) {
    // Plutu's own words.
    throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  }
  if (headers.authorization !== `Bearer ${account.accessToken}`) {
    throw new ApiError(
      401,
      'UNAUTHORIZED',
      'The access token is wrong (header Authorization: Bearer).',
    );
  }
  if (headers['x-api-key'] !== account.apiKey) {
    throw new ApiError(
      401,
      'UNAUTHORIZED',
      'The API key is missing or wrong (header X-API-KEY).',
    );
  }
  const caller = socket.remoteAddress ?? '';
  if (account.allowedIps && !includesIp(account.allowedIps, caller)) {
    throw new ApiError(
      403,
      'FORBIDDEN_IP_ADDRESS',
      `The IP address ${caller} is not on the account's whitelist.`,
    );
  }
  if (!account.gateways.includes(gateway.name)) {
    throw new ApiError(
      403,
      'DENIED_ACCESS_GATEWAY',
      `The gateway ${gateway.title} is not enabled for this account.`,
    );
  }
}

/** Compares addresses and not their spellings: `::ffff:127.0.0.1` is IPv4. */
function includesIp(allowed: readonly string[], caller: string): boolean {
  const list = new BlockList();
  for (const address of allowed) list.addAddress(address, familyOf(address));
  return list.check(caller, familyOf(caller));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
