/**
 * Stops tasks on nodes that changed so that they may not stay there; the orchestrator replaces them. The time
 * that a task may stay beside a NoExecute taint is computed from what the store holds, so a new leader goes
 * on where the last one stopped.
 */
import type { Counter, Ms } from '#lib';
import { TaintEffect, TaskState } from '#proto';
import type { Node, Service } from '#proto';
import type { Commit, ReadTransaction, StoreEvent, Subscription } from '../store/types.ts';
import { applyStep } from './apply-step.ts';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { isNodeChangeOfInterest } from './node-table.ts';
import type { Step } from './plan.ts';
import { planEnforcing } from './plan-enforcing.ts';
import { desire } from './plan-slot.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { tolerationsOf } from './service-config.ts';
import { isSame } from './task-comparer.ts';
import { WakeUps } from './wake-ups.ts';

/** A pass stops looking when it has looked at this many tasks, but for the node it is at. */
const tasksPerPass = 5_000;

export class ConstraintEnforcer implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #dirtyNodes = new Set<string>();
  /** Nodes with a NoExecute taint: what comes to them has to be looked at too. */
  readonly #tainted = new Set<string>();
  /** When a task on a node has to leave it. */
  readonly #wakes = new WakeUps();
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
    this.#watch = this.#options.store.watch((commit) => this.#onCommit(commit), {
      name: 'constraint enforcer',
    });
    this.#markAll();
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #markAll(): void {
    this.#options.store.view((tx) => {
      for (const node of tx.list('node')) {
        this.#noteTaints(node);
        this.#dirtyNodes.add(node.id);
      }
    });
    this.#loop.ring();
  }

  #onCommit(commit: Commit): void {
    for (const event of commit.events) this.#apply(event);
    if (this.#dirtyNodes.size > 0) this.#loop.ring();
  }

  #apply(event: StoreEvent): void {
    if (event.table === 'node') {
      if (event.kind === 'remove') {
        this.#tainted.delete(event.object.id);
        this.#wakes.set(event.object.id, Infinity);
        return;
      }
      this.#noteTaints(event.object);
      if (event.kind === 'update' && isNodeChangeOfInterest(event.old, event.object))
        this.#dirtyNodes.add(event.object.id);
      return;
    }
    if (this.#tainted.size === 0 || event.kind === 'remove') return;
    if (event.table === 'task') {
      const { nodeId, assignedAtMs } = event.object;
      const isAssigned = event.kind === 'create' || event.old.assignedAtMs !== assignedAtMs;
      if (isAssigned && this.#tainted.has(nodeId)) this.#dirtyNodes.add(nodeId);
    } else if (event.table === 'service' && event.kind === 'update') {
      const [before, after] = [event.old, event.object].map(({ spec }) =>
        tolerationsOf(spec?.task),
      );
      if (!isSame(before, after)) for (const id of this.#tainted) this.#dirtyNodes.add(id);
    }
  }

  #noteTaints(node: Node): void {
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ effect }) => effect === TaintEffect.NO_EXECUTE)) this.#tainted.add(node.id);
    else this.#tainted.delete(node.id);
  }

  async #pass(): Promise<Ms> {
    const { clock, store } = this.#options;
    const startedAt = clock.monotonic();
    const nowMs = clock.now();
    for (const nodeId of this.#wakes.takeDue(nowMs)) this.#dirtyNodes.add(nodeId);
    const steps = store.view((tx) => this.#plan(tx, nowMs));
    if (this.#dirtyNodes.size > 0) this.#loop.ring();
    this.#loop.ringAt(this.#wakes.nextAtMs);
    const costMs = clock.monotonic() - startedAt;
    if (steps.length > 0) {
      await store.batch(steps, applyStep);
      this.#evicted.inc({}, steps.length);
    }
    return costMs;
  }

  #plan(tx: ReadTransaction, nowMs: Ms): readonly Step[] {
    const serviceOf = (id: string): Service | undefined => tx.get('service', id);
    const steps: Step[] = [];
    let looked = 0;
    for (const nodeId of this.#dirtyNodes) {
      if (looked >= tasksPerPass) break;
      this.#dirtyNodes.delete(nodeId);
      const node = tx.get('node', nodeId);
      if (node === undefined) continue;
      const tasks = [...tx.tasksOfNode(nodeId)];
      looked += tasks.length;
      const enforcing = planEnforcing(node, tasks, serviceOf, nowMs);
      this.#wakes.set(nodeId, enforcing.wakeAtMs);
      for (const { task, message } of enforcing.evictions)
        steps.push({
          serviceId: task.serviceId,
          specVersion: undefined,
          changes: [desire(task, TaskState.SHUTDOWN, message)],
        });
    }
    return steps;
  }
}
