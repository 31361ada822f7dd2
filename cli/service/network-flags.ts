/** Where the networks of a new cluster get their subnets, and the port of VXLAN: flags of `init`. */
import { NetworkDefaults } from '#proto';
import type { ClusterSpec } from '#proto';
import type { Command } from 'commander';
import { collect } from '../flags.ts';
import { parseInteger } from '../parse/integer.ts';

export interface NetworkFlags {
  readonly defaultAddrPool?: readonly string[];
  readonly defaultAddrPoolMaskLength?: string;
  readonly dataPathPort?: string;
}

export function addNetworkFlags(command: Command): void {
  command
    .option(
      '--default-addr-pool <cidr>',
      'block that networks get their subnets of; fixed (repeatable, default 10.0.0.0/8)',
      collect,
    )
    .option('--default-addr-pool-mask-length <n>', 'prefix of those subnets; fixed (default 24)')
    .option('--data-path-port <port>', 'UDP port of overlay packets; fixed (default 4789)');
}

export function hasNetworkFlags(flags: NetworkFlags): boolean {
  const { defaultAddrPool, defaultAddrPoolMaskLength, dataPathPort } = flags;
  return [defaultAddrPool, defaultAddrPoolMaskLength, dataPathPort].some(
    (flag) => flag !== undefined,
  );
}

/** `spec` with what the flags say; a usage error names flag and value. */
export function withNetworkFlags(spec: ClusterSpec, flags: NetworkFlags): ClusterSpec {
  if (!hasNetworkFlags(flags)) return spec;
  const { defaultAddrPool, defaultAddrPoolMaskLength, dataPathPort } = flags;
  const number = (flag: string, text: string | undefined, max: number): number =>
    text === undefined ? 0 : parseInteger(flag, text, 0, max);
  const networks = NetworkDefaults.create({
    addressPools: defaultAddrPool ?? [],
    subnetLength: number('--default-addr-pool-mask-length', defaultAddrPoolMaskLength, 32),
    dataPathPort: number('--data-path-port', dataPathPort, 65_535),
  });
  return { ...spec, networks };
}
