import { backoffMs } from '#lib';
import type { Ms, Random } from '#lib';

/** From when to when a certificate is valid, milliseconds since the epoch. */
export interface Validity {
  readonly notBeforeMs: Ms;
  readonly notAfterMs: Ms;
}

/** Certificates are valid from this long before they are made, for hosts whose clock is behind. */
export const backdateMs = 60 * 60 * 1000;

/**
 * When to renew: at a random point between 50 % and 80 % of the certificate's life, counted from when
 * it was made, so that nodes that joined together do not all come at once.
 */
export function renewalAtMs(validity: Validity, random: Random): Ms {
  const madeMs = Math.min(validity.notBeforeMs + backdateMs, validity.notAfterMs);
  const lifeMs = validity.notAfterMs - madeMs;
  return madeMs + lifeMs * (0.5 + 0.3 * random.next());
}

/** How long to wait after the `attempt`-th failure in a row (0 = first): 1 s doubled to 10 minutes. */
export function renewalRetryMs(attempt: number, random: Random): Ms {
  return backoffMs({ baseMs: 1000, maxMs: 600_000, jitter: 0.5 }, attempt, random);
}
