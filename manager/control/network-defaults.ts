/** Where the networks of a cluster get their subnets, and the port of VXLAN: set once, when it is founded. */
import { ClusterError, doCidrsOverlap, formatCidr, parseCidr } from '#lib';
import { NetworkDefaults } from '#proto';
import { invalid, requireCount, requireRange } from './invalid.ts';
import { limits } from './limits.ts';
import { requireSubnet } from './validate-network.ts';

const at = 'spec.networks';
const subnetLengthMax = 29;
/** More subnets of one pool than this cannot be told apart by their number of networks anyway. */
const poolBitsMax = 20;

function requirePool(text: string, subnetLength: number): void {
  const cidr = requireSubnet(`${at}.address_pools`, '--default-addr-pool', text);
  if (cidr.family !== 4)
    throw invalid(
      `${at}.address_pools`,
      `--default-addr-pool ${text} is IPv6: networks with IPv6 get a /64 of the cluster's own block`,
    );
  if (cidr.length > subnetLength)
    throw invalid(
      `${at}.subnet_length`,
      `--default-addr-pool-mask-length ${subnetLength} is shorter than the pool ${text}: use` +
        ` ${cidr.length} to ${subnetLengthMax}`,
    );
  if (subnetLength - cidr.length > poolBitsMax)
    throw invalid(
      `${at}.subnet_length`,
      `--default-addr-pool-mask-length ${subnetLength} cuts ${text} into too many pieces: use at` +
        ` most ${cidr.length + poolBitsMax}`,
    );
}

/** UDP: agents take packets of encrypted networks there. */
const portsOfTunnels: ReadonlySet<number> = new Set([24_789, 24_790, 24_791]);

/** INVALID_SPEC for the first fault; undefined = every default. */
export function checkedNetworkDefaults(
  given: NetworkDefaults | undefined,
): NetworkDefaults | undefined {
  if (given === undefined) return undefined;
  const length = given.subnetLength || 24;
  if (given.subnetLength !== 0)
    requireRange(
      `${at}.subnet_length`,
      '--default-addr-pool-mask-length',
      length,
      8,
      subnetLengthMax,
    );
  if (given.dataPathPort !== 0)
    requireRange(`${at}.data_path_port`, '--data-path-port', given.dataPathPort, 1024, 49_151);
  if (portsOfTunnels.has(given.dataPathPort))
    throw invalid(
      `${at}.data_path_port`,
      `--data-path-port ${given.dataPathPort} is one of encrypted networks: choose another`,
    );
  requireCount(`${at}.address_pools`, '--default-addr-pool', given.addressPools, limits.poolsMax);
  for (const [index, text] of given.addressPools.entries()) {
    requirePool(text, length);
    const cidr = parseCidr(text);
    for (const earlier of given.addressPools.slice(0, index)) {
      const other = parseCidr(earlier);
      if (cidr === undefined || other === undefined || !doCidrsOverlap(cidr, other)) continue;
      throw invalid(
        `${at}.address_pools`,
        `two --default-addr-pool overlap: ${formatCidr(other)} and ${formatCidr(cidr)}`,
      );
    }
  }
  if (given.addressPoolV6 !== '') {
    const cidr = requireSubnet(`${at}.address_pool_v6`, 'the IPv6 pool', given.addressPoolV6);
    if (cidr.family !== 6 || cidr.length > 64)
      throw invalid(`${at}.address_pool_v6`, `the IPv6 pool ${given.addressPoolV6} has no /64`);
  }
  return given;
}

/** FAILED_PRECONDITION when an update would change what is fixed. */
export function requireSameDefaults(
  present: NetworkDefaults | undefined,
  next: NetworkDefaults | undefined,
): void {
  const bytes = (one: NetworkDefaults | undefined): Uint8Array =>
    NetworkDefaults.encode(one ?? NetworkDefaults.create());
  if (Buffer.compare(bytes(present), bytes(next)) === 0) return;
  throw new ClusterError(
    'FAILED_PRECONDITION',
    "the address pools and the data path port are fixed when a cluster is founded: see 'tsctl init --help'",
    { details: { field: at } },
  );
}
