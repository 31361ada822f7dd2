/** Snapshots beside the log: whole or refused, and what they let go. */
import test from 'ava';
import { DurableLog, memoryDisk } from 'raft-ts';
import {
  membership,
  small,
  variants,
  entryAt,
  writeOf,
  copyOf,
  history,
  walFiles,
  isRefusal,
  chunksOf,
  textOf,
} from '../_support/log-history.ts';

test('a snapshot lets the segments before it go, and is read back chunk by chunk', async (t) => {
  const { disk } = await history();
  const { log } = await DurableLog.open(disk, small);
  const meta = { index: 8, term: 4, membership };
  await log.saveSnapshot(meta, chunksOf('a', 'b'.repeat(3 << 20), ''));
  await log.compact(meta, 8);
  t.true(walFiles(disk).length <= 2);
  t.is(await textOf(log.readSnapshot(meta)), `a${'b'.repeat(3 << 20)}`);
  await log.close();
  const { recovered } = await DurableLog.open(disk, small);
  t.deepEqual(recovered.snapshot, meta);
  t.is(recovered.entries.at(-1)?.index, 9);
  t.true(recovered.base.index <= 8);
});

test('a snapshot ahead of the log takes its place', async (t) => {
  const { disk } = await history();
  const { log } = await DurableLog.open(disk, small);
  const meta = { index: 50, term: 6, membership };
  await log.saveSnapshot(meta, chunksOf('state'));
  await log.close();
  const again = await DurableLog.open(disk, small);
  t.deepEqual(again.recovered.entries, []);
  t.is(again.recovered.base.index, 50);
  t.is(again.recovered.hardState.term, 6);
  await again.log.append(writeOf(6, [entryAt(51, 6)], 50));
  await again.log.close();
  const { recovered } = await DurableLog.open(disk, small);
  t.deepEqual(
    recovered.entries.map(({ index }) => index),
    [51],
  );
});

test('a snapshot whose stream breaks leaves nothing behind', async (t) => {
  const disk = memoryDisk();
  const { log } = await DurableLog.open(disk, { ...small, bootstrap: membership });
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw new Error('the stream broke');
  };
  const meta = { index: 5, term: 1, membership };
  await t.throwsAsync(log.saveSnapshot(meta, broken()), { message: 'the stream broke' });
  t.deepEqual(await disk.list('snap'), []);
});

for (const [name, options] of variants)
  test(`${name}: a damaged snapshot is refused, wherever the damage is`, async (t) => {
    const disk = memoryDisk();
    const { log } = await DurableLog.open(disk, { ...options, bootstrap: membership });
    const meta = { index: 5, term: 1, membership };
    await log.saveSnapshot(meta, chunksOf('some', 'state'));
    const [path, bytes] = [...disk.files()].find(([name]) => name.startsWith('snap/')) ?? [
      '',
      null,
    ];
    for (let at = 0; at < (bytes?.length ?? 0); at++) {
      const damaged = bytes?.slice() ?? new Uint8Array(0);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      const copy = copyOf(new Map(disk.files()).set(path, damaged));
      const read = async (): Promise<string> => {
        const opened = await DurableLog.open(copy, options);
        return textOf(opened.log.readSnapshot(opened.recovered.snapshot));
      };
      const error = await t.throwsAsync(read, undefined, `damage at ${at}`);
      t.true(isRefusal(error), `damage at ${at}: ${String(error)}`);
    }
    t.true((bytes?.length ?? 0) > 50);
  });

for (const [name, options] of variants) {
  test(`${name}: a snapshot cut at any byte is refused`, async (t) => {
    const disk = memoryDisk();
    const { log } = await DurableLog.open(disk, { ...options, bootstrap: membership });
    const meta = { index: 5, term: 1, membership };
    await log.saveSnapshot(meta, chunksOf('some', 'state'));
    await log.close();
    const [path, bytes] = [...disk.files()].find(([one]) => one.startsWith('snap/')) ?? ['', null];
    const whole = bytes ?? new Uint8Array(0);
    for (let length = 0; length < whole.length; length++) {
      const copy = copyOf(new Map(disk.files()).set(path, whole.slice(0, length)));
      const read = async (): Promise<string> => {
        const opened = await DurableLog.open(copy, options);
        return textOf(opened.log.readSnapshot(opened.recovered.snapshot));
      };
      const error = await t.throwsAsync(read, undefined, `cut at ${length}`);
      t.true(isRefusal(error), `cut at ${length}: ${String(error)}`);
    }
    t.true(whole.length > 50);
  });
}
