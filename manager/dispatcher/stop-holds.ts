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

interface Told {
  readonly sequence: number;
  readonly step: Step;
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
 * commit that wants it stopped until every agent that was told has applied it, is given up, or
 * `stopHoldMaxMs` are over. Agents that are away are waited for: their hosts go on as they were.
 */
export class StopHolds {
  readonly #options: StopHoldsOptions;
  readonly #took: Histogram;
  readonly #holds = new Map<string, Hold>();
  /** By network: the holds of which its nodes have not been told. */
  readonly #untold = new Map<string, Set<Hold>>();
  /** By agent, ascending: what it was told and has not applied. */
  readonly #told = new Map<string, Told[]>();
  /** By agent that is away: what it is to apply when it is back. */
  readonly #missed = new Map<string, Told[]>();

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

  /** Whether agents of the network are to be told for the sake of a stop. */
  isUntold(networkId: string): boolean {
    return this.#untold.has(networkId);
  }

  /**
   * What the agents of a network have to apply, by agent: the sequence it came under. `away`: others of
   * the network, who hear of it when they are back.
   */
  told(networkId: string, sequences: ReadonlyMap<string, number>, away: readonly string[]): void {
    const holds = [...(this.#untold.get(networkId) ?? [])];
    this.#untold.delete(networkId);
    if (holds.length === 0) return;
    const step: Step = { holds, waitingFor: new Set([...sequences.keys(), ...away]) };
    for (const hold of holds) {
      hold.untold.delete(networkId);
      hold.steps++;
    }
    for (const [agent, sequence] of sequences) this.#note(this.#told, agent, { sequence, step });
    for (const agent of away) this.#note(this.#missed, agent, { sequence: 0, step });
    if (step.waitingFor.size === 0) this.#done(step);
  }

  /** The agent has applied everything up to this sequence. */
  applied(agent: string, sequence: number): void {
    const told = this.#told.get(agent);
    while (told?.[0] !== undefined && told[0].sequence <= sequence)
      this.#one(agent, told.shift()?.step);
    if (told?.length === 0) this.#told.delete(agent);
  }

  /** The agent's session is over, and it may come back. */
  left(agent: string): void {
    const told = this.#told.get(agent) ?? [];
    this.#told.delete(agent);
    for (const one of told) this.#note(this.#missed, agent, one);
  }

  /** The agent has a session again: all that it has missed came under this sequence. */
  back(agent: string, sequence: number): void {
    const missed = this.#missed.get(agent) ?? [];
    this.#missed.delete(agent);
    for (const { step } of missed) this.#note(this.#told, agent, { sequence, step });
  }

  /** The agent is not there any more: nobody waits for it. */
  gaveUp(agent: string): void {
    const all = [...(this.#told.get(agent) ?? []), ...(this.#missed.get(agent) ?? [])];
    this.#told.delete(agent);
    this.#missed.delete(agent);
    for (const { step } of all) this.#one(agent, step);
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
    this.#missed.clear();
  }

  #one(agent: string, step: Step | undefined): void {
    if (step?.waitingFor.delete(agent) === true && step.waitingFor.size === 0) this.#done(step);
  }

  #note(lists: Map<string, Told[]>, agent: string, one: Told): void {
    const list = lists.get(agent) ?? [];
    const isLong = list.length >= toldMax;
    const awaited = isLong ? list.filter(({ step }) => this.#isAwaited(step)) : list;
    awaited.push(one);
    lists.set(agent, awaited);
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
