/**
 * `make mutants`: plants known bugs, one at a time, into a copy of the tree and runs the suite that
 * must find each. Prints a table; exit code 1 when a bug survives, when a suite breaks off instead of
 * failing by an assertion, or when a suite fails without any bug. Usage:
 *
 *   scripts/mutants.ts [--list FILE] [NAME...]
 *
 * `--list`: a module that exports `mutants`; default test/mutants/index.ts. NAME: only these.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MutantTree } from './mutant-tree.ts';
import { verdictOf } from './mutant-verdict.ts';
import type { Verdict } from './mutant-verdict.ts';
import { node, project, requireNode, run, secondsSince, tool } from './steps.ts';
import type { Mutant, Suite } from '../test/mutants/mutant.ts';

/** Trees at work; a suite keeps one or two processors busy. */
const treesMax = 4;
const suiteTimeoutMs = 300_000;

interface Row {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly took: string;
}

function commandOf(suite: Suite): readonly string[] {
  if (suite.kind === 'ava') return [node, tool('ava'), '--tap', '--fail-fast', suite.file];
  const { world, seeds } = suite;
  return [node, 'test/sim/run.ts', '--once', '--world', world, '--seeds', String(seeds)];
}

const nameOf = (suite: Suite): string =>
  suite.kind === 'ava' ? suite.file : `the world ${suite.world}, ${suite.seeds} seeds`;

async function judge(tree: MutantTree, suite: Suite): Promise<Verdict> {
  const options = { cwd: tree.directory, env: { NO_COLOR: '1' }, timeoutMs: suiteTimeoutMs };
  return verdictOf(suite, await run(commandOf(suite), options));
}

/** Each item to whoever is free; the results are in the order of the items. */
async function share<T, R>(
  trees: readonly MutantTree[],
  items: readonly T[],
  work: (tree: MutantTree, item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (tree: MutantTree): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await work(tree, next[1]);
  };
  await Promise.all(trees.map(worker));
  return results;
}

/** The suites of all mutants, each world with the most seeds that any of them asks for. */
function suitesOf(mutants: readonly Mutant[]): Suite[] {
  const suites = new Map<string, Suite>();
  for (const { suite } of mutants) {
    const key = suite.kind === 'ava' ? suite.file : suite.world;
    const known = suites.get(key);
    const isMore = known?.kind === 'sim' && suite.kind === 'sim' && suite.seeds > known.seeds;
    if (known === undefined || isMore) suites.set(key, suite);
  }
  return [...suites.values()];
}

/** True when every suite is green without a bug. */
async function baseline(trees: readonly MutantTree[], suites: readonly Suite[]): Promise<boolean> {
  const verdicts = await share(trees, suites, async (tree, suite) => {
    const startedAt = performance.now();
    const verdict = await judge(tree, suite);
    const what = verdict.kind === 'red' ? `RED: ${verdict.by}` : verdict.kind;
    const why = verdict.kind === 'broken' ? ` ${verdict.why}` : '';
    console.log(`without a bug: ${nameOf(suite)}: ${what}${why} (${secondsSince(startedAt)})`);
    return verdict;
  });
  return verdicts.every(({ kind }) => kind === 'green');
}

async function tryOne(tree: MutantTree, mutant: Mutant): Promise<Row> {
  const startedAt = performance.now();
  const takeOut = await tree.plant(mutant);
  const verdict = await judge(tree, mutant.suite);
  await takeOut();
  const took = secondsSince(startedAt);
  console.log(lineOf({ mutant, verdict, took }));
  return { mutant, verdict, took };
}

function lineOf({ mutant, verdict, took }: Row): string {
  const head = `${mutant.name.padEnd(34)} `;
  if (verdict.kind === 'green') return `${head}SURVIVED ${nameOf(mutant.suite)} (${took})`;
  if (verdict.kind === 'broken') return `${head}BROKE OFF: ${verdict.why} (${took})`;
  const seeds = verdict.seeds === undefined ? '' : `seed ${verdict.seeds}, `;
  return `${head}caught (${seeds}${took})`;
}

/** In Markdown, for people and for docs/testing.md. */
function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ mutant, verdict, took }) => {
    if (verdict.kind !== 'red') return [mutant.name, mutant.breaks, `**${verdict.kind}**`, took];
    const after = verdict.seeds === undefined ? took : `${verdict.seeds} seeds, ${took}`;
    const suite = mutant.suite.kind === 'sim' ? `sim ${mutant.suite.world}` : mutant.suite.file;
    return [mutant.name, mutant.breaks, `${suite}: ${verdict.by}`, after];
  });
  const lines = [
    ['mutant', 'what it breaks', 'caught by', 'after'],
    ['---', '---', '---', '---'],
  ];
  return [...lines, ...cells]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** A mutant without a place is an error, found before anything runs: the source has moved on. */
async function mustHavePlaces(
  tree: MutantTree | undefined,
  mutants: readonly Mutant[],
): Promise<void> {
  const wrong: string[] = [];
  for (const mutant of mutants) {
    try {
      await (await tree?.plant(mutant))?.();
    } catch (error) {
      wrong.push((error as Error).message);
    }
  }
  if (wrong.length > 0) throw new Error(`not there exactly once:\n  ${wrong.join('\n  ')}`);
}

async function chosen(list: string, names: readonly string[]): Promise<readonly Mutant[]> {
  const module = (await import(pathToFileURL(resolve(project, list)).href)) as {
    readonly mutants: readonly Mutant[];
  };
  const unknown = names.find((name) => !module.mutants.some((one) => one.name === name));
  if (unknown !== undefined) throw new Error(`no mutant '${unknown}' in ${list}`);
  return module.mutants.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'string', default: 'test/mutants/index.ts' } },
    allowPositionals: true,
  });
  const startedAt = performance.now();
  const mutants = await chosen(values.list, positionals);
  const trees: MutantTree[] = [];
  const suites = suitesOf(mutants);
  const count = Math.min(treesMax, availableParallelism(), mutants.length);
  const at = join(project, 'build/mutants', String(process.pid));
  try {
    for (let i = 0; i < count; i++) trees.push(await MutantTree.create(join(at, String(i))));
    await mustHavePlaces(trees[0], mutants);
    if (!(await baseline(trees, suites))) {
      console.error('mutants: a suite fails without any bug: mend that first');
      return 1;
    }
    const rows = await share(trees, mutants, tryOne);
    const caught = rows.filter(({ verdict }) => verdict.kind === 'red').length;
    console.log(`\n${tableOf(rows)}\n`);
    console.log(`mutants: ${caught} of ${rows.length} caught after ${secondsSince(startedAt)}`);
    return caught === rows.length && caught > 0 ? 0 : 1;
  } finally {
    for (const tree of trees) await tree.remove();
  }
}

requireNode();
process.exitCode = await main().catch((error: unknown) => {
  console.error(`mutants: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
