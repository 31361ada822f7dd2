/** A tunnel's device with its address, rule and routes: what is read, and the lines for what is missing; pure. */
import * as v from 'valibot';
import { parsePeers } from './peers.ts';
import type { Peers } from './peers.ts';
import { deviceOf, tunnelNetwork } from './tunnel-address.ts';
import type { Slot } from './tunnel-address.ts';

/** Of the routes of a slot and of the rule that leads to them. */
export const tableOf = (slot: Slot): number => 24_789 + slot;

/** Each part is followed by a line with its mark. No private key is in it. */
export function readScript(slot: Slot): string {
  const device = deviceOf(slot);
  const show = (what: string): string => `timeout 5 wg show ${device} ${what} 2>/dev/null`;
  return [
    `ip -json address show dev ${device} 2>/dev/null`,
    show('public-key'),
    show('listen-port'),
    show('endpoints'),
    show('allowed-ips'),
    `ip -6 rule show table ${tableOf(slot)} 2>/dev/null`,
    `ip -6 route show table ${tableOf(slot)} 2>/dev/null`,
  ]
    .map((command, i) => `${command}\necho '::part' ${i}`)
    .join('\n');
}

export interface SlotReading {
  readonly isThere: boolean;
  readonly isUp: boolean;
  readonly mtu: number;
  readonly addresses: readonly string[];
  /** Empty: it does not answer, or has no key. */
  readonly publicKey: string;
  readonly port: number;
  readonly peers: Peers;
  /** Addresses that the rules of the slot are for. */
  readonly ruled: readonly string[];
  /** Its routes are all there. */
  readonly isRouted: boolean;
}

const linksSchema = v.array(
  v.object({
    mtu: v.optional(v.number(), 0),
    flags: v.optional(v.array(v.string()), []),
    addr_info: v.optional(v.array(v.object({ local: v.optional(v.string(), '') })), []),
  }),
);

/** Throws when a tool printed something else than it does. */
export function parseSlot(stdout: string): SlotReading {
  const parts = stdout.split(/^::part \d+\n/m);
  const part = (i: number): string => parts[i]?.trim() ?? '';
  const [link] = v.parse(linksSchema, JSON.parse(part(0) || '[]'));
  const publicKey = part(1);
  const routes = part(6);
  return {
    isThere: link !== undefined,
    isUp: link?.flags.includes('UP') === true,
    mtu: link?.mtu ?? 0,
    addresses: (link?.addr_info ?? []).map(({ local }) => local),
    publicKey: publicKey === '(none)' ? '' : publicKey,
    port: Number(part(2)),
    peers: parsePeers(part(3), part(4)),
    ruled: [...part(5).matchAll(/from (\S+) lookup/g)].map(([, address = '']) => address),
    isRouted: /^fd5c\S+ dev tswg/m.test(routes) && /^unreachable fd5c/m.test(routes),
  };
}

/**
 * For `ip -6 -batch`: what leaves from the tunnel's address leaves by the tunnel, or not at all. What
 * is there already is left out. `fresh`: the device has just been made.
 */
export function slotLines(
  slot: Slot,
  address: string,
  mtu: number,
  reading: SlotReading | undefined,
): readonly string[] {
  const device = deviceOf(slot);
  const table = tableOf(slot);
  const isOn = reading?.addresses.includes(address) === true;
  const isUp = reading?.isUp === true && reading.mtu === mtu;
  return [
    ...(isOn ? [] : [`address replace ${address}/128 dev ${device} nodad`]),
    ...(isUp ? [] : [`link set dev ${device} mtu ${mtu} up`]),
    ...(isOn && isUp && reading.isRouted
      ? []
      : [
          `route replace unreachable ${tunnelNetwork} table ${table} metric 20`,
          `route replace ${tunnelNetwork} dev ${device} table ${table} metric 10`,
        ]),
  ];
}

/** The rules of a slot: those that are there, as they should be. */
export function ruleLines(
  slot: Slot,
  address: string | undefined,
  ruled: readonly string[],
): readonly string[] {
  const table = tableOf(slot);
  const rule = (from: string): string => `from ${from} lookup ${table} priority ${table}`;
  const gone = ruled.filter((one) => one !== address).map((one) => `rule delete ${rule(one)}`);
  const isMissing = address !== undefined && !ruled.includes(address);
  return isMissing ? [`rule add ${rule(address)}`, ...gone] : gone;
}
