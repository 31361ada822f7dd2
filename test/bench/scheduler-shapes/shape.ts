/** A cluster and the tasks to place on it; the parts that shapes are made of. */
import { TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { nodeOf, taskOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

export interface Shape {
  readonly name: string;
  readonly nodes: () => readonly Node[];
  /** Tasks that are placed before, without being measured. */
  readonly before?: () => readonly Task[];
  readonly measured: () => readonly Task[];
  /** What comes and goes between two measured tasks that are placed one by one. */
  readonly hasChurn?: boolean;
  /** Placements a second that are to be reached, and what they come from. */
  readonly floor?: number | undefined;
  readonly floorOf?: string;
  /** The same for placements that Raft has committed. */
  readonly committedFloor?: number | undefined;
}

export interface ClusterShape {
  readonly cpus: number;
  /** Nodes in turn get the label zone=z0, z1, ...; default one zone. */
  readonly zones?: number;
}

const gib = 2 ** 30;

export function nodesOf(count: number, { cpus, zones = 1 }: ClusterShape): readonly Node[] {
  return Array.from({ length: count }, (_, at) =>
    nodeOf(`node-${String(at).padStart(5, '0')}`, {
      cpus,
      memoryBytes: 8 * cpus * gib,
      labels: { zone: `z${at % zones}`, host: String(at) },
    }),
  );
}

let made = 0;

/** Alike tasks, of one service or of as many as `serviceOf` says; their labels name the kind. */
export function tasksOf(
  count: number,
  shape: TaskShape,
  serviceOf: (at: number) => string = () => `${shape.service ?? 'service'}`,
): readonly Task[] {
  const batch = made++;
  return Array.from({ length: count }, (_, at) =>
    taskOf(`${batch}/${at}`, { ...shape, service: serviceOf(at), slot: at + 1 }),
  );
}

/** The task as its agent runs it. */
export function runningOn(task: Task, nodeId: string): Task {
  return {
    ...task,
    nodeId,
    status: { ...task.status, state: TaskState.RUNNING } as Task['status'],
  };
}
