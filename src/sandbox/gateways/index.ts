import type { HostedGateway } from './hosted-gateway.js';
import { LOCAL_BANK_CARDS } from './local-bank-cards.js';
import { MPGS } from './mpgs.js';
import { TLYNC } from './tlync.js';

/** Every gateway with a page of its own that the sandbox speaks. */
export const HOSTED_GATEWAYS = [MPGS, LOCAL_BANK_CARDS, TLYNC] as const;

/** A gateway, by the name that it has at the wire. */
export type SandboxGatewayName = (typeof HOSTED_GATEWAYS)[number]['name'];

export const GATEWAY_NAMES: readonly SandboxGatewayName[] = HOSTED_GATEWAYS.map(
  ({ name }) => name,
);

/** @throws {RangeError} for a name that no gateway has. */
export function gatewayNamed(name: string): HostedGateway<SandboxGatewayName> {
  const gateway = HOSTED_GATEWAYS.find((one) => one.name === name);
  if (gateway) return gateway;
  throw new RangeError(
    `There is no gateway ${name}; there are ${GATEWAY_NAMES.join(', ')}.`,
  );
}
