import type { Node, Service, Task } from '#proto';
import type { DisruptionBudget } from '#scheduler';
import type { ReadTransaction } from '../store/types.ts';
import { disruptionOf, isAvailable } from './budget.ts';

/** What budgets are counted from. */
export interface BudgetState {
  node(id: string): Node | undefined;
  service(id: string): Service | undefined;
  tasksOfService(serviceId: string): Iterable<Task>;
}

/**
 * The disruption budgets of all services for one decision, such as a preemption or a round of draining. Each is counted
 * when it is first asked for. To be used for one state, as within a transaction: it does not see
 * what changes later but for what is taken here.
 */
export class DisruptionBudgets {
  readonly #state: BudgetState;
  /** What is left, by service; undefined: it has no budget. */
  readonly #left = new Map<string, number | undefined>();

  constructor(state: BudgetState) {
    this.#state = state;
  }

  static of(tx: ReadTransaction): DisruptionBudgets {
    return new DisruptionBudgets({
      node: (id) => tx.get('node', id),
      service: (id) => tx.get('service', id),
      tasksOfService: (id) => tx.tasksOfService(id),
    });
  }

  /** The budget that stopping the task would cost; undefined: it may go at any time. */
  budgetOf(task: Task): DisruptionBudget | undefined {
    const allowed = this.#leftOf(task.serviceId);
    if (allowed === undefined || !isAvailable(task, this.#state.node(task.nodeId)))
      return undefined;
    return { id: task.serviceId, allowed };
  }

  /** Whether the task may be stopped now. */
  allows(task: Task): boolean {
    const budget = this.budgetOf(task);
    return budget === undefined || budget.allowed > 0;
  }

  /** Counts the task as stopped, within its budget or not; ask `allows` before. */
  take(task: Task): void {
    const budget = this.budgetOf(task);
    if (budget !== undefined) this.#left.set(budget.id, Math.max(0, budget.allowed - 1));
  }

  #leftOf(serviceId: string): number | undefined {
    if (this.#left.has(serviceId)) return this.#left.get(serviceId);
    const service = this.#state.service(serviceId);
    const disruption =
      service?.spec?.disruption === undefined
        ? undefined
        : disruptionOf(service, this.#state.tasksOfService(serviceId), (id) =>
            this.#state.node(id),
          );
    this.#left.set(serviceId, disruption?.allowed);
    return disruption?.allowed;
  }
}
