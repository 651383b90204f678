import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether a host is this machine: a loopback address, or a name that is
 * reserved for one (RFC 6761). Other names are not looked up.
 *
 * @param hostname without a port, and without the brackets of IPv6.
 */
export function isLoopbackHost(hostname: string): boolean {
  const version = isIP(hostname);
  return version === 0
    ? /^(.+\.)?localhost$/i.test(hostname)
    : LOOPBACK.check(hostname, version === 4 ? 'ipv4' : 'ipv6');
}
