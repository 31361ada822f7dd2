import type { Disk, DurableLogOptions, Entry, MemoryDisk, Write } from 'raft-ts';
import fc from 'fast-check';
import test from 'ava';
import { AesLogCipher } from 'raft-ts/node';
import { DurableLog, isRaftError, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';

const members = [1, 2, 3].map((id) => ({ id, role: 'voter', context: `m${id}` }) as const);
const membership = { members };
const small = { segmentBytesMax: 400 };
const sealed = { segmentBytesMax: 600, cipher: new AesLogCipher(new Uint8Array(32).fill(7)) };
const variants: readonly [string, DurableLogOptions][] = [
  ['a log', small],
  ['an encrypted log', sealed],
];

function entryAt(index: number, term: number, text = `entry ${index}/${term}`): Entry {
  return { index, term, kind: 'data', data: new TextEncoder().encode(text) };
}

function writeOf(term: number, entries: readonly Entry[], commit = 0): Write {
  return { hardState: { term, vote: 2, commit }, entries, snapshot: null, messages: [] };
}

/** What a member would find, as plain data. */
async function contentOf(disk: Disk, options: DurableLogOptions = small): Promise<string> {
  const { log, recovered } = await DurableLog.open(disk, options);
  await log.close();
  const { hardState, snapshot, base, entries } = recovered;
  const texts = entries.map(
    ({ index, term, data }) => `${index}/${term} ${new TextDecoder().decode(data)}`,
  );
  return JSON.stringify({ hardState, snapshot, base, texts });
}

function copyOf(files: ReadonlyMap<string, Uint8Array>): MemoryDisk {
  const disk = memoryDisk();
  for (const [path, bytes] of files) disk.overwrite(path, bytes);
  return disk;
}

interface History {
  readonly disk: MemoryDisk;
  readonly contents: string[];
}

/** A log over several segments with replaced suffixes, and its content after each write. */
async function history(options: DurableLogOptions = small): Promise<History> {
  const disk = memoryDisk();
  const contents = [await contentOf(disk, options)];
  const { log } = await DurableLog.open(disk, { ...options, bootstrap: membership });
  contents.push(await contentOf(copyOf(disk.files()), options));
  const writes = [
    writeOf(1, [entryAt(1, 1), entryAt(2, 1)]),
    writeOf(1, [entryAt(3, 1, 'x'.repeat(90))], 2),
    writeOf(2, [], 2),
    writeOf(3, [entryAt(3, 3), entryAt(4, 3), entryAt(5, 3)], 2),
    writeOf(3, [entryAt(6, 3, ''), entryAt(7, 3)], 5),
    writeOf(4, [entryAt(7, 4, 'y'.repeat(200)), entryAt(8, 4)], 6),
    writeOf(4, [entryAt(9, 4)], 8),
  ];
  for (const write of writes) {
    await log.append(write);
    contents.push(await contentOf(copyOf(disk.files()), options));
  }
  await log.close();
  return { disk, contents };
}

function walFiles(disk: MemoryDisk): [string, Uint8Array][] {
  const files = [...disk.files()].filter(([path]) => path.startsWith('wal/'));
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

async function outcomeOf(
  files: ReadonlyMap<string, Uint8Array>,
  options: DurableLogOptions = small,
): Promise<string> {
  try {
    return await contentOf(copyOf(files), options);
  } catch (error) {
    if (isRefusal(error)) return 'refused';
    throw error;
  }
}

/** Damage of the very bytes that say the format is told as an unknown format. */
function isRefusal(error: unknown): boolean {
  return isRaftError(error, 'DATA_LOSS') || isRaftError(error, 'UNKNOWN_FORMAT');
}

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

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
  return text;
}

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

test('another key, or none, is told from damage', async (t) => {
  const { disk, contents } = await history(sealed);
  const refusal = async (options: DurableLogOptions): Promise<string> => {
    const error = await t.throwsAsync(contentOf(copyOf(disk.files()), options));
    return isRaftError(error) ? error.code : String(error);
  };
  const other = new Uint8Array(32).fill(8);
  t.is(await refusal({ ...sealed, cipher: new AesLogCipher(other) }), 'WRONG_KEY');
  t.is(await refusal(small), 'WRONG_KEY');
  const both = new AesLogCipher(other, [new Uint8Array(32).fill(7)]);
  t.is(await contentOf(disk, { ...sealed, cipher: both }), contents.at(-1) ?? '');
  const clear = await history();
  const error = await t.throwsAsync(contentOf(clear.disk, sealed));
  t.true(isRaftError(error, 'WRONG_KEY'));
});

test('an encrypted log and its snapshots show nothing of what they hold', async (t) => {
  const { disk } = await history(sealed);
  const { log } = await DurableLog.open(disk, sealed);
  const meta = { index: 8, term: 4, membership };
  await log.saveSnapshot(meta, chunksOf('the state of a machine'));
  await log.close();
  for (const [path, bytes] of disk.files()) {
    const text = Buffer.from(bytes).toString('latin1');
    t.notRegex(text, /entry \d|yyyy|xxxx|voter|the state/, path);
  }
});

test('no two frames and parts are sealed alike, across crashes and reopenings', async (t) => {
  const used = new Set<string>();
  const aes = new AesLogCipher(new Uint8Array(32).fill(7));
  const cipher = {
    keyId: aes.keyId,
    opener: aes.opener.bind(aes),
    sealer: () => {
      const sealer = aes.sealer();
      const seal: typeof sealer.seal = (sequence, associated, plain) => {
        const use = `${sealer.salt.toHex()}/${sequence}`;
        t.false(used.has(use), use);
        used.add(use);
        return sealer.seal(sequence, associated, plain);
      };
      return { ...sealer, seal };
    },
  };
  for (let seed = 0; seed < 100; seed++) {
    let operations = 0;
    const hang = new Promise<never>(() => {});
    const before = (): Promise<void> => (++operations > seed ? hang : Promise.resolve());
    const disk = memoryDisk({
      before: (operation) => (operation === 'read' ? Promise.resolve() : before()),
    });
    const options = { segmentBytesMax: 600, cipher, bootstrap: membership };
    for (let round = 0; round < 3; round++) {
      operations = 0;
      const run = async (): Promise<void> => {
        const { log, recovered } = await DurableLog.open(disk, options);
        const { index } = recovered.entries.at(-1) ?? recovered.base;
        for (let next = index + 1; ; next++) await log.append(writeOf(1, [entryAt(next, 1)]));
      };
      void run();
      await new Promise((resolve) => setImmediate(resolve));
      disk.crash(seededRandom(seed * 3 + round));
    }
  }
  t.true(used.size > 1000, `${used.size} seals`);
});

test('a file of another log under the same key is refused', async (t) => {
  // The same segment of a log with the same entries.
  const one = await history(sealed);
  const two = await history(sealed);
  const [path, bytes] = walFiles(two.disk).at(-1) ?? ['', new Uint8Array(0)];
  const files = new Map(one.disk.files()).set(path, bytes);
  t.is(await outcomeOf(files, sealed), 'refused');
});

test('a log of another version is refused as that', async (t) => {
  const { disk } = await history();
  const [path, bytes] = walFiles(disk)[0] ?? ['', new Uint8Array(0)];
  disk.overwrite(path, Uint8Array.from(bytes).fill(0x31, 3, 4));
  const error = await t.throwsAsync(contentOf(disk));
  t.true(isRaftError(error, 'UNKNOWN_FORMAT'));
  t.regex(error?.message ?? '', /wal\/000000000001\.wal was written in another format than 2/);
});
