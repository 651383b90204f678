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
