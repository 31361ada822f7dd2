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
  /** That same time by the clock, waiting for a processor included. */
  readonly stallWallMs: number;
  /** What of it the event loop's own thread was on a processor: no helper threads, no waiting. */
  readonly stallOwnMs: number;
}

/** Processor time so far: of this process, its helper threads included, or of this thread alone. */
function workedMs({ user, system }: { readonly user: number; readonly system: number }): number {
  return (user + system) / 1000;
}

/** A timer that is late by so much tells that somebody held the loop. */
export async function withStallProbe<R>(work: () => Promise<R>): Promise<Stalled<R>> {
  const none = { stallMs: 0, stallWallMs: 0, stallOwnMs: 0 };
  let longest = none;
  let lastAt = performance.now();
  let lastWorkedMs = workedMs(process.cpuUsage());
  let lastOwnMs = workedMs(process.threadCpuUsage());
  const look = (): void => {
    const now = performance.now();
    const worked = workedMs(process.cpuUsage());
    const own = workedMs(process.threadCpuUsage());
    const stallWallMs = now - lastAt - probeEveryMs;
    const stallMs = Math.min(stallWallMs, worked - lastWorkedMs);
    if (stallMs > longest.stallMs)
      longest = { stallMs, stallWallMs, stallOwnMs: Math.min(stallWallMs, own - lastOwnMs) };
    lastAt = now;
    lastWorkedMs = worked;
    lastOwnMs = own;
  };
  const probe = setInterval(look, probeEveryMs);
  // The first turn of the probe is not the work's.
  await new Promise((resolve) => setTimeout(resolve, 5));
  longest = none;
  const startedAt = performance.now();
  try {
    const result = await work();
    const tookMs = performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
    look();
    return { result, tookMs, ...longest };
  } finally {
    clearInterval(probe);
  }
}
