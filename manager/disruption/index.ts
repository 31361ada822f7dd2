/**
 * Disruption budgets: how many tasks of a service may be missing while the cluster stops some of its own accord. Pure;
 * preemption, draining and rebalancing ask it. Owns no field of any object.
 */
export { disruptionOf, unavailableMax } from './budget.ts';
export { DisruptionBudgets } from './budgets.ts';
export type { BudgetState } from './budgets.ts';
