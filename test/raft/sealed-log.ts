/** An encrypted log: its keys, and what its files show. */
import type { DurableLogOptions } from 'raft-ts';
import test from 'ava';
import { AesLogCipher } from 'raft-ts/node';
import { DurableLog, isRaftError, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';
import {
  membership,
  small,
  sealed,
  entryAt,
  writeOf,
  contentOf,
  copyOf,
  history,
  walFiles,
  outcomeOf,
  chunksOf,
} from '../_support/log-history.ts';

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
      const seal: typeof sealer.seal = (sequence, associated, plain, out) => {
        const use = `${sealer.salt.toHex()}/${sequence}`;
        t.false(used.has(use), use);
        used.add(use);
        sealer.seal(sequence, associated, plain, out);
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
