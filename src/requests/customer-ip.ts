import { isIP } from 'node:net';
import { applyDecorators } from '@nestjs/common';
import { IsIP, IsOptional } from 'class-validator';

/** Validates that a property is a customer's address, if it is given. */
export function IsCustomerIp(): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    IsIP(undefined, { message: '$property must be an IPv4 or IPv6 address' }),
  );
}

/**
 * Adds the caller's address to a request that has none. What a proxy passes on may
 * not be an address: no `customer_ip` is better than a refusal that the customer
 * cannot do anything about.
 */
export function withCustomerIp(request: unknown, callerIp = ''): unknown {
  if (typeof request !== 'object' || request === null) return request;
  // On a socket that also takes IPv6, an IPv4 caller looks like this.
  const address = callerIp.replace(/^::ffff:(?=[\d.]+$)/i, '');
  const given: unknown = Reflect.get(request, 'customerIp');
  const customerIp = given ?? (isIP(address) ? address : undefined);
  return Object.assign({}, request, { customerIp });
}
