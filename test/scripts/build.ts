import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const project = join(import.meta.dirname, '../..');
const node = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, args, { cwd: project, timeout: 240_000 });

test('the bundles of both programs load and explain themselves', async (t) => {
  t.timeout(300_000);
  await mkdir(join(project, 'build'), { recursive: true });
  const directory = await mkdtemp(join(project, 'build', 'test-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await node('scripts/build.ts', directory);
  for (const name of ['tsctl', 'tesserad']) {
    const { stdout, stderr } = await node(join(directory, name, 'main.js'), '--help');
    t.regex(stdout, new RegExp(`Usage: ${name}`));
    t.is(stderr, '');
  }
});
