import type { Disk } from 'raft-ts';
import test from 'ava';
import { memoryDisk } from 'raft-ts';
import { constants } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { nodeDisk } from 'raft-ts/node';
import { join } from 'node:path';
import { seededRandom } from '#lib';
import { tmpdir } from 'node:os';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

async function withDisk(kind: string, use: (disk: Disk) => Promise<void>): Promise<void> {
  if (kind === 'memory') return use(memoryDisk());
  const directory = await mkdtemp(join(tmpdir(), 'raft-disk-'));
  try {
    await use(nodeDisk(join(directory, 'deep', 'down')));
  } finally {
    await rm(directory, { recursive: true });
  }
}

for (const kind of ['memory', 'node']) {
  test(`a ${kind} disk reads back what was written at any offset`, async (t) => {
    await withDisk(kind, async (disk) => {
      const file = await disk.open('wal/a');
      await file.write(bytes('hello world'), 0);
      await file.write(bytes('W'), 6);
      await file.sync();
      t.is(await file.size(), 11);
      await file.truncate(7);
      await file.close();
      t.is(text(await disk.read('wal/a')), 'hello W');
      const again = await disk.open('wal/a');
      await again.write(bytes('!'), 7);
      await again.close();
      t.is(text(await disk.read('wal/a')), 'hello W!');
    });
  });

  test(`a ${kind} disk lists, renames and removes`, async (t) => {
    await withDisk(kind, async (disk) => {
      t.deepEqual(await disk.list('snap'), []);
      for (const name of ['b', 'a', 'c.tmp']) await (await disk.open(`snap/${name}`)).close();
      await disk.rename('snap/c.tmp', 'snap/c');
      await disk.remove('snap/a');
      await disk.syncDirectory('snap');
      t.deepEqual([...(await disk.list('snap'))].sort(), ['b', 'c']);
      await t.throwsAsync(disk.read('snap/a'));
    });
  });

  test(`a ${kind} disk streams a file in chunks`, async (t) => {
    await withDisk(kind, async (disk) => {
      const file = await disk.open('snap/x');
      await file.write(bytes('0123456789'), 0);
      await file.close();
      const chunks: string[] = [];
      for await (const chunk of disk.readChunks('snap/x', 4)) chunks.push(text(chunk));
      t.deepEqual(chunks, ['0123', '4567', '89']);
    });
  });
}

test('a power cut keeps what was synced, whatever the chance', async (t) => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = memoryDisk();
    const file = await disk.open('wal/a');
    await file.write(bytes('durable'), 0);
    await file.sync();
    await disk.syncDirectory('wal');
    await file.write(bytes(' lost'), 7);
    await disk.open('wal/b');
    disk.crash(seededRandom(seed));
    t.true(text(await disk.read('wal/a')).startsWith('durable'));
  }
});

test('a power cut keeps each write of a file opened as synced', async (t) => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = memoryDisk();
    const file = await disk.open('wal/a', { isSynced: true });
    await disk.syncDirectory('wal');
    await file.write(bytes('one '), 0);
    await file.write(bytes('two'), 4);
    disk.crash(seededRandom(seed));
    t.is(text(await disk.read('wal/a')), 'one two');
  }
});

test('a file opened as synced has every write, in place or not', async (t) => {
  await withDisk('node', async (disk) => {
    const file = await disk.open('wal/a', { isSynced: true });
    let expected = '';
    for (let i = 0; i < 1_000; i++) {
      const part = `${i} `.repeat(i % 250 === 249 ? 4_000 : 1);
      await file.write(bytes(part), expected.length);
      expected += part;
    }
    await file.close();
    t.is(text(await disk.read('wal/a')), expected);
    await t.throwsAsync(file.write(bytes('x'), 0), { code: 'EBADF' });
  });
});

test('a power cut forgets bytes, names and whole writes that were not synced', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const disk = memoryDisk();
    const file = await disk.open('wal/a');
    await disk.syncDirectory('wal');
    await file.write(bytes('x'.repeat(1000)), 0);
    await file.write(bytes('y'.repeat(1000)), 1000);
    const other = await disk.open('wal/b');
    await other.sync();
    disk.crash(seededRandom(seed));
    seen.add(`names ${(await disk.list('wal')).join()}`);
    seen.add(`length ${Math.ceil((await disk.read('wal/a')).length / 1000)}`);
  }
  t.deepEqual([...seen].sort(), ['length 0', 'length 1', 'length 2', 'names a', 'names a,b']);
});

test('the kernel knows a file opened as synced by its flags', async (t) => {
  await withDisk('node', async (disk) => {
    const isSynced = async (path: string): Promise<boolean> => {
      for (const fd of await readdir('/proc/self/fd')) {
        const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
        if (!target.endsWith(path)) continue;
        const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8');
        const flags = Number.parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? '', 8);
        return (flags & constants.O_DSYNC) !== 0;
      }
      throw new Error(`${path} is not open`);
    };
    const plain = await disk.open('snap/plain');
    const synced = await disk.open('wal/synced', { isSynced: true });
    t.false(await isSynced('snap/plain'));
    t.true(await isSynced('wal/synced'));
    await plain.close();
    await synced.close();
  });
});

test('a file that was open when power was cut never answers again', async (t) => {
  const disk = memoryDisk();
  const file = await disk.open('wal/a');
  disk.crash(seededRandom(1));
  let hasAnswered = false;
  void file.sync().then(() => {
    hasAnswered = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.false(hasAnswered);
});
