import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const example = fileURLToPath(
  new URL('../../raft/examples/three-members-node.ts', import.meta.url),
);
const readme = fileURLToPath(new URL('../../raft/README.md', import.meta.url));

test('the example of the README is the one that runs', (t) => {
  const code = /```ts\n([\s\S]*?)```/.exec(readFileSync(readme, 'utf8'))?.[1];
  t.is(code, readFileSync(example, 'utf8'));
});

test('the example prints what the README says', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [example], { timeout: 60_000 });
  t.is(stdout, 'hello world\n');
});
