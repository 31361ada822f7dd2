import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from './random.ts';

/** The kernel's generator; its bytes are fit for keys and tokens. */
export function systemRandom(): Random {
  const self: Random = {
    next: () => randomBytes(4).readUInt32BE(0) / 4294967296,
    below: (bound) => randomInt(bound),
    bytes: (length) => new Uint8Array(randomBytes(length)),
    fork: () => self,
  };
  return self;
}
