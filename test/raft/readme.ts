import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeDefaults } from 'raft-ts';
import test from 'ava';

const example = fileURLToPath(
  new URL('../../raft/examples/three-members-node.ts', import.meta.url),
);
const run = promisify(execFile);
const examples = new URL('../../raft/examples/', import.meta.url);
const readme = fileURLToPath(new URL('../../raft/README.md', import.meta.url));

test('the example of the README is the one that runs', (t) => {
  const code = /```ts\n([\s\S]*?)```/.exec(readFileSync(readme, 'utf8'))?.[1];
  t.is(code, readFileSync(example, 'utf8'));
});

test('the API page names every export', (t) => {
  const page = readFileSync(new URL('../../raft/API.md', import.meta.url), 'utf8');
  const sources = ['index.ts', 'adapters-node.ts'].map((file) =>
    readFileSync(new URL(`../../raft/${file}`, import.meta.url), 'utf8'),
  );
  const lists = [...sources.join().matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  const functions = [...sources.join().matchAll(/^export function (\w+)/gm)];
  const names = [
    ...lists.flatMap(([, list = '']) => list.split(',').map((name) => name.trim())),
    ...functions.map(([, name = '']) => name),
  ].filter((name) => name !== '');
  t.true(names.length > 40);
  t.deepEqual(
    names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page)),
    [],
  );
});

test('the API page has every option', (t) => {
  const page = readFileSync(new URL('../../raft/API.md', import.meta.url), 'utf8');
  const missing = Object.keys(nodeDefaults).filter((name) => !page.includes(`\`${name}\``));
  t.deepEqual(missing, []);
});

test('a map over TCP survives a restart of all its members', async (t) => {
  const path = fileURLToPath(new URL('kv-over-tcp-node.ts', examples));
  const { stdout } = await run(process.execPath, [path], { timeout: 120_000 });
  t.is(stdout, 'key42 is value42\nafter a restart key100 is value100\n');
});

test('two of three members are replaced at once', async (t) => {
  const path = fileURLToPath(new URL('replace-members-node.ts', examples));
  const { stdout } = await run(process.execPath, [path], { timeout: 120_000 });
  t.deepEqual(stdout.split('\n').slice(0, 2), [
    'members: 3 voters, 2 learners',
    'members: 3 voters, 0 learners',
  ]);
  t.regex(stdout, /11 entries on the newcomers/);
});

test('the example prints what the README says', async (t) => {
  const { stdout } = await run(process.execPath, [example], { timeout: 60_000 });
  t.is(stdout, 'hello world\n');
});
