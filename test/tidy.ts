/** Style as a test: who imports whom, sizes, orphans, pages, and nothing of anyone's own machine. */
import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';

const project = join(import.meta.dirname, '..');

/** Files that git knows or would take, so that what was built is left out. */
const files = execFileSync(
  'git',
  ['-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard'],
  { cwd: project },
)
  .toString()
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(project, file)));

const contents = new Map<string, string>();
const read = (file: string): string => {
  const known = contents.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(join(project, file), 'utf8');
  contents.set(file, text);
  return text;
};

/** Which modules a module may import; `raft` is also used on its own. */
const walls: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  proto: ['lib'],
  raft: [],
  scheduler: ['lib', 'proto'],
  manager: ['lib', 'proto', 'raft', 'scheduler'],
  agent: ['lib', 'proto'],
  cli: ['lib', 'proto'],
  daemon: ['lib', 'proto', 'raft', 'scheduler', 'manager', 'agent'],
};

/** Doors beside a module's index. */
const doors = [
  /^#lib\/[a-z-]+-node$/,
  /^#proto\/(?:rpc|containerd|serve-node|backup-node)$/,
  /^raft-ts\/node$/,
];
/** The composition root puts adapters together, and enters the folders that hold them. */
const rootDoors = [/^#(?:manager|agent)\/(?:.*-node|[a-z]+\/index)$/, /^#manager\/ca\/[a-z-]+$/];

const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('proto/gen/'));
const moduleOf = (file: string): string => file.split('/')[0] ?? '';
const isAdapter = (file: string): boolean => /(?:-node|\/main)\.ts$/.test(file);

interface Import {
  readonly file: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const code = read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const pattern = /(?:\bfrom\s+|\bimport\s+|\bimport\()\s*'([^']+)'/g;
  return [...code.matchAll(pattern)].map(([, target = '']) => ({ file, target }));
}

const imports = sources.flatMap(importsOf);
const inModules = imports.filter(({ file }) => Object.hasOwn(walls, moduleOf(file)));

test('modules import only what stands below them', (t) => {
  const wrong = inModules.flatMap(({ file, target }) => {
    const own = moduleOf(file);
    const other = target.startsWith('raft-ts') ? 'raft' : /^#([a-z]+)/.exec(target)?.[1];
    // An example imports a package as its users do.
    if (other === undefined || file.startsWith('raft/examples/')) return [];
    if (other === own) return [`${file} imports its own module by name: ${target}`];
    return walls[own]?.includes(other) ? [] : [`${file} may not import ${target}`];
  });
  t.deepEqual(wrong, []);
});

test('a module is entered through its index', (t) => {
  const wrong = inModules.filter(({ file, target }) => {
    if (!/^(?:#[a-z]+\/|raft-ts\/)/.test(target)) return false;
    const open = moduleOf(file) === 'daemon' ? [...doors, ...rootDoors] : doors;
    return !open.some((door) => door.test(target));
  });
  t.deepEqual(wrong, []);
});

test('relative imports stay inside their module and name a file that is there', (t) => {
  const wrong = imports.filter(({ file, target }) => {
    if (!target.startsWith('.') || moduleOf(file) === 'scripts') return false;
    const path = normalize(join(dirname(file), target));
    const isInside = moduleOf(path) === moduleOf(file) || moduleOf(file) === 'test';
    return !isInside || !existsSync(join(project, path));
  });
  t.deepEqual(wrong, []);
});

test('the core has no sockets, files or processes', (t) => {
  const core = new Set(['lib', 'proto', 'raft', 'scheduler', 'manager', 'agent']);
  const wrong = inModules.filter(
    ({ file, target }) =>
      core.has(moduleOf(file)) && !isAdapter(file) && /^(?:node:|@grpc\/)/.test(target),
  );
  t.deepEqual(wrong, []);
});

/** The formatter owns the length of lines. */
const linesMax = 400;

test('files are short enough to read', (t) => {
  const wrong = sources
    .filter((file) => !file.startsWith('test/'))
    .map((file) => ({ file, lines: read(file).split('\n').length }))
    .filter(({ lines }) => lines > linesMax);
  t.deepEqual(wrong, []);
});

test('every file begins by saying what it is for, or exports one thing that does', (t) => {
  for (const file of sources.filter((one) => one.endsWith('/index.ts')))
    t.regex(read(file), /^\/\*\*/, `${file} does not say what the folder promises`);
});

test('names of files are in kebab case', (t) => {
  for (const file of sources)
    t.regex(file, /^(?:[a-z0-9_.-]+\/)*[a-z0-9][a-z0-9.-]*\.ts$/, `${file} is not in kebab case`);
});

test('every page has one title, and its links lead somewhere', (t) => {
  for (const file of files.filter((one) => one.endsWith('.md'))) {
    const text = read(file).replace(/```[\s\S]*?```/g, '');
    t.is(text.match(/^# .+$/gm)?.length, 1, `${file} needs exactly one '# Title'`);
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const path = join(project, dirname(file), link);
      t.true(existsSync(path), `${file} links to ${link}, which is not there`);
    }
  }
});

test('nothing names the machine it was written on', (t) => {
  const own = /(?<![\w.-])\/(?:work|home\/[a-z]+)\//;
  const wrong = files
    .filter((file) => !/\.(?:png|svg|tar|gz)$|package-lock\.json$|^test\/tidy\.ts$/.test(file))
    .filter((file) => own.test(read(file).replaceAll('/home/app/', '')));
  t.deepEqual(wrong, []);
});

test('each decision has a number of its own', (t) => {
  const numbers = files
    .map((file) => /^docs\/decisions\/(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1])
    .filter((number) => number !== undefined);
  t.deepEqual(
    numbers.filter((number, at) => numbers.indexOf(number) !== at),
    [],
  );
});
