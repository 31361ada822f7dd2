/** Addresses as nft lists them, and the marks made of them. Pure. */
import ipaddr from 'ipaddr.js';
import { macOf } from '../network/subnet.ts';
import type { Family } from './structure.ts';

export interface BareAddress {
  readonly family: Family;
  /** In nft's spelling. */
  readonly address: string;
}

/** Undefined when the text is no address: it is left out. */
export function bareAddress(text: string): BareAddress | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const parsed = ipaddr.parse(text);
  if (parsed.kind() === 'ipv4' && text.split('.').length !== 4) return undefined;
  return { family: parsed.kind() === 'ipv4' ? 4 : 6, address: parsed.toString() };
}

/** Both addresses of something, those that it has. */
export function bareAddresses(address: string, addressV6: string): readonly BareAddress[] {
  return [address, addressV6].flatMap((text) => bareAddress(text) ?? []);
}

/**
 * The number that a connection carries for an address: its last 32 bits. Networks never overlap, so
 * that no two nodes or tasks of a cluster have the same.
 */
export function markOf(address: string): number {
  return ipaddr
    .parse(address)
    .toByteArray()
    .slice(-4)
    .reduce((value, byte) => value * 256 + byte, 0);
}

/**
 * The kernel's zone, 0..65535, for connections that come from the node with this mark: its last 16 bits. Two
 * nodes share one, or have 0, the zone of everything else, in networks larger than a /16 alone.
 */
export const zoneOf = (mark: number): number => mark % 0x1_00_00;

/** Of a node's bridge on a network, made of its own address there. */
export const bridgeMac = (address: string): string => macOf(address);
