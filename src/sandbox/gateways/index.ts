import { ADFALI } from './adfali.js';
import type { HostedGateway } from './hosted-gateway.js';
import { LOCAL_BANK_CARDS } from './local-bank-cards.js';
import { MPGS } from './mpgs.js';
import { SADAD } from './sadad.js';
import { TLYNC } from './tlync.js';

/** Every gateway with a page of its own that the sandbox speaks. */
export const HOSTED_GATEWAYS = [MPGS, LOCAL_BANK_CARDS, TLYNC] as const;

/** Every gateway with one-time passwords that the sandbox speaks. */
export const OTP_GATEWAYS = [SADAD, ADFALI] as const;

/** A gateway with a page, by its name on the wire. */
export type SandboxHostedGatewayName = (typeof HOSTED_GATEWAYS)[number]['name'];

/** A gateway with one-time passwords, by its name on the wire. */
export type SandboxOtpGatewayName = (typeof OTP_GATEWAYS)[number]['name'];

/** A gateway, by its name on the wire. */
export type SandboxGatewayName =
  SandboxHostedGatewayName | SandboxOtpGatewayName;

export const GATEWAY_NAMES: readonly SandboxGatewayName[] = [
  ...HOSTED_GATEWAYS,
  ...OTP_GATEWAYS,
].map(({ name }) => name);

/** @throws {RangeError} for a name that no gateway with a page has. */
export function hostedGatewayNamed(
  name: string,
): HostedGateway<SandboxHostedGatewayName> {
  const gateway = HOSTED_GATEWAYS.find((one) => one.name === name);
  if (gateway) return gateway;
  throw noGateway(
    name,
    HOSTED_GATEWAYS.map((one) => one.name),
  );
}

/** For people. */
export function titleOf(gateway: string): string {
  const all = [...HOSTED_GATEWAYS, ...OTP_GATEWAYS];
  return all.find(({ name }) => name === gateway)?.title ?? gateway;
}

/** Says which gateways there are instead. */
export function noGateway(name: string, known: readonly string[]): RangeError {
  return new RangeError(
    `There is no gateway ${name} here; there are ${known.join(', ')}.`,
  );
}
