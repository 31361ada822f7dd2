import { ClusterError } from '#lib';
import type { Random } from '#lib';

/** Bytes of an unlock key. */
const unlockKeyBytes = 32;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const pattern = /^TSKEY-1-([a-z2-7]{52})$/;

/** 256 random bits. */
export function newUnlockKey(random: Random): Uint8Array {
  return random.bytes(unlockKeyBytes);
}

/** As people keep it: TSKEY-1- and 52 characters of base 32 (RFC 4648, lower case). */
export function formatUnlockKey(key: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of key) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >>> bits) & 31] ?? '';
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) text += alphabet[(held << (5 - bits)) & 31] ?? '';
  return `TSKEY-1-${text}`;
}

/** INVALID_KEY for anything that does not have the form of a key. The text never repeats it. */
export function parseUnlockKey(text: string): Uint8Array {
  const digits = pattern.exec(text.trim())?.[1];
  if (digits === undefined) throw invalidKey();
  const key = new Uint8Array(unlockKeyBytes);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    held = (held << 5) | alphabet.indexOf(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    key[at++] = (held >>> bits) & 0xff;
    held &= (1 << bits) - 1;
  }
  if (held !== 0) throw invalidKey();
  return key;
}

/** What a user is told whose key does not fit, whatever is wrong with it. */
export function invalidKey(): ClusterError {
  return new ClusterError(
    'INVALID_KEY',
    "Tessera could not be unlocked: invalid key provided. 'tsctl unlock-key' on an unlocked manager prints the key.",
  );
}
