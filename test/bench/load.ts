/** Keeps a number of calls on their way for a while, and says how long each took. */
export interface LoadResult {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** `call` gets a running number. An error of one call ends the whole measurement. */
export async function load(
  inFlight: number,
  durationMs: number,
  call: (number: number) => Promise<unknown>,
): Promise<LoadResult> {
  const tookMs: number[] = [];
  let number = 0;
  const startedAt = performance.now();
  const end = startedAt + durationMs;
  const one = async (): Promise<void> => {
    for (let now = performance.now(); now < end; ) {
      await call(number++);
      const after = performance.now();
      tookMs.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const seconds = (performance.now() - startedAt) / 1000;
  tookMs.sort((a, b) => a - b);
  const at = (part: number): number => tookMs[Math.floor(tookMs.length * part)] ?? 0;
  return {
    count: tookMs.length,
    perSecond: tookMs.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
