import { isIP } from 'node:net';

/**
 * A request, with its caller's address if it names none. What a proxy passes on
 * as an address may be something else: better no `customer_ip` than a refusal for
 * which the customer can do nothing.
 */
export function withCustomerIp(request: unknown, callerIp = ''): unknown {
  if (typeof request !== 'object' || request === null) return request;
  // As an IPv4 caller looks to a socket that also takes IPv6.
  const address = callerIp.replace(/^::ffff:(?=[\d.]+$)/i, '');
  const given: unknown = Reflect.get(request, 'customerIp');
  const customerIp = given ?? (isIP(address) ? address : undefined);
  return Object.assign({}, request, { customerIp });
}
