/** A cluster as a YAML file describes it: nodes by their size, services by the flags of `service create`. */
import { DescribedCluster, DescribedNodes, NodeSpec, Resources, SchedulingSpec } from '#proto';
import type { ServiceSpec } from '#proto';
import { UsageError } from '../cli.ts';
import { parseBytes, parseCpu } from '../parse/bytes.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseTaint } from '../parse/taint.ts';
import { parseAvailability } from '../parse/words.ts';
import { fieldsOf, listOf, pairsOf, parseYaml, wordOf, wordsOf } from '../parse/yaml-fields.ts';
import { specFromFlags } from './create-spec.ts';
import { withSchedulingFlags } from './scheduling-flags.ts';
import { serviceFromFields } from './service-file.ts';

const countMax = 10_000;

/** A usage error says where in the file it is. */
export function describedCluster(text: string): DescribedCluster {
  const top = fieldsOf('the file', parseYaml(text), [
    'nodes',
    'services',
    'strategy',
    'score-weight',
  ]);
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

function serviceOf(at: string, value: unknown): ServiceSpec {
  const { image = 'image', args, flags } = serviceFromFields(at, value);
  if (flags['name'] === undefined) throw new UsageError(`--from: ${at}: it has no name`);
  try {
    return specFromFlags(image, args, flags, { env: {}, readFile: () => '' });
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`--from: ${at}: ${error.message}`);
    throw error;
  }
}
