import { assert, newId } from '#lib';
import type { Counter, Gauge, Ms } from '#lib';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { FirstLook } from '../orchestrator/first-look.ts';
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
  /** Made by the first pass, and anew whenever it is not known what was written. */
  #state: AllocatorState | undefined;
  #first: FirstLook | undefined;
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
      pass: (signal) => this.#pass(signal),
      onFailure: () => this.#lookAnew(),
      catchUp: (signal) => store.readBarrier(signal),
    });
  }

  start(): void {
    this.#lookAnew();
    this.#watch = this.#options.store.watch((commit) => this.#onCommit(commit), {
      name: 'allocator',
    });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #lookAnew(): void {
    const { store, clock } = this.#options;
    this.#first = new FirstLook(store, clock);
    this.#loop.ring();
  }

  #onCommit(commit: Commit): void {
    if (this.#first?.keep(commit) !== true) this.#apply(commit);
  }

  #apply(commit: Commit): void {
    for (const event of commit.events) this.#state?.apply(event);
    if (this.#state?.isWorkWaiting === true) this.#loop.ring();
  }

  async #pass(signal: AbortSignal): Promise<Ms> {
    const { clock, random, store } = this.#options;
    await this.#first?.takeIn(
      async (tx, pacer) => {
        this.#state = await AllocatorState.bySlices(tx, pacer, signal);
      },
      (commit) => this.#apply(commit),
    );
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
