import { randomBytes, randomFillSync, randomInt } from 'node:crypto';
import type { Random } from './random.ts';

const poolBytes = 4096;
/** What is asked for in larger pieces is not drawn from the pool. */
const pieceBytesMax = 64;

/**
 * The kernel's generator; its bytes are fit for keys and tokens. Small pieces come from a pool, since a call costs five times
 * what it gives; what was given is not kept there.
 */
export function systemRandom(): Random {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  const piece = (length: number): Uint8Array => {
    if (used + length > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const given = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return given;
  };
  const self: Random = {
    next: () => randomBytes(4).readUInt32BE(0) / 4294967296,
    below: (bound) => randomInt(bound),
    bytes: (length) =>
      length <= pieceBytesMax ? piece(length) : new Uint8Array(randomBytes(length)),
    fork: () => self,
  };
  return self;
}
