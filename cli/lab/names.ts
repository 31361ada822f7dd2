/**
 * What a lab's parts are called and which addresses they have: all of it follows from the lab's
 * name and index, so that a lab can be found and removed even when its state file is lost.
 */
import { ClusterError } from '#lib';

/** Labs on one machine; the index is the third byte of a lab's network. */
export const labCountMax = 200;
/** Hosts of one lab: host1 ... host100. */
export const hostCountMax = 100;
export const defaultLabName = 'lab';
/** The folder in every cgroup hierarchy that holds the labs. */
export const cgroupRoot = 'tessera-lab';

export interface LabPaths {
  readonly dir: string;
  readonly state: string;
  readonly hostsFile: string;
}

export interface HostPaths {
  readonly dir: string;
  /** The host's /run, seen from outside. */
  readonly run: string;
  /** The host's /var/lib/containerd. */
  readonly containerd: string;
  /** The host's /var/lib/tessera. */
  readonly tessera: string;
  readonly init: string;
  readonly tesseradSocket: string;
  readonly containerdSocket: string;
}

export interface LabRef {
  readonly name: string;
  readonly index: number;
}

/** At most 20 characters, so that socket paths stay below the kernel's 108. */
export function checkLabName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,19}$/.test(name)) return name;
  throw new ClusterError(
    'INVALID_ARGUMENT',
    `lab name '${name}' is not valid: use 1 to 20 of a-z, 0-9 and '-'`,
  );
}

export function hostName(number: number): string {
  return `host${number}`;
}

/** The number in `host3`, or of `3`; INVALID_ARGUMENT when the lab has no such host. */
export function hostNumber(ref: string, hostCount: number): number {
  const digits = /^(?:host)?([1-9][0-9]*)$/.exec(ref)?.[1];
  const number = Number(digits);
  if (digits !== undefined && number <= hostCount) return number;
  const last = hostName(hostCount);
  throw new ClusterError(
    'INVALID_ARGUMENT',
    `host '${ref}' is not in this lab: its hosts are host1 to ${last}`,
  );
}

export const bridgeName = (index: number): string => `tlab${index}`;
export const linkName = (index: number, host: number): string => `tl${index}h${host}`;
export const natTableName = (index: number): string => `tessera_lab_${index}`;
/** Set on the lab's links, so that they are found by the lab's name alone. */
export const linkAlias = (name: string): string => `tessera-lab:${name}`;
/** In the command line of every host's init, for the same reason. */
export const hostMarker = (name: string, host: number): string =>
  `${linkAlias(name)}/${hostName(host)}`;

// 198.18.0.0/15 is set aside for test networks (RFC 2544): it clashes with nobody's real one.
export const subnet = (index: number): string => `198.18.${index}.0/24`;
export const gatewayAddress = (index: number): string => `198.18.${index}.254`;
export const hostAddress = (index: number, host: number): string => `198.18.${index}.${host}`;

// Of the lab's own, beside it (RFC 4193). From 1 on: the kernel writes a group of 0 another way.
const prefixV6 = (index: number): string => `fd4c:61b2:9e05:${index + 1}`;
export const gatewayAddressV6 = (index: number): string => `${prefixV6(index)}::254`;
export const hostAddressV6 = (index: number, host: number): string => `${prefixV6(index)}::${host}`;

/**
 * A host's card keeps its address when the host boots again, as a real one does: with another, its
 * neighbours would look for the old one until their caches expire. Host 0 is the bridge.
 */
export function macAddress(index: number, host: number): string {
  const bytes = [0x02, 0x54, 0x4c, index, host >> 8, host & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function labPaths(root: string, name: string): LabPaths {
  const dir = `${root}/${name}`;
  return { dir, state: `${dir}/lab.json`, hostsFile: `${dir}/hosts` };
}

export function hostPaths(root: string, name: string, host: number): HostPaths {
  const dir = `${root}/${name}/${hostName(host)}`;
  return {
    dir,
    run: `${dir}/run`,
    containerd: `${dir}/containerd`,
    tessera: `${dir}/tessera`,
    init: `${dir}/init.sh`,
    tesseradSocket: `${dir}/run/tessera/tessera.sock`,
    containerdSocket: `${dir}/run/containerd/containerd.sock`,
  };
}

/** The text of the hosts' /etc/hosts. */
export function hostsFile(index: number, hostCount: number): string {
  const lines = ['127.0.0.1 localhost'];
  for (let host = 1; host <= hostCount; host++)
    lines.push(`${hostAddress(index, host)} ${hostName(host)}`);
  return `${lines.join('\n')}\n`;
}
