import { Worker } from 'node:worker_threads';
import type { SeedRange, SeedsReport } from './sim-runner.ts';
import { hash32 } from '#lib';

/** Seeds that a thread gets at a time. */
const RANGE_SEEDS = 20;
/** Of a thread's heap, for what is short-lived: nearly everything in a world is. */
const YOUNG_GENERATION_MB = 64;

/**
 * Runs the seeds on `jobs` threads. The report does not depend on who ran what: ranges are handed
 * out in order and those below a failure are finished, so the failure is that of the lowest seed.
 */
export async function runSeedsInParallel(
  worldName: string,
  range: SeedRange,
  jobs: number,
  progress: (doneCount: number) => void,
): Promise<SeedsReport> {
  const end = range.first + range.count;
  const reports = new Map<number, SeedsReport>();
  let next = range.first;
  let failedAt = Infinity;
  const take = (): SeedRange | null => {
    if (next >= Math.min(end, failedAt)) return null;
    const first = next;
    next = Math.min(end, first + RANGE_SEEDS);
    return { ...range, first, count: next - first };
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('sim-worker.ts', import.meta.url), {
      workerData: { worldName },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    try {
      for (let part = take(); part !== null; part = take()) {
        const report = await ask(worker, part);
        reports.set(part.first, report);
        failedAt = Math.min(failedAt, report.failure?.seed ?? Infinity);
        progress(next - range.first);
      }
    } finally {
      await worker.terminate();
    }
  };
  const count = Math.max(1, Math.min(jobs, Math.ceil(range.count / RANGE_SEEDS)));
  await Promise.all(Array.from({ length: count }, work));
  return joined([...reports].sort(([a], [b]) => a - b).map(([, report]) => report));
}

function ask(worker: Worker, range: SeedRange): Promise<SeedsReport> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread of the simulator ended (${code})`)));
    worker.postMessage(range);
  });
}

/** In the order of seeds, up to the first failure. */
function joined(reports: readonly SeedsReport[]): SeedsReport {
  let all: SeedsReport = { eventCount: 0, summary: '', traceHash: '', runHash: 0, failure: null };
  for (const report of reports) {
    if (all.failure !== null) break;
    const runHash = hash32(`${all.runHash}|${report.runHash}`);
    all = { ...report, eventCount: all.eventCount + report.eventCount, runHash };
  }
  return all;
}
