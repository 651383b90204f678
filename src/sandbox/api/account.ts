import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { ApiError } from './api-error.js';

/** What one request may charge, in US dollars, both ends included. */
export interface AmountLimits {
  readonly minAmount?: number | undefined;
  readonly maxAmount?: number | undefined;
}

/** What Plutu knows of a merchant. */
export interface Account extends AmountLimits {
  readonly apiKey: string;
  readonly accessToken: string;
  readonly secretKey: string;
  readonly currency: string;
  /** `undefined`: calls from anywhere. */
  readonly allowedIps?: readonly string[] | undefined;
  readonly isGatewayEnabled: boolean;
}

/**
 * Checks that the merchant's server may use the MPGS gateway.
 *
 * @throws {ApiError} 401 `UNAUTHORIZED` or `AUTH_ERROR`, 403
 *   `FORBIDDEN_IP_ADDRESS` or `DENIED_ACCESS_GATEWAY`.
 */
export function admit(
  { headers, socket }: IncomingMessage,
  account: Account,
): void {
  if (headers.authorization !== `Bearer ${account.accessToken}`) {
    throw new ApiError(
      401,
      'UNAUTHORIZED',
      'The access token is missing or wrong (header Authorization: Bearer).',
    );
  }
  if (headers['x-api-key'] !== account.apiKey) {
    throw new ApiError(
      401,
      'AUTH_ERROR',
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
  if (!account.isGatewayEnabled) {
    throw new ApiError(
      403,
      'DENIED_ACCESS_GATEWAY',
      'The MPGS gateway is not enabled for this account.',
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
