import type { Random } from './random.ts';

const idLength = 25;

/**
 * A new object id: 25 characters of [0-9a-z], 128 random bits in base 36, most significant first.
 * Ids are never reused and say nothing about what they name.
 */
export function newId(random: Random): string {
  const value = BigInt(`0x${random.bytes(16).toHex()}`);
  return value.toString(36).padStart(idLength, '0');
}

/** What a person may type for an id: a prefix. Ids are shown cut to this many characters. */
export const shortIdLength = 12;

export function shortId(id: string): string {
  return id.slice(0, shortIdLength);
}
