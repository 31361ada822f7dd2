/** The steps of `simulate`: flags that may be given many times, and are played in their order. */
import { AddedNodes, Resources, ScaledService } from '#proto';
import type { SimulationStep } from '#proto';
import type { Command } from 'commander';
import { UsageError } from '../cli.ts';
import { parseBytes, parseCpu } from '../parse/bytes.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseFields, parseLabel, splitPair } from '../parse/key-value.ts';
import { replicasMax } from './settings.ts';

/** The API's own limit. */
const nodesMax = 10_000;

/** Gives the command the flags; the list that comes back holds what they say once the command line is read. */
export function addStepFlags(command: Command): readonly SimulationStep[] {
  const steps: SimulationStep[] = [];
  const add = (flag: string, help: string, parse: (text: string) => SimulationStep): void => {
    command.option(flag, help, (text: string) => {
      steps.push(parse(text));
      return text;
    });
  };
  add('--drain <node>', 'drain a node', (drain) => ({ step: { kind: 'drain', drain } }));
  add('--remove <node>', 'take a node away', (remove) => ({ step: { kind: 'remove', remove } }));
  add('--lose <label=value>', 'nodes with a label go down at once, as in zone=a', (lose) => {
    const [key, value] = splitPair(lose);
    if (key === '' || value === '')
      throw new UsageError(
        `--lose '${lose}': write it as LABEL=VALUE, as in zone=a or node.hostname=host1`,
      );
    return { step: { kind: 'lose', lose } };
  });
  add(
    '--add-nodes <n,...>',
    'new nodes, as the largest there is: N[,cpu=CPUS][,memory=BYTES][,label=KEY=VALUE]',
    parseAddedNodes,
  );
  add('--scale <service=n>', 'set the replicas of a service', (text) => {
    const [service, count] = splitPair(text);
    if (service === '' || count === '')
      throw new UsageError(`--scale '${text}': write it as SERVICE=REPLICAS`);
    const replicas = parseInteger('--scale', count, 0, replicasMax);
    return { step: { kind: 'scale', scale: ScaledService.create({ service, replicas }) } };
  });
  return steps;
}

export function parseAddedNodes(text: string): SimulationStep {
  const flag = '--add-nodes';
  const [[count] = [''], ...fields] = parseFields(flag, text);
  let resources = Resources.create();
  const labels: Record<string, string> = {};
  for (const [key, value = ''] of fields) {
    if (key === 'cpu') resources = { ...resources, cpuNano: parseCpu(`${flag} cpu`, value) };
    else if (key === 'memory')
      resources = { ...resources, memoryBytes: parseBytes(`${flag} memory`, value) };
    else if (key === 'label') {
      const [name, word] = parseLabel(`${flag} label`, value);
      labels[name] = word;
    } else
      throw new UsageError(
        `${flag} '${text}': write it as N[,cpu=CPUS][,memory=BYTES][,label=KEY=VALUE]`,
      );
  }
  const addNodes = AddedNodes.create({
    count: parseInteger(flag, count, 1, nodesMax),
    resources,
    labels,
  });
  return { step: { kind: 'addNodes', addNodes } };
}
