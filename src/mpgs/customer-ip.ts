import { isIP } from 'node:net';
import type { MpgsConfirmDto } from './mpgs-confirm.dto.js';

/**
 * The request, with its caller's address where it names none. What a proxy
 * passes on for an address may be none: better no `customer_ip` than a refusal
 * for which the customer can do nothing.
 */
export function withCustomerIp(
  request: MpgsConfirmDto,
  callerIp = '',
): MpgsConfirmDto {
  // As an IPv4 caller looks to a socket that also takes IPv6.
  const address = callerIp.replace(/^::ffff:(?=[\d.]+$)/i, '');
  const customerIp =
    request?.customerIp ?? (isIP(address) ? address : undefined);
  return Object.assign({}, request, { customerIp });
}
