/** Devices, ports and addresses of the tunnels between the hosts of encrypted networks; pure. */
import type { TunnelKey } from '#proto';

/** Of ours; others are left alone. */
export const tunnelPrefix = 'tswg';

/** A host has one tunnel, and a second one while its key is changed. */
export const slots = [0, 1] as const;
export type Slot = (typeof slots)[number];

export const deviceOf = (slot: Slot): string => `${tunnelPrefix}${slot}`;

/** UDP ports at which WireGuard packets are taken, one for each slot. */
export const wireGuardPortOf = (slot: Slot): number => 24_789 + slot;

/** UDP port of VXLAN within the tunnels: whatever has it outside of them is no packet of ours. */
export const sealedPort = 24_791;

/** The network of all tunnel addresses (RFC 4193). */
export const tunnelNetwork = 'fd5c:7a1e:93b4:e2d0::/64';
const networkPrefix = tunnelNetwork.slice(0, -'::/64'.length);

/** A WireGuard packet's IP and UDP headers, its own header and its tag, bytes. */
const wireGuardHeaderBytes = 60;
const wireGuardHeaderBytesV6 = 80;

/** The largest packet within a tunnel; `uplinkMtu`: of the device with the data-path address. */
export function tunnelMtu(uplinkMtu: number, dataPathAddress: string): number {
  const isV6 = dataPathAddress.includes(':');
  return uplinkMtu - (isV6 ? wireGuardHeaderBytesV6 : wireGuardHeaderBytes);
}

/**
 * The address that belongs to a key (32 bytes): nobody gives it out, and no two keys that were drawn
 * share it. Written as the kernel prints it.
 */
export function addressOfKey(publicKey: Uint8Array): string {
  const groups = [0, 2, 4, 6].map((at) => ((publicKey[at] ?? 0) << 8) | (publicKey[at + 1] ?? 0));
  // Four groups before it are none of them zero: of the last four at least two zeroes are `::`.
  const [from, length] = longestZeroes(groups);
  const text = groups.map((group) => group.toString(16));
  if (length < 2) return `${networkPrefix}:${text.join(':')}`;
  const before = text.slice(0, from).map((group) => `:${group}`);
  return `${networkPrefix}${before.join('')}::${text.slice(from + length).join(':')}`;
}

function longestZeroes(groups: readonly number[]): readonly [number, number] {
  let best: readonly [number, number] = [0, 0];
  for (let from = 0; from < groups.length; from++) {
    let to = from;
    while (to < groups.length && groups[to] === 0) to++;
    if (to - from > best[1]) best = [from, to - from];
  }
  return best;
}

/** Where frames for a node go; undefined when it has no key: then nowhere. */
export function tunnelAddressOf(keys: readonly TunnelKey[] | undefined): string | undefined {
  const [first] = keys ?? [];
  return first === undefined ? undefined : addressOfKey(first.publicKey);
}
