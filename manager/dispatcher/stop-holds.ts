import type { Clock, Histogram, Metrics, Ms, Timer } from '#lib';
import { durationBuckets } from '#lib';

/** Messages that one agent has to apply, before those that nothing waits for any more are forgotten. */
const toldMax = 100;
/** A stop is held back at most this long. */
export const stopHoldMaxMs: Ms = 2_000;

/** One message that several agents have to apply. */
interface Step {
  readonly holds: readonly Hold[];
  /** Keys of those who have not. */
  readonly waitingFor: Set<string>;
}

interface Hold {
  readonly taskId: string;
  readonly beganAtMs: Ms;
  readonly timer: Timer;
  /** Networks whose nodes have not been told yet. */
  readonly untold: Set<string>;
  steps: number;
}

export interface StopHoldsOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The task's agent may be told to stop it. */
  readonly release: (taskId: string) => void;
}

/**
 * The stops that wait until no host leads callers to the task any more. A task is held from the
 * commit that wants it stopped until every agent that was told has applied it, has left, or
 * `stopHoldMaxMs` are over.
 */
export class StopHolds {
  readonly #options: StopHoldsOptions;
  readonly #took: Histogram;
  readonly #holds = new Map<string, Hold>();
  /** By network: the holds of which its nodes have not been told. */
  readonly #untold = new Map<string, Set<Hold>>();
  /** By agent, ascending: what it was told and has not applied. */
  readonly #told = new Map<string, { readonly sequence: number; readonly step: Step }[]>();

  constructor(options: StopHoldsOptions) {
    this.#options = options;
    this.#took = options.metrics.histogram(
      'tessera_dispatcher_stop_hold_seconds',
      'How long stops of tasks were held back until no host led callers to them.',
      durationBuckets,
      ['outcome'],
    );
    options.metrics.observedGauge(
      'tessera_dispatcher_stops_held',
      'Tasks whose stop is held back until no host leads callers to them.',
      () => this.#holds.size,
    );
  }

  has(taskId: string): boolean {
    return this.#holds.has(taskId);
  }

  /** The task on these networks is to stop; the agents of all of them will be told. */
  hold(taskId: string, networkIds: readonly string[]): void {
    if (this.#holds.has(taskId)) return;
    const { clock } = this.#options;
    const timer = clock.after(stopHoldMaxMs, () => {
      this.#end(hold, 'late');
      this.#options.release(taskId);
    });
    const hold: Hold = {
      taskId,
      beganAtMs: clock.monotonic(),
      timer,
      untold: new Set(networkIds),
      steps: 0,
    };
    this.#holds.set(taskId, hold);
    for (const id of networkIds) {
      const holds = this.#untold.get(id);
      if (holds === undefined) this.#untold.set(id, new Set([hold]));
      else holds.add(hold);
    }
  }

  /** What the agents of a network have to apply, by agent: the sequence it came under. */
  told(networkId: string, sequences: ReadonlyMap<string, number>): void {
    const holds = [...(this.#untold.get(networkId) ?? [])];
    this.#untold.delete(networkId);
    if (holds.length === 0) return;
    const step: Step = { holds, waitingFor: new Set(sequences.keys()) };
    for (const hold of holds) {
      hold.untold.delete(networkId);
      hold.steps++;
    }
    for (const [agent, sequence] of sequences) {
      const told = this.#told.get(agent) ?? [];
      const isLong = told.length >= toldMax;
      const awaited = isLong ? told.filter((one) => this.#isAwaited(one.step)) : told;
      awaited.push({ sequence, step });
      this.#told.set(agent, awaited);
    }
    if (sequences.size === 0) this.#done(step);
  }

  /** The agent has applied everything up to this sequence. */
  applied(agent: string, sequence: number): void {
    const told = this.#told.get(agent);
    while (told?.[0] !== undefined && told[0].sequence <= sequence)
      this.#one(agent, told.shift()?.step);
    if (told?.length === 0) this.#told.delete(agent);
  }

  /** The agent is not there any more: nobody waits for it. */
  left(agent: string): void {
    const told = this.#told.get(agent) ?? [];
    this.#told.delete(agent);
    for (const { step } of told) this.#one(agent, step);
  }

  /** The task need not be stopped any more, or is gone: true when its stop was held. */
  cancel(taskId: string): boolean {
    const hold = this.#holds.get(taskId);
    if (hold !== undefined) this.#end(hold, 'gone');
    return hold !== undefined;
  }

  clear(): void {
    for (const { timer } of this.#holds.values()) timer.cancel();
    this.#holds.clear();
    this.#untold.clear();
    this.#told.clear();
  }

  #one(agent: string, step: Step | undefined): void {
    if (step?.waitingFor.delete(agent) === true && step.waitingFor.size === 0) this.#done(step);
  }

  #isAwaited({ holds }: Step): boolean {
    return holds.some((hold) => this.#holds.get(hold.taskId) === hold);
  }

  #done(step: Step): void {
    for (const hold of step.holds) {
      hold.steps--;
      const isWaiting = hold.steps > 0 || hold.untold.size > 0;
      if (isWaiting || this.#holds.get(hold.taskId) !== hold) continue;
      this.#end(hold, 'applied');
      this.#options.release(hold.taskId);
    }
  }

  #end(hold: Hold, outcome: 'applied' | 'late' | 'gone'): void {
    hold.timer.cancel();
    this.#holds.delete(hold.taskId);
    for (const id of hold.untold) {
      const holds = this.#untold.get(id);
      holds?.delete(hold);
      if (holds?.size === 0) this.#untold.delete(id);
    }
    this.#took.observe((this.#options.clock.monotonic() - hold.beganAtMs) / 1000, { outcome });
  }
}
