/** A node's own WireGuard keys and how one follows the other; pure. */
import type { Ms } from '#lib';
import { TunnelKey } from '#proto';
import { wireGuardPortOf } from './tunnel-address.ts';
import type { Slot } from './tunnel-address.ts';

export interface KeyPair {
  readonly slot: Slot;
  /** Base64 of 32 bytes. */
  readonly privateKey: string;
  readonly publicKey: string;
  /** Wall-clock time. */
  readonly createdAtMs: number;
}

/** `used` sends; `other` is taken too: the key to come, or the one that was. */
export interface OwnKeys {
  readonly used: KeyPair;
  readonly other: KeyPair | undefined;
}

export interface KeyCircumstances {
  readonly nowMs: number;
  readonly periodMs: Ms;
  /** How long everybody has had what the managers tell; ms. */
  readonly settleMs: Ms;
  /** No encrypted network is here: the managers tell nobody of our keys, which wear out no further. */
  readonly isIdle: boolean;
  /** The tunnel of `other` stands. */
  readonly isOtherUp: boolean;
  /** For how long the managers have told of our keys as they are now; undefined = not yet. */
  readonly toldForMs: Ms | undefined;
}

export type KeyStep = 'none' | 'make' | 'use-other' | 'drop-other';

/**
 * What is next. A key that has had its time gets a successor; the managers tell the other nodes of it,
 * and when they have had time to hear, it sends. Its predecessor is dropped once they have had time to hear of
 * that. At every moment each node takes what another one may send.
 */
export function keyStep({ used, other }: OwnKeys, now: KeyCircumstances): KeyStep {
  if (now.isIdle) return 'none';
  if (other === undefined) return now.nowMs - used.createdAtMs >= now.periodMs ? 'make' : 'none';
  if (now.toldForMs === undefined || now.toldForMs < now.settleMs) return 'none';
  if (other.createdAtMs <= used.createdAtMs) return 'drop-other';
  return now.isOtherUp ? 'use-other' : 'none';
}

/** As the managers are told: the one that sends comes first. */
export function toldKeys({ used, other }: OwnKeys): readonly TunnelKey[] {
  return [used, ...(other === undefined ? [] : [other])].map(({ publicKey, slot }) =>
    TunnelKey.create({
      publicKey: Uint8Array.from(Buffer.from(publicKey, 'base64')),
      port: wireGuardPortOf(slot),
    }),
  );
}

export const otherSlot = (slot: Slot): Slot => (slot === 0 ? 1 : 0);
