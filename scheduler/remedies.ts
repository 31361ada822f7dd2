/**
 * What could be changed so that one refusal of one node goes away: for each reason the changes that a person
 * would think of, with how it is tried on a view and how much it is to ask.
 */
import { Availability, NodeDescription, NodeSpec, NodeState, NodeStatus } from '#proto';
import { SelectorOperator, SpreadAction, TaintEffect, TaskSpec, Toleration } from '#proto';
import type { AffinityTerm, Node, Placement, PortConfig, ServiceAffinity, Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { knownConstraints, satisfiesConstraints } from './constraint.ts';
import type { ConstraintKey } from './constraint.ts';
import { nodeKey, valueUnder } from './node-affinity.ts';
import type { Refusal, Shortage } from './refusal.ts';
import { requirementsOf } from './requirements.ts';
import { nameLabel } from './task-kind.ts';
import { taintId, taintText, untolerated } from './toleration.ts';

/** One change, made on a view and a task for trying. */
export interface Remedy {
  /** As in "lower --reserve-cpu from 4 to 3.5". */
  readonly text: string;
  /** The command that does it; empty where there is none. */
  readonly command: string;
  /** The less, the smaller the change; only to be compared. docs/decisions/0116 says how. */
  readonly cost: number;
  /** The task after the change. */
  readonly task?: (task: Task) => Task;
  /** Makes the change in the view; what comes back takes it back. */
  readonly inView?: (view: ClusterView) => () => void;
}

/** Whom a remedy is for. */
export interface Patient {
  readonly task: Task;
  readonly node: Node;
}

const oneCpu = 1_000_000_000;
const mebibyte = 2 ** 20;

/** What the API takes at least of a reservation. */
const memoryBytesMin = 4 * mebibyte;

/** The changes that could do away with the refusal, the one to try first in front. None: nothing a person can do. */
export function remediesFor(refusal: Refusal, patient: Patient): readonly Remedy[] {
  switch (refusal.filter) {
    case 'availability':
      return [awaken(patient)];
    case 'taints':
      return tolerate(patient);
    case 'constraints':
      return meetConstraint(patient);
    case 'node-affinity':
      return meetNodeAffinity(patient);
    case 'platform':
    case 'volumes':
      return [];
    case 'ports':
      return freePorts(patient);
    case 'resources':
      return refusal.shortages.flatMap((shortage) => lower(shortage, patient));
    case 'replicas-per-node':
      return raiseReplicas(refusal.shortages, patient);
    case 'topology-spread':
      return relaxSpread(refusal.shortages, patient);
    case 'service-affinity':
      return dropAffinity(refusal, patient);
  }
}

export function nodeName(node: Node): string {
  return node.description?.hostname || node.id;
}

/** As a shell takes it for one word. */
export function shellWord(text: string): string {
  return /^[\w.,/:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function onService(task: Task, flags: string): string {
  return `tsctl service update ${flags} ${shellWord(task.serviceName)}`;
}

function onNode(node: Node, flags: string): string {
  return `tsctl node update ${flags} ${shellWord(nodeName(node))}`;
}

function withNode(node: Node, change: Partial<Node>): (view: ClusterView) => () => void {
  return (view) => {
    const before = view.node(node.id)?.node ?? node;
    view.setNode({ ...before, ...change });
    return () => view.setNode(before);
  };
}

function withPlacement(change: (placement: Placement) => Partial<Placement>): (task: Task) => Task {
  return (task) => {
    const placement = task.spec?.placement;
    if (placement === undefined) return task;
    const spec = { ...(task.spec ?? TaskSpec.create()) };
    return { ...task, spec: { ...spec, placement: { ...placement, ...change(placement) } } };
  };
}

function awaken({ node }: Patient): Remedy {
  const name = nodeName(node);
  const spec = { ...(node.spec ?? NodeSpec.create()), availability: Availability.ACTIVE };
  const isReady = node.status?.state === NodeState.READY;
  if (isReady)
    return {
      text: `uncordon node ${name}`,
      command: `tsctl node uncordon ${shellWord(nodeName(node))}`,
      cost: 10,
      inView: withNode(node, { spec }),
    };
  const status = { ...(node.status ?? NodeStatus.create()), state: NodeState.READY };
  return {
    text: `bring node ${name} back: it is not ready`,
    command: '',
    cost: 60,
    inView: withNode(node, { status, spec }),
  };
}

function tolerate({ task, node }: Patient): readonly Remedy[] {
  const taints = node.spec?.taints ?? [];
  const { tolerations } = requirementsOf(task);
  const hard = taints.filter((taint) => untolerated([taint], tolerations) !== undefined);
  const taint = untolerated(
    hard.filter(({ effect }) => effect !== TaintEffect.PREFER_NO_SCHEDULE),
    tolerations,
  );
  if (taint === undefined) return [];
  const { key, value, effect } = taint;
  const word = `${key}=${value}:${taintId(taint).slice(key.length + 1)}`;
  const added = Toleration.create({ key, value, effect });
  const spec = {
    ...(node.spec ?? NodeSpec.create()),
    taints: taints.filter((one) => one !== taint),
  };
  return [
    {
      text: `add toleration ${word}`,
      command: onService(task, `--toleration-add ${shellWord(word)}`),
      cost: 30,
      task: withPlacement((placement) => ({ tolerations: [...placement.tolerations, added] })),
    },
    {
      text: `take taint ${taintText(taint)} off node ${nodeName(node)}`,
      command: onNode(node, `--taint-rm ${shellWord(taintId(taint))}`),
      cost: 35,
      inView: withNode(node, { spec }),
    },
  ];
}

function labelNode(node: Node, labels: Readonly<Record<string, string>>, cost: number): Remedy {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const spec = node.spec ?? NodeSpec.create();
  return {
    text: `label node ${nodeName(node)} ${pairs.join(' ')}`,
    command: onNode(node, pairs.map((pair) => `--label-add ${shellWord(pair)}`).join(' ')),
    cost,
    inView: withNode(node, { spec: { ...spec, labels: { ...spec.labels, ...labels } } }),
  };
}

function meetConstraint({ task, node }: Patient): readonly Remedy[] {
  const texts = task.spec?.placement?.constraints ?? [];
  const failed = knownConstraints(texts)?.find((one) => !satisfiesConstraints(node, [one]));
  if (failed === undefined) return [];
  const { key, isEqual, text } = failed;
  const drop: Remedy = {
    text: `drop --constraint ${text}`,
    command: onService(task, `--constraint-rm ${shellWord(text)}`),
    cost: 50,
    task: withPlacement(({ constraints }) => ({
      constraints: constraints.filter((one) => one !== text),
    })),
  };
  if (key.kind !== 'node-label' || !isEqual) return [drop];
  const value = text.slice(text.indexOf('==') + 2).trim();
  return [labelNode(node, { [key.label]: value }, 20), drop];
}

function meetNodeAffinity({ task, node }: Patient): readonly Remedy[] {
  const { nodeSelector = {}, nodeAffinity } = task.spec?.placement ?? {};
  const wanted = new Map<string, string>();
  const want = (key: ConstraintKey, value: string | undefined): boolean => {
    if (key.kind !== 'node-label' || value === undefined) return false;
    wanted.set(key.label, value);
    return true;
  };
  for (const [text, value] of Object.entries(nodeSelector)) {
    const key = nodeKey(text);
    if (valueUnder(node, key) === value) continue;
    if (!want(key, value)) return [];
  }
  const term = nodeAffinity?.required?.terms[0];
  for (const { key: text, operator, values } of term?.expressions ?? []) {
    const key = nodeKey(text);
    if (operator !== SelectorOperator.IN || values.includes(valueUnder(node, key) ?? '')) continue;
    if (!want(key, values[0])) return [];
  }
  if (wanted.size === 0) return [];
  return [labelNode(node, Object.fromEntries(wanted), 20 * wanted.size)];
}

function freePorts({ task, node }: Patient): readonly Remedy[] {
  const { ports } = requirementsOf(task);
  const numbers = ports.map(({ publishedPort }) => publishedPort);
  return [
    {
      text: `free port ${numbers.join(', ')} on ${nodeName(node)}`,
      command: '',
      cost: 40,
      inView: (view) => {
        const record = view.node(node.id);
        const held = record?.ports.heldAgainst(ports) ?? ([] as readonly PortConfig[]);
        record?.ports.release(held);
        return () => record?.ports.take(held);
      },
    },
  ];
}

/** Rounded down to what a person would write; 0: there is nothing left to lower it to. */
function lowered(name: string, have: number): number {
  if (name === 'cpu') return Math.floor(have / 10_000_000) * 10_000_000;
  if (name !== 'memory') return have;
  const floor = Math.floor(have / mebibyte) * mebibyte;
  return floor < memoryBytesMin ? 0 : floor;
}

function amountText(name: string, amount: number): string {
  if (name === 'cpu') return String(Number((amount / oneCpu).toFixed(3)));
  return name === 'memory' ? `${Number((amount / mebibyte).toFixed(1))}MiB` : String(amount);
}

function lower({ name, need, have }: Shortage, { task }: Patient): readonly Remedy[] {
  const left = lowered(name, have);
  if (left <= 0) return [];
  const isGeneric = !['cpu', 'memory', 'pids'].includes(name);
  const to = amountText(name, left);
  return [
    {
      text: isGeneric
        ? `lower --generic-resource ${name} from ${need} to ${to}`
        : `lower --reserve-${name} from ${amountText(name, need)} to ${to}`,
      command: onService(
        task,
        isGeneric
          ? `--generic-resource-add ${shellWord(`${name}=${to}`)}`
          : `--reserve-${name} ${to}`,
      ),
      cost: 15 + (85 * (need - left)) / need,
      task: (one) => reserving(one, name, left),
    },
  ];
}

function reserving(task: Task, name: string, amount: number): Task {
  const { spec } = task;
  const reserved = spec?.resources?.reservations;
  if (spec?.resources === undefined || reserved === undefined) return task;
  const field = name === 'cpu' ? 'cpuNano' : name === 'memory' ? 'memoryBytes' : undefined;
  const reservations =
    field !== undefined
      ? { ...reserved, [field]: amount }
      : name === 'pids'
        ? { ...reserved, pids: amount }
        : { ...reserved, generic: { ...reserved.generic, [name]: amount } };
  return { ...task, spec: { ...spec, resources: { ...spec.resources, reservations } } };
}

function raiseReplicas(shortages: readonly Shortage[], { task }: Patient): readonly Remedy[] {
  const short = shortages[0];
  if (short === undefined) return [];
  const enough = short.capacity - short.have + 1;
  return [
    {
      text: `raise --replicas-max-per-node from ${short.capacity} to ${enough}`,
      command: onService(task, `--replicas-max-per-node ${enough}`),
      cost: 20 + (enough - short.capacity),
      task: withPlacement(() => ({ replicasMaxPerNode: enough })),
    },
  ];
}

function relaxSpread(shortages: readonly Shortage[], { task, node }: Patient): readonly Remedy[] {
  const spreads = task.spec?.placement?.topologySpread ?? [];
  const need = shortages[0]?.need;
  return spreads.flatMap((spread): readonly Remedy[] => {
    const { topologyKey, maxSkew, action } = spread;
    if (action !== SpreadAction.DO_NOT_SCHEDULE) return [];
    const key = nodeKey(topologyKey);
    const isMissing = valueUnder(node, key) === undefined;
    if (need === undefined || isMissing) {
      if (!isMissing || key.kind !== 'node-label') return [];
      // Any value makes it a domain; its own name is one that no other node has.
      return [labelNode(node, { [key.label]: nodeName(node) }, 25)];
    }
    if (maxSkew >= need) return [];
    return [
      {
        text: `raise the skew of --spread ${topologyKey} from ${maxSkew} to ${need}`,
        command: onService(task, `--spread-add ${shellWord(`${topologyKey}:${need}`)}`),
        cost: 25 + (need - maxSkew),
        task: withPlacement(({ topologySpread }) => ({
          topologySpread: topologySpread.map((one) =>
            one === spread ? { ...one, maxSkew: need } : one,
          ),
        })),
      },
    ];
  });
}

function termText({ selector, topologyKey, matchLabelKeys }: AffinityTerm): string {
  const labels = Object.entries(selector?.labels ?? {});
  const named = labels.find(([key]) => key === nameLabel);
  const pairs = labels.map(([key, value]) => `${key}=${value}`).join(',');
  const tasks =
    named !== undefined && labels.length === 1
      ? named[1]
      : pairs === '' && matchLabelKeys.includes(nameLabel)
        ? 'self'
        : pairs;
  return `${tasks}@${topologyKey}`;
}

/** Terms that keep the task away; what a standing task's own anti-affinity closes nobody can open here. */
function dropAffinity({ reasons }: Refusal, { task }: Patient): readonly Remedy[] {
  const isAnti = reasons.some((reason) => reason.includes('anti-affinity'));
  if (reasons.some((reason) => reason.includes('existing pods'))) return [];
  const field = isAnti ? 'antiAffinity' : 'affinity';
  const flag = isAnti ? '--anti-affinity' : '--affinity';
  const rules: ServiceAffinity | undefined = task.spec?.placement?.[field];
  return (rules?.required ?? []).map((term): Remedy => {
    const text = termText(term);
    return {
      text: `drop ${flag} ${text}`,
      command: onService(task, `${flag}-rm ${shellWord(text)}`),
      cost: 60,
      task: withPlacement((placement) => {
        const present = placement[field];
        if (present === undefined) return {};
        return {
          [field]: { ...present, required: present.required.filter((one) => one !== term) },
        };
      }),
    };
  });
}

/** A node as this one, with nothing on it. */
export function anotherNode(node: Node): Remedy {
  const { cpuNano = 0, memoryBytes = 0 } = node.description?.resources ?? {};
  const has = `${amountText('cpu', cpuNano)} cpus, ${amountText('memory', memoryBytes)}`;
  const id = `another ${node.id}`;
  const added: Node = {
    ...node,
    id,
    description: { ...(node.description ?? NodeDescription.create()), hostname: id },
  };
  return {
    text: `add a node like ${nodeName(node)} (${has})`,
    command: '',
    cost: 90,
    inView: (view) => {
      view.setNode(added);
      return () => view.removeNode(id);
    },
  };
}
