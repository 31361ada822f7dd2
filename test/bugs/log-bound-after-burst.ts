/** A container wrote much while its log was being shortened and then nothing: the log stayed too long. */
import test from 'ava';
import { appendFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { LogKeeper } from '#agent/containerd/log-keeper-node';
import { poll } from '../_support/poll.ts';

test('what is written while a log is being shortened counts against its bound', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-log-'));
  const fileBytesMax = 300_000;
  const keeper = new LogKeeper({ folder, fileBytesMax, clock: systemClock(), log: silentLogger });
  keeper.start();
  keeper.add('task.main.out');
  const burst = `${'x'.repeat(99)}\n`.repeat(6_000);
  for (let i = 0; i < 2; i++) {
    appendFileSync(keeper.path('task.main.out'), burst);
    // Notes the bytes: the first time it begins to shorten, the second time it is at it.
    keeper.marks('task.main.out');
  }
  const kept = await poll('a log within its bound', () => {
    const bytes = statSync(keeper.path('task.main.out')).blocks * 512;
    return bytes <= fileBytesMax && bytes;
  });
  t.true(kept > 0);
  await keeper.stop();
  await rm(folder, { recursive: true });
});
