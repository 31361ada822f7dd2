import { backoffMs, ClusterError, messageOf, sleep } from '#lib';
import type { Clock, Ms, Random } from '#lib';
import { EtcdError } from './etcd-port.ts';

/** Between two attempts at the same thing. */
export const retry = { baseMs: 50, maxMs: 500, jitter: 0.5 } as const satisfies {
  readonly baseMs: Ms;
  readonly maxMs: Ms;
  readonly jitter: number;
};

export interface AttemptOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** On the monotonic clock; no attempt begins after it. */
  readonly until: Ms;
}

/**
 * Repeats what may be repeated until it succeeds. UNAVAILABLE when time is up, with etcd's last refusal, or
 * with what came last when it refused nothing; other errors than etcd's pass through.
 */
export async function attempted<T>(options: AttemptOptions, work: () => Promise<T>): Promise<T> {
  const { clock, random, signal, until } = options;
  let refused: EtcdError | undefined;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (error.refusal !== undefined) refused = error;
      if (clock.monotonic() >= until)
        throw new ClusterError('UNAVAILABLE', messageOf(refused ?? error), { cause: error });
    }
    await sleep(clock, backoffMs(retry, attempt, random), signal);
  }
}
