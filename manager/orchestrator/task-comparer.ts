/** Whether a task is what its service would make today. */
import { isAskedFor } from '#scheduler';
import { TaskState } from '#proto';
import type { Node, PortConfig, Service, Task, TaskSpec } from '#proto';
import { isOnIngress, publishesThroughIngress } from '../allocator/needs.ts';
import { hostPortsOf } from './service-config.ts';
import { stateOf } from './task-state.ts';

/** Structural equality of plain objects as the codecs make them; `undefined` equals a missing field. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSame(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isSame(left[name], right[name]));
}

/** The spec without what may change under a running task: where it may be, how its image is fetched. */
function essence(spec: TaskSpec | undefined): unknown {
  if (spec === undefined) return undefined;
  const bare = (container: object): object => ({ ...container, registryAuth: undefined });
  return {
    ...spec,
    placement: undefined,
    containers: spec.containers.map(bare),
    initContainers: spec.initContainers.map(bare),
  };
}

function nodesAskedFor(spec: TaskSpec | undefined): unknown {
  const { constraints = [], nodeSelector = {}, nodeAffinity } = spec?.placement ?? {};
  return { constraints, nodeSelector, required: nodeAffinity?.required };
}

interface Comparison {
  readonly isSame: boolean;
  /** Whether both ask for the same nodes, by name and labels. */
  readonly areNodesSame: boolean;
}

/** Compares tasks with one service. All tasks of one spec version are alike, so each is compared once. */
export class TaskComparer {
  readonly #service: Service;
  readonly #node: (id: string) => Node | undefined;
  readonly #ports: readonly PortConfig[];
  readonly #isIngressNeeded: boolean;
  readonly #known = new Map<number, Comparison>();

  constructor(service: Service, node: (id: string) => Node | undefined) {
    this.#service = service;
    this.#node = node;
    this.#ports = hostPortsOf(service);
    this.#isIngressNeeded = publishesThroughIngress(service);
  }

  /**
   * Whether an update has to replace the task. One that differs only in the nodes it asks for may stay on
   * a node that the new spec asks for too.
   */
  isOutdated(task: Task): boolean {
    const hasPorts = task.ports.length + this.#ports.length > 0;
    if (hasPorts && !isSame(task.ports, this.#ports)) return true;
    // One that is NEW has its addresses still to come: those that the service needs then.
    if (this.#isIngressNeeded && stateOf(task) > TaskState.NEW && !isOnIngress(task)) return true;
    if (task.specVersion === this.#service.specVersion) return false;
    const comparison = this.#compare(task);
    if (!comparison.isSame) return true;
    if (comparison.areNodesSame) return false;
    const node = this.#node(task.nodeId);
    return node === undefined || !isAskedFor(node, this.#service.spec?.task?.placement);
  }

  #compare(task: Task): Comparison {
    const known = this.#known.get(task.specVersion);
    if (known !== undefined) return known;
    const spec = this.#service.spec?.task;
    const comparison = {
      isSame: isSame(essence(task.spec), essence(spec)),
      areNodesSame: isSame(nodesAskedFor(task.spec), nodesAskedFor(spec)),
    };
    this.#known.set(task.specVersion, comparison);
    return comparison;
  }
}
