import { assert, newId } from '#lib';
import type { Counter, Gauge, Ms } from '#lib';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { ReconcileLoop } from '../orchestrator/reconcile-loop.ts';
import type { Commit, Subscription } from '../store/types.ts';
import { AllocatorState } from './allocator-state.ts';
import { writeDecision } from './write-decision.ts';

/** Tasks that one pass looks at; the rest follows in the next. */
const tasksPerPass = 1_000;

/** The leader's loop around `AllocatorState`: tells it what happens, and writes what it decides. */
export class Allocator implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #allocated: Counter;
  readonly #waitingGauge: Gauge;
  /** Made by `start`, and anew whenever it is not known what was written. */
  #state: AllocatorState | undefined;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    const { metrics, store } = options;
    this.#allocated = metrics.counter(
      'tessera_allocator_tasks_allocated_total',
      'Tasks that were given their addresses.',
    );
    this.#waitingGauge = metrics.gauge(
      'tessera_allocator_tasks_waiting',
      'Tasks for which no address is free.',
    );
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'allocator',
      pass: () => this.#pass(),
      onFailure: () => this.#rebuild(),
      catchUp: (signal) => store.readBarrier(signal),
    });
  }

  start(): void {
    this.#rebuild();
    this.#watch = this.#options.store.watch((commit) => this.#onCommit(commit), {
      name: 'allocator',
    });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #rebuild(): void {
    this.#state = this.#options.store.view((tx) => new AllocatorState(tx));
    this.#loop.ring();
  }

  #onCommit(commit: Commit): void {
    for (const event of commit.events) this.#state?.apply(event);
    if (this.#state?.isWorkWaiting === true) this.#loop.ring();
  }

  async #pass(): Promise<Ms> {
    const { clock, random, store } = this.#options;
    const startedAt = clock.monotonic();
    const state = this.#state;
    assert(state !== undefined, 'a pass before the start');
    const decisions = state.decide({ newId: () => newId(random), tasksMax: tasksPerPass });
    this.#waitingGauge.set(state.tasks.waitingCount);
    const costMs = clock.monotonic() - startedAt;
    if (decisions.length > 0) {
      const nowMs = clock.now();
      await store.batch(decisions, (tx, decision) => writeDecision(tx, decision, nowMs));
      for (const decision of decisions)
        if (decision.kind === 'tasks') this.#allocated.inc({}, decision.grants.length);
      store.view((tx) => state.settle(tx, decisions));
    }
    for (const conflict of state.tasks.conflicts.splice(0))
      this.#options.log.error('two tasks have the same address', { address: conflict });
    if (state.isWorkWaiting) this.#loop.ring();
    return costMs;
  }
}
