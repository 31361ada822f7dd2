import { messageOf, sleep } from '#lib';
import type { Clock, Logger, Metrics, Ms } from '#lib';
import type { DiskUsage } from './manager-report.ts';

const periodMs: Ms = 10_000;
/** Below this the log and one more snapshot may not have room for long. */
const freeBytesLow = 256 << 20;

export interface DiskWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly diskUsage: () => Promise<DiskUsage>;
}

/**
 * Shows how much room the log's disk has left, and says when it gets little: a full disk stops this
 * manager. Runs until the signal; never rejects.
 */
export async function watchDisk(options: DiskWatchOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, metrics, diskUsage } = options;
  const free = metrics.gauge(
    'tessera_raft_disk_free_bytes',
    "Room left on the file system of this manager's log.",
  );
  let wasLow = false;
  for (;;) {
    try {
      const { freeBytes, totalBytes } = await diskUsage();
      // Nothing is known of a disk of no size.
      if (totalBytes > 0) {
        free.set(freeBytes);
        const isLow = freeBytes < Math.min(freeBytesLow, totalBytes / 10);
        if (isLow && !wasLow) log.warn('little room is left for the log', { freeBytes });
        wasLow = isLow;
      }
    } catch (error) {
      log.debug('the room on the disk is not known', { reason: messageOf(error) });
    }
    try {
      await sleep(clock, periodMs, signal);
    } catch {
      return;
    }
  }
}
