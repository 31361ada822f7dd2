/** What the segments of the log promise, whatever is cut off, flipped, missing or torn. */
import fc from 'fast-check';
import test from 'ava';
import { DurableLog, isRaftError, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';
import {
  membership,
  small,
  variants,
  entryAt,
  writeOf,
  contentOf,
  copyOf,
  history,
  walFiles,
  outcomeOf,
  chunksOf,
} from '../_support/log-history.ts';

for (const [name, options] of variants) {
  test(`${name}: each write is there after it returned`, async (t) => {
    const { disk, contents } = await history(options);
    t.is(new Set(contents).size, contents.length);
    t.is(await contentOf(disk, options), contents.at(-1) ?? '');
    t.true(walFiles(disk).length >= 3, 'the history spans segments');
  });

  test(`${name}: the last segment cut at any byte is the log after some earlier write`, async (t) => {
    const { disk, contents } = await history(options);
    const [path, bytes] = walFiles(disk).at(-1) ?? ['', new Uint8Array(0)];
    let reached = contents.length - 1;
    for (let length = bytes.length - 1; length >= 0; length--) {
      const files = new Map(disk.files()).set(path, bytes.slice(0, length));
      const found = contents.indexOf(await outcomeOf(files, options));
      t.true(found >= 0 && found <= reached, `cut at ${length}`);
      reached = found;
    }
  });

  test(`${name}: an earlier segment cut anywhere is refused`, async (t) => {
    const { disk } = await history(options);
    for (const [path, bytes] of walFiles(disk).slice(0, -1)) {
      for (let length = 0; length < bytes.length; length++) {
        const files = new Map(disk.files()).set(path, bytes.slice(0, length));
        t.is(await outcomeOf(files, options), 'refused', `${path} cut at ${length}`);
      }
    }
  });

  test(`${name}: a flipped byte gives the log of before, of an earlier write, or a refusal`, async (t) => {
    const { disk, contents } = await history(options);
    const all = walFiles(disk);
    const counts = { same: 0, earlier: 0, refused: 0 };
    for (const [path, bytes] of all) {
      for (let at = 0; at < bytes.length; at++) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
        const outcome = await outcomeOf(new Map(disk.files()).set(path, damaged), options);
        if (outcome === 'refused') counts.refused++;
        else if (outcome === contents.at(-1)) counts.same++;
        else {
          // Only the last write can be taken for torn.
          t.is(contents.indexOf(outcome), contents.length - 2, `${path} at ${at}`);
          t.is(path, all.at(-1)?.[0] ?? '');
          counts.earlier++;
        }
      }
    }
    t.true(counts.refused > 500 && counts.earlier > 20);
    t.true(
      counts.same < 8 * contents.length + 8 * all.length,
      'only padding may be damaged unseen',
    );
  });

  test(`${name}: a missing segment is refused`, async (t) => {
    const { disk } = await history(options);
    for (const [path] of walFiles(disk).slice(0, -1)) {
      const files = new Map(disk.files());
      files.delete(path);
      t.is(await outcomeOf(files, options), 'refused', path);
    }
  });

  test(`${name}: segments that change places are refused`, async (t) => {
    const { disk } = await history(options);
    const [one, two] = walFiles(disk);
    const files = new Map(disk.files());
    files.set(one?.[0] ?? '', two?.[1] ?? new Uint8Array(0));
    files.set(two?.[0] ?? '', one?.[1] ?? new Uint8Array(0));
    t.is(await outcomeOf(files, options), 'refused');
  });
}

test('after a power cut at any moment the log holds every write that had returned', async (t) => {
  const seeds = fc.integer({ min: 0, max: 100_000 });
  const sizes = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(seeds, sizes, fc.nat(40), async (seed, bytes, stopAfter) => {
      let operations = 0;
      const hang = new Promise<never>(() => {});
      const before = (): Promise<void> => (++operations > stopAfter ? hang : Promise.resolve());
      const disk = memoryDisk({ before });
      let acknowledged = 0;
      const run = async (): Promise<void> => {
        const { log } = await DurableLog.open(disk, { ...small, bootstrap: membership });
        for (const [i, size] of bytes.entries()) {
          await log.append(writeOf(1, [entryAt(i + 1, 1, 'z'.repeat(size))]));
          acknowledged = i + 1;
        }
      };
      void run();
      await new Promise((resolve) => setImmediate(resolve));
      disk.crash(seededRandom(seed));
      const { recovered } = await DurableLog.open(copyOf(disk.files()), small);
      t.true(recovered.entries.length >= acknowledged);
      t.true(recovered.entries.length <= acknowledged + 1);
      for (const [i, { data }] of recovered.entries.entries()) t.is(data.length, bytes[i] ?? -1);
    }),
    { seed: 4, numRuns: 300 },
  );
});

test('what a torn write left behind does not come back into a later segment', async (t) => {
  const { disk, contents } = await history();
  const [path, bytes] = walFiles(disk).at(-1) ?? ['', new Uint8Array(0)];
  const torn = new Uint8Array(bytes.length + 3000).fill(7);
  torn.set(bytes);
  disk.overwrite(path, torn);
  const { log } = await DurableLog.open(disk, small);
  for (let index = 10; index < 20; index++) await log.append(writeOf(4, [entryAt(index, 4)], 9));
  await log.close();
  const { recovered } = await DurableLog.open(disk, small);
  t.is(recovered.entries.at(-1)?.index, 19);
  t.not(await contentOf(disk), contents.at(-1));
});

test('a suffix replaced below the oldest segment left is a beginning like any other', async (t) => {
  const disk = memoryDisk();
  const { log } = await DurableLog.open(disk, { ...small, bootstrap: membership });
  const write = async (term: number, from: number, to: number): Promise<void> => {
    for (let index = from; index <= to; index++) {
      await log.append(writeOf(term, [entryAt(index, term, 'x'.repeat(100))], 12));
    }
  };
  await write(1, 1, 29);
  await write(2, 13, 40);
  const meta = { index: 25, term: 2, membership };
  await log.saveSnapshot(meta, chunksOf('state'));
  await log.compact(meta, 20);
  await log.close();
  const { recovered } = await DurableLog.open(disk, small);
  t.true(recovered.base.index < 20);
  t.is(recovered.entries.at(-1)?.index, 40);
  t.true(recovered.entries.every(({ index, term }) => index <= 12 || term === 2));
});

test('a log of another version is refused as that', async (t) => {
  const { disk } = await history();
  const [path, bytes] = walFiles(disk)[0] ?? ['', new Uint8Array(0)];
  disk.overwrite(path, Uint8Array.from(bytes).fill(0x31, 3, 4));
  const error = await t.throwsAsync(contentOf(disk));
  t.true(isRaftError(error, 'UNKNOWN_FORMAT'));
  t.regex(error?.message ?? '', /wal\/000000000001\.wal was written in another format than 2/);
});
