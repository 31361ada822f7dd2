/** Nodes, tasks and a view for tests of the scheduler. */
import { Availability, NodeDescription, NodeSpec, NodeState, NodeStatus, Placement } from '#proto';
import { PortConfig, Protocol, PublishMode, ResourceRequirements, Resources } from '#proto';
import { Task, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { Node, Platform, Taint, Toleration } from '#proto';
import { parseTaint } from '#cli/parse/taint';
import { ClusterView, defaultScoring, place } from '#scheduler';
import type { ScoringConfig } from '#scheduler';
import { aNode } from './objects.ts';

export interface NodeShape {
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly generic?: Readonly<Record<string, number>>;
  readonly state?: NodeState;
  readonly availability?: Availability;
  readonly platform?: Platform;
  /** Taints, or as in "disk=slow:NoSchedule". */
  readonly taints?: readonly (Taint | string)[];
  /** Named ones that it has. */
  readonly volumes?: readonly string[];
}

export function nodeOf(id: string, shape: NodeShape = {}): Node {
  const { labels = {}, availability = Availability.ACTIVE, taints = [] } = shape;
  const resources = Resources.create({
    cpuNano: (shape.cpus ?? 4) * 1e9,
    memoryBytes: shape.memoryBytes ?? 2 ** 33,
    generic: shape.generic ?? {},
  });
  return aNode(id, {
    spec: NodeSpec.create({ labels, availability, taints: taints.map(taintOf) }),
    status: NodeStatus.create({ state: shape.state ?? NodeState.READY }),
    description: NodeDescription.create({
      hostname: id,
      resources,
      platform: shape.platform,
      volumes: shape.volumes ?? [],
    }),
  });
}

function taintOf(taint: Taint | string): Taint {
  return typeof taint === 'string' ? parseTaint('taint', taint) : taint;
}

export interface TaskShape {
  readonly service?: string;
  readonly slot?: number;
  readonly nodeId?: string;
  readonly state?: TaskState;
  readonly desired?: TaskState;
  readonly specVersion?: number;
  readonly changedAtMs?: number;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly generic?: Readonly<Record<string, number>>;
  readonly constraints?: readonly string[];
  readonly preferences?: readonly string[];
  readonly platforms?: readonly Platform[];
  readonly perNodeMax?: number;
  readonly priority?: number;
  readonly runningAtMs?: number;
  readonly ports?: readonly PortConfig[];
  readonly tolerations?: readonly Toleration[];
  /** Of its service; the stack is a label too. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whatever else its placement asks for. */
  readonly placement?: Partial<Placement>;
}

export function taskOf(id: string, shape: TaskShape = {}): Task {
  const reservations = Resources.create({
    cpuNano: (shape.cpus ?? 0) * 1e9,
    memoryBytes: shape.memoryBytes ?? 0,
    generic: shape.generic ?? {},
  });
  const placement = Placement.create({
    constraints: shape.constraints ?? [],
    preferences: shape.preferences ?? [],
    platforms: shape.platforms ?? [],
    replicasMaxPerNode: shape.perNodeMax ?? 0,
    tolerations: shape.tolerations ?? [],
    priority: shape.priority ?? 0,
    ...shape.placement,
  });
  const resources = ResourceRequirements.create({ reservations });
  return Task.create({
    id,
    serviceId: shape.service ?? 's',
    serviceName: shape.service ?? 's',
    slot: shape.slot ?? 1,
    nodeId: shape.nodeId ?? '',
    spec: TaskSpec.create({ placement, resources }),
    specVersion: shape.specVersion ?? 1,
    desiredState: shape.desired ?? TaskState.RUNNING,
    status: TaskStatus.create({
      state: shape.state ?? TaskState.PENDING,
      changedAtMs: shape.changedAtMs ?? 0,
      runningAtMs: shape.runningAtMs ?? 0,
    }),
    ports: shape.ports ?? [],
    labels: shape.labels ?? {},
  });
}

/** So many alike tasks. */
export function tasksOf(count: number, shape: TaskShape = {}, prefix = 't'): readonly Task[] {
  return Array.from({ length: count }, (_, at) =>
    taskOf(`${prefix}${at}`, { ...shape, slot: at + 1 }),
  );
}

export function hostPort(
  publishedPort: number,
  protocol: Protocol = Protocol.TCP,
  hostIp = '',
): PortConfig {
  const mode = PublishMode.HOST;
  return PortConfig.create({ mode, protocol, publishedPort, targetPort: publishedPort, hostIp });
}

export function viewOf(nodes: readonly Node[], tasks: readonly Task[] = []): ClusterView {
  const view = new ClusterView();
  for (const node of nodes) view.setNode(node);
  for (const task of tasks) view.setTask(task);
  return view;
}

/** Tasks placed per node, by node id, and the explanations of the others. */
export function outcome(
  view: ClusterView,
  tasks: readonly Task[],
  nowMs = 0,
  scoring: ScoringConfig = defaultScoring,
): { counts: Record<string, number>; explanations: readonly string[] } {
  const { placed, unplaced } = place(view, tasks, { nowMs, scoring });
  const counts: Record<string, number> = {};
  for (const { nodeId } of placed) counts[nodeId] = (counts[nodeId] ?? 0) + 1;
  return { counts, explanations: [...new Set(unplaced.map(({ explanation }) => explanation))] };
}
