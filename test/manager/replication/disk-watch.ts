import test from 'ava';
import { silentLogger } from '#lib';
import type { Logger } from '#lib';
import { prometheusMetrics } from '#lib/metrics-node';
import { watchDisk } from '#manager/replication/disk-watch';
import { VirtualClock } from '#test/_support/virtual-clock';

test('the room that is left is shown, and said once when it gets little', async (t) => {
  const clock = new VirtualClock();
  const metrics = prometheusMetrics();
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  let freeBytes = 1e9;
  let isAnswering = true;
  const diskUsage = async () => {
    if (!isAnswering) throw new Error('EIO');
    return { logBytes: 0, snapshotBytes: 0, freeBytes, totalBytes: 20e9 };
  };
  const stop = new AbortController();
  const watching = watchDisk({ clock, log, metrics, diskUsage }, stop.signal);
  const shown = async (): Promise<number> => {
    const text = await metrics.render();
    return Number(/^tessera_raft_disk_free_bytes (\S+)$/m.exec(text)?.[1]);
  };
  await clock.advance(1);
  t.is(await shown(), 1e9);
  t.deepEqual(warnings, []);
  freeBytes = 1e8;
  await clock.advance(30_000);
  t.is(await shown(), 1e8);
  t.is(warnings.length, 1);
  isAnswering = false;
  await clock.advance(10_000);
  isAnswering = true;
  freeBytes = 1e9;
  await clock.advance(10_000);
  freeBytes = 1e8;
  await clock.advance(10_000);
  t.is(warnings.length, 2, 'again after it was better');
  stop.abort(new Error('end'));
  await watching;
});
