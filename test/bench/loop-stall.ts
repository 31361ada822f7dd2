/** How long the event loop was held up at worst, while something ran. */
const probeEveryMs = 1;

export interface Stalled<R> {
  readonly result: R;
  readonly tookMs: number;
  /**
   * The longest time in which nothing else could run, less the probe's own period. Waiting for a
   * processor that other programs have is not counted: never more than this process worked.
   */
  readonly stallMs: number;
}

/** Processor time of this process so far, its helper threads included. */
function workedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A timer that is late by so much tells that somebody held the loop. */
export async function withStallProbe<R>(work: () => Promise<R>): Promise<Stalled<R>> {
  let stallMs = 0;
  let lastAt = performance.now();
  let lastWorkedMs = workedMs();
  const look = (): void => {
    const now = performance.now();
    const worked = workedMs();
    const held = Math.min(now - lastAt - probeEveryMs, worked - lastWorkedMs);
    stallMs = Math.max(stallMs, held);
    lastAt = now;
    lastWorkedMs = worked;
  };
  const probe = setInterval(look, probeEveryMs);
  // The first turn of the probe is not the work's.
  await new Promise((resolve) => setTimeout(resolve, 5));
  stallMs = 0;
  const startedAt = performance.now();
  try {
    const result = await work();
    const tookMs = performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
    look();
    return { result, tookMs, stallMs };
  } finally {
    clearInterval(probe);
  }
}
