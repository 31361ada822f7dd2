/** What a manager's directory takes on its disk. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskUsage } from './manager-report.ts';

/** Bytes of the files right below `directory`; 0 when it is not there. */
async function bytesBelow(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  // A segment may be removed between the two looks.
  const sizes = names.map((name) => stat(join(directory, name)).catch(() => undefined));
  return (await Promise.all(sizes)).reduce((sum, info) => sum + (info?.size ?? 0), 0);
}

/** `directory`: the one of the replicated log, with `wal` and `snap` in it. */
export async function diskUsage(directory: string): Promise<DiskUsage> {
  const [logBytes, snapshotBytes, disk] = await Promise.all([
    bytesBelow(join(directory, 'wal')),
    bytesBelow(join(directory, 'snap')),
    statfs(directory).catch(() => undefined),
  ]);
  const blockBytes = disk?.bsize ?? 0;
  return {
    logBytes,
    snapshotBytes,
    freeBytes: (disk?.bavail ?? 0) * blockBytes,
    totalBytes: (disk?.blocks ?? 0) * blockBytes,
  };
}
