/** Stops tasks on nodes that changed so that they may not stay there; the orchestrator replaces them. */
import type { Counter, Ms } from '#lib';
import { TaskState } from '#proto';
import type { Commit, Subscription } from '../store/types.ts';
import { applyStep } from './apply-step.ts';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { isNodeChangeOfInterest } from './node-table.ts';
import type { Step } from './plan.ts';
import { planEnforcing } from './plan-enforcing.ts';
import { desire } from './plan-slot.ts';
import { ReconcileLoop } from './reconcile-loop.ts';

export class ConstraintEnforcer implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #dirtyNodes = new Set<string>();
  readonly #evicted: Counter;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    this.#evicted = options.metrics.counter(
      'tessera_enforcer_tasks_evicted_total',
      'Tasks stopped because their node no longer suits them.',
    );
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'enforcer',
      pass: () => this.#pass(),
      onFailure: () => this.#markAll(),
      catchUp: (signal) => options.store.readBarrier(signal),
    });
  }

  start(): void {
    this.#watch = this.#options.store.watch((commit) => this.#onCommit(commit));
    this.#markAll();
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #markAll(): void {
    this.#options.store.view((tx) => {
      for (const { id } of tx.list('node')) this.#dirtyNodes.add(id);
    });
    this.#loop.ring();
  }

  #onCommit(commit: Commit): void {
    for (const event of commit.events) {
      if (event.table !== 'node' || event.kind !== 'update') continue;
      if (!isNodeChangeOfInterest(event.old, event.object)) continue;
      this.#dirtyNodes.add(event.object.id);
      this.#loop.ring();
    }
  }

  async #pass(): Promise<Ms> {
    const { clock, store } = this.#options;
    const startedAt = clock.monotonic();
    const steps = store.view((tx) =>
      [...this.#dirtyNodes].flatMap((nodeId) => {
        const node = tx.get('node', nodeId);
        if (node === undefined) return [];
        const evictions = planEnforcing(node, tx.tasksOfNode(nodeId), (id) =>
          tx.get('service', id),
        );
        return evictions.map(
          ({ task, message }): Step => ({
            serviceId: task.serviceId,
            specVersion: undefined,
            changes: [desire(task, TaskState.SHUTDOWN, message)],
          }),
        );
      }),
    );
    this.#dirtyNodes.clear();
    const costMs = clock.monotonic() - startedAt;
    if (steps.length > 0) {
      await store.batch(steps, applyStep);
      this.#evicted.inc({}, steps.length);
    }
    return costMs;
  }
}
