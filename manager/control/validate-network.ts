/** What a network may ask for, looked at by itself: what others have is network-conflicts.ts's. */
import {
  cidrAt,
  cidrEnd,
  cidrHas,
  doCidrsOverlap,
  formatCidr,
  formatIpAddress,
  parseCidr,
  parseIpAddress,
} from '#lib';
import type { Cidr } from '#lib';
import { NetworkDriver, NetworkDriverNames, NetworkSpec } from '#proto';
import type { SubnetConfig } from '#proto';
import { invalid, quoted, requireEnum, requireRange } from './invalid.ts';
import { validateLabels } from './validate-labels.ts';

const namePattern = /^[a-zA-Z0-9][\w.-]{0,62}$/;
/** The node's own networks, and the one that the cluster makes for published ports. */
const reservedNames: ReadonlySet<string> = new Set(['host', 'none', 'bridge', 'ingress']);
const mtuMin = 576;
/** Below this IPv6 does not work at all. */
const mtuMinV6 = 1280;
const mtuMax = 65_535;
/** Lengths of prefixes: the longest leaves room for a gateway, a node and a few tasks. */
const subnetLengths = { 4: { min: 8, max: 29 }, 6: { min: 32, max: 124 } } as const;

/** Blocks that no network may have: they mean something else to every host. */
const special = [
  ['0.0.0.0/8', 'this host'],
  ['127.0.0.0/8', 'the loopback'],
  ['169.254.0.0/16', 'link-local addresses'],
  ['224.0.0.0/3', 'multicast and reserved addresses'],
  ['fe80::/10', 'link-local addresses'],
  ['ff00::/8', 'multicast addresses'],
  ['::/32', 'special addresses'],
].flatMap(([text = '', what = '']) => {
  const cidr = parseCidr(text);
  return cidr === undefined ? [] : [{ cidr, what }];
});

/** A CIDR as --subnet takes it; INVALID_SPEC says how to write it. */
export function requireSubnet(field: string, flag: string, text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    const [addressText = '', lengthText = ''] = text.split('/');
    const address = parseIpAddress(addressText);
    const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : -1;
    const isNear =
      address !== undefined && length >= 0 && length <= (address.family === 4 ? 32 : 128);
    const hint = isNear ? formatCidr(cidrAt(address, length)) : '10.1.0.0/24';
    throw invalid(field, `${flag} ${quoted(text)} is not a subnet: write it as ${hint}`);
  }
  const found = special.find((one) => doCidrsOverlap(one.cidr, cidr));
  if (found !== undefined)
    throw invalid(field, `${flag} ${text} is for ${found.what}: choose another`);
  return cidr;
}

function requireLength(field: string, flag: string, cidr: Cidr): void {
  const { min, max } = subnetLengths[cidr.family];
  if (cidr.length >= min && cidr.length <= max) return;
  throw invalid(
    field,
    `${flag} ${formatCidr(cidr)}: use a prefix of /${min} to /${max} for IPv${cidr.family}`,
  );
}

/** Whether something on the subnet may have this address. */
export function isUsable(cidr: Cidr, address: string): boolean {
  const parsed = parseIpAddress(address);
  if (parsed === undefined || !cidrHas(cidr, parsed) || parsed.value === cidr.base) return false;
  return cidr.family === 6 || parsed.value !== cidrEnd(cidr);
}

function normaliseSubnet(at: string, config: SubnetConfig): SubnetConfig {
  if (config.subnet === '')
    throw invalid(`${at}.subnet`, '--gateway and --ip-range need the --subnet that they are in');
  const cidr = requireSubnet(`${at}.subnet`, '--subnet', config.subnet);
  requireLength(`${at}.subnet`, '--subnet', cidr);
  const subnet = formatCidr(cidr);
  if (config.gateway !== '' && !isUsable(cidr, config.gateway))
    throw invalid(
      `${at}.gateway`,
      `--gateway ${quoted(config.gateway)} is not an address of a host in ${subnet}`,
    );
  const range = config.ipRange === '' ? undefined : parseCidr(config.ipRange);
  const isInside =
    range !== undefined &&
    range.family === cidr.family &&
    range.length >= cidr.length &&
    cidrHas(cidr, { family: range.family, value: range.base });
  if (config.ipRange !== '' && !isInside)
    throw invalid(
      `${at}.ip_range`,
      `--ip-range ${quoted(config.ipRange)} is not a part of ${subnet}: write it as a CIDR within`,
    );
  const gateway = parseIpAddress(config.gateway);
  return {
    subnet,
    gateway: gateway === undefined ? '' : formatIpAddress(gateway),
    ipRange: range === undefined ? '' : formatCidr(range),
  };
}

function normaliseSubnets(spec: NetworkSpec): readonly SubnetConfig[] {
  const subnets = spec.subnets
    .slice(0, 3)
    .map((config, at) => normaliseSubnet(`spec.subnets[${at}]`, config));
  const families = subnets.map(({ subnet }) => parseCidr(subnet)?.family);
  const twice = families.find((family, at) => families.indexOf(family) !== at);
  if (twice !== undefined)
    throw invalid(
      'spec.subnets',
      `two --subnet of IPv${twice}: a network has one of each family; make a second network`,
    );
  return subnets;
}

function validateDriver(spec: NetworkSpec): void {
  requireEnum('spec.driver', '--driver', spec.driver, NetworkDriverNames);
  if (spec.driver !== NetworkDriver.BRIDGE) return;
  if (spec.isEncrypted)
    throw invalid(
      'spec.is_encrypted',
      '--opt encrypted needs --driver overlay: nothing of a bridge leaves its node',
    );
  if (spec.isIsolated) throw invalid('spec.is_isolated', '--isolated needs --driver overlay');
}

/** The spec with its addresses written in the one way; INVALID_SPEC for the first fault. */
export function checkedNetworkSpec(given: NetworkSpec | undefined): NetworkSpec {
  if (given === undefined) throw invalid('spec', 'the request carries no network spec');
  if (!namePattern.test(given.name))
    throw invalid(
      'spec.name',
      `network name ${quoted(given.name)} is not valid: use letters, digits, and - _ . after the` +
        ' first, at most 63',
    );
  if (reservedNames.has(given.name.toLowerCase()))
    throw invalid(
      'spec.name',
      `the name ${given.name.toLowerCase()} is kept for a network that is always there: choose another`,
    );
  validateLabels('spec.labels', '--label', given.labels);
  validateDriver(given);
  const subnets = normaliseSubnets(given);
  const isIpv6 = given.isIpv6 || subnets.some(({ subnet }) => subnet.includes(':'));
  if (given.mtu !== 0)
    requireRange('spec.mtu', '--opt mtu', given.mtu, isIpv6 ? mtuMinV6 : mtuMin, mtuMax);
  return { ...NetworkSpec.create(given), subnets, isIpv6 };
}
