/** `node inspect --pretty`. */
import { AvailabilityNames, NodeRoleNames, NodeStateNames, ReachabilityNames } from '#proto';
import type { Node } from '#proto';
import { genericText, humanMemory, titleCase } from '../output/words.ts';
import { taintText } from '../parse/taint.ts';

function availabilityWord({ spec }: Node): string {
  const word = titleCase(AvailabilityNames[spec?.availability ?? 0] ?? '');
  return spec?.drainIgnoresBudgets === true ? `${word} (ignores disruption budgets)` : word;
}

export function prettyNode(node: Node): string {
  const { description, spec, status, managerStatus: manager } = node;
  const lines: (readonly [string, string])[] = [
    ['ID', node.id],
    ['Hostname', description?.hostname ?? ''],
    ['Role', titleCase(NodeRoleNames[node.role] ?? '')],
    ['State', titleCase(NodeStateNames[status?.state ?? 0] ?? '')],
    ['Message', status?.message ?? ''],
    ['Availability', availabilityWord(node)],
    ['Address', status?.address ?? ''],
    ['Manager address', manager?.address ?? ''],
    [
      'Raft status',
      manager === undefined ? '' : titleCase(ReachabilityNames[manager.reachability] ?? ''),
    ],
    ['Leader', manager === undefined ? '' : manager.isLeader ? 'Yes' : 'No'],
    ['Operating system', description?.platform?.os ?? ''],
    ['Architecture', description?.platform?.architecture ?? ''],
    ['CPUs', String((description?.resources?.cpuNano ?? 0) / 1e9)],
    ['Memory', humanMemory(description?.resources?.memoryBytes ?? 0)],
    ['Resources', genericText(description?.resources?.generic ?? {})],
    ['Runtime', `${description?.runtimeName ?? ''} ${description?.runtimeVersion ?? ''}`.trim()],
    ['Engine version', description?.tesseraVersion ?? ''],
    ['Kernel', description?.kernelVersion ?? ''],
  ];
  const taints = (spec?.taints ?? []).map((taint) => ` ${taintText(taint)}`);
  const labels = Object.entries(spec?.labels ?? {}).map(([key, value]) => ` ${key}=${value}`);
  const shown = lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${`${name}:`.padEnd(18)}${value}`);
  return `${[
    ...shown,
    ...(labels.length > 0 ? ['Labels:', ...labels] : []),
    ...(taints.length > 0 ? ['Taints:', ...taints] : []),
  ].join('\n')}\n\n`;
}
