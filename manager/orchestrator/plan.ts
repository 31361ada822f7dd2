/** What the planners are given and what they give back. */
import type { Ms, Random } from '#lib';
import type { Node, Service, Task, TaskState } from '#proto';
import type { DisruptionBudgets } from '../disruption/index.ts';

/** Everything beside the service and its tasks that a decision may depend on. */
export interface World {
  readonly nowMs: Ms;
  readonly random: Random;
  node(id: string): Node | undefined;
  nodes(): Iterable<Node>;
  /** When the tasks of a DOWN node are to be replaced; Infinity while too many nodes are DOWN. */
  replaceAtMs(node: Node): Ms;
  /** How many tasks may leave drained nodes; what a plan takes away is taken from them. */
  readonly budgets: Pick<DisruptionBudgets, 'allows' | 'take'>;
}

export type Change =
  | { readonly kind: 'create'; readonly task: Task }
  /** Raises the desired state; nothing when it is there or past it. */
  | {
      readonly kind: 'desire';
      readonly taskId: string;
      readonly state: TaskState;
      /** Why, for people; written to the status when not empty. */
      readonly message: string;
    }
  /** Changes fields of the service that are the orchestrator's, or all when it rolls back. */
  | { readonly kind: 'service'; readonly set: Partial<Service> };

/** Changes that are written together or not at all. */
export interface Step {
  readonly serviceId: string;
  /** Not written when the service's has moved on; undefined = written in any case. */
  readonly specVersion: number | undefined;
  readonly changes: readonly Change[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** When to look again at the whole if nothing happens before; Infinity = never. */
  readonly wakeAtMs: Ms;
  /** When to look again at one slot. */
  readonly slotWakes: readonly SlotWake[];
}

export interface SlotWake {
  readonly key: string;
  readonly atMs: Ms;
  /** It waits for its service's budget: any task of the service that runs again may open it. */
  readonly isForBudget: boolean;
}

export const never = Infinity;
export const emptyPlan: Plan = { steps: [], wakeAtMs: never, slotWakes: [] };

export function stepOf(service: Service, changes: readonly Change[]): Step {
  return { serviceId: service.id, specVersion: service.specVersion, changes };
}
