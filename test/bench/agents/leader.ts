/** What the process of the leader has used, as it says itself. */
export interface Usage {
  readonly atMs: number;
  readonly cpuSeconds: number;
  /** Of those, the collector's pauses. */
  readonly gcSeconds: number;
  readonly residentMib: number;
  readonly heapMib: number;
  /** The longest time in which the event loop stood since the last look, ms. */
  readonly stallMs: number;
}

/** The delays of the event loop are measured by a timer of this period, which is no stall. */
const probePeriodMs = 10;

/** Scrapes the daemon's metrics; each scrape starts the measurement of stalls anew. */
export async function usageOf(metricsPort: number): Promise<Usage> {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  const text = await answer.text();
  const value = (name: string): number => {
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    if (line === undefined) throw new Error(`the daemon has no metric ${name}`);
    return Number(line.slice(name.length + 1));
  };
  const gcSeconds = text
    .split('\n')
    .filter((one) => one.startsWith('tessera_nodejs_gc_duration_seconds_sum'))
    .reduce((sum, one) => sum + Number(one.slice(one.lastIndexOf(' ') + 1)), 0);
  const mib = (name: string): number => value(name) / 2 ** 20;
  return {
    atMs: performance.now(),
    cpuSeconds: value('tessera_process_cpu_seconds_total'),
    gcSeconds,
    residentMib: mib('tessera_process_resident_memory_bytes'),
    heapMib: mib('tessera_nodejs_heap_size_used_bytes'),
    stallMs: Math.max(0, value('tessera_nodejs_eventloop_lag_max_seconds') * 1000 - probePeriodMs),
  };
}

/** Processors that were busy between two looks. */
export function coresBetween(before: Usage, after: Usage): number {
  return ((after.cpuSeconds - before.cpuSeconds) * 1000) / (after.atMs - before.atMs);
}
