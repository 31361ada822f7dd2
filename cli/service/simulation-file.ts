/** A cluster as a YAML file describes it: nodes by their size, services by the flags of `service create`. */
import { parse } from 'yaml';
import { DescribedCluster, DescribedNodes, NodeSpec, Resources, SchedulingSpec } from '#proto';
import type { ServiceSpec } from '#proto';
import { UsageError } from '../cli.ts';
import { parseBytes, parseCpu } from '../parse/bytes.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseTaint } from '../parse/taint.ts';
import { parseAvailability } from '../parse/words.ts';
import { specFromFlags } from './create-spec.ts';
import { lists } from './lists.ts';
import { withSchedulingFlags } from './scheduling-flags.ts';
import { longName, optionKey, settings } from './settings.ts';

/** Longest file, bytes. */
export const fileBytesMax = 1 << 20;
/** Aliases multiply what a short file holds. */
const aliasesMax = 100;
const countMax = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/** A usage error says where in the file it is. */
export function describedCluster(text: string): DescribedCluster {
  let file: unknown;
  try {
    file = parse(text, { maxAliasCount: aliasesMax });
  } catch (error) {
    throw new UsageError(`--from: not YAML: ${error instanceof Error ? error.message : ''}`);
  }
  const top = fieldsOf('the file', file, ['nodes', 'services', 'strategy', 'score-weight']);
  const nodes = listOf('nodes', top['nodes']).map((node, at) => nodesOf(`nodes[${at}]`, node));
  if (nodes.length === 0) throw new UsageError('--from: the file has no nodes');
  const services = listOf('services', top['services']).map((service, at) =>
    serviceOf(`services[${at}]`, service),
  );
  const scheduling = withSchedulingFlags(SchedulingSpec.create(), {
    ...(top['strategy'] === undefined ? {} : { strategy: wordOf('strategy', top['strategy']) }),
    scoreWeight: wordsOf('score-weight', top['score-weight']),
  });
  return DescribedCluster.create({ nodes, services, scheduling });
}

function fieldsOf(at: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--from: ${at}: write it as names with values`);
  for (const name of Object.keys(value))
    if (!known.includes(name))
      throw new UsageError(`--from: ${at}: there is no '${name}': use ${known.join(', ')}`);
  return value as Fields;
}

function listOf(at: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new UsageError(`--from: ${at}: write it as a list`);
}

function wordOf(at: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new UsageError(`--from: ${at}: write it as one word`);
}

/** One word is a list of one. */
function wordsOf(at: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((one) => wordOf(at, one));
}

const nodeFields = [
  'name',
  'count',
  'cpu',
  'memory',
  'labels',
  'taints',
  'availability',
  'generic',
];

function nodesOf(at: string, value: unknown): DescribedNodes {
  const fields = fieldsOf(at, value, nodeFields);
  const word = (name: string, otherwise: string): string =>
    fields[name] === undefined ? otherwise : wordOf(`${at}.${name}`, fields[name]);
  const labels = pairsOf(`${at}.labels`, fields['labels']);
  const generic = Object.entries(pairsOf(`${at}.generic`, fields['generic'])).map(
    ([kind, count]) => [kind, parseInteger(`--from: ${at}.generic`, count, 0)] as const,
  );
  return DescribedNodes.create({
    name: word('name', 'node'),
    count: parseInteger(`--from: ${at}.count`, word('count', '1'), 1, countMax),
    spec: NodeSpec.create({
      labels,
      availability: parseAvailability(`--from: ${at}.availability`, word('availability', 'active')),
      taints: wordsOf(`${at}.taints`, fields['taints']).map((text) =>
        parseTaint(`--from: ${at}.taints`, text),
      ),
    }),
    resources: Resources.create({
      cpuNano: parseCpu(`--from: ${at}.cpu`, word('cpu', '4')),
      memoryBytes: parseBytes(`--from: ${at}.memory`, word('memory', '8GiB')),
      generic: Object.fromEntries(generic),
    }),
  });
}

function pairsOf(at: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const fields = fieldsOf(at, value, Object.keys(value as object));
  return Object.fromEntries(
    Object.entries(fields).map(([key, word]) => [key, wordOf(`${at}.${key}`, word)]),
  );
}

const one = settings.map(({ flag }) => longName(flag).slice(2));
const many = lists.map(({ flag }) => longName(flag).slice(2));

function serviceOf(at: string, value: unknown): ServiceSpec {
  const fields = fieldsOf(at, value, ['name', 'mode', 'image', ...one, ...many]);
  const flags: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(fields))
    flags[optionKey(`--${name}`)] = many.includes(name)
      ? wordsOf(`${at}.${name}`, given)
      : wordOf(`${at}.${name}`, given);
  if (fields['name'] === undefined) throw new UsageError(`--from: ${at}: it has no name`);
  const image = fields['image'] === undefined ? 'image' : wordOf(`${at}.image`, fields['image']);
  try {
    return specFromFlags(image, [], flags, { env: {}, readFile: () => '' });
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`--from: ${at}: ${error.message}`);
    throw error;
  }
}
