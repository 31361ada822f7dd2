import test from 'ava';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../_support/command.ts';
import { tmpdir } from 'node:os';

const program = join(import.meta.dirname, '../_support/big-snapshot.ts');
const mebibytes = 192;
const grewMebibytesMax = 150;

test('a state larger than may be in memory is saved, read back and sent, encrypted', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'raft-big-snapshot-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const argv = [process.execPath, program, String(mebibytes), directory];
  const result = JSON.parse(await run(argv, { deadlineMs: 280_000 })) as {
    readonly mebibytes: number;
    readonly grewMebibytes: number;
  };
  t.is(result.mebibytes, mebibytes);
  t.true(result.grewMebibytes < grewMebibytesMax, `memory grew by ${result.grewMebibytes} MiB`);
  t.log(JSON.stringify(result));
});
