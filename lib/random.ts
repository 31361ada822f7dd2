/** Chance as a port: one seed draws a whole simulated world, and each component its own stream. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound); `bound` is an integer >= 1. */
  below(bound: number): number;
  /** `length` random bytes. From `systemRandom` they are fit for secrets. */
  bytes(length: number): Uint8Array;
  /** An independent stream; the same name from the same parent always gives the same stream. */
  fork(name: string): Random;
}

/** 32-bit FNV-1a of the UTF-16 units of `text`: small, stable, not for security. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** A reproducible generator (mulberry32); never for secrets. `seed` is any integer. */
export function seededRandom(seed: number): Random {
  const origin = seed >>> 0;
  let state = origin;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    fork: (name) => seededRandom(Math.imul(origin, 0x9e3779b1) ^ hash32(name)),
  };
}
