/**
 * Tasks without a node, in groups of alike ones: those to be tried, by priority, then age; those that no node would
 * take, which wait for an event that could help; and of the latter those that were woken within their back-off.
 * No event costs more than O(log groups); waking costs O(groups that wait).
 */
import BTreeModule from 'sorted-btree';
import type { Ms } from '#lib';
import type { Task } from '#proto';
import { kindIdOf, priorityOf } from '#scheduler';
import type { FilterName, Prospect } from '#scheduler';
import { WakeUps } from '../orchestrator/wake-ups.ts';
import { couldHelp, topologyFilters } from './wake-rules.ts';
import type { WakeEvent } from './wake-rules.ts';

/** From the end of a try that failed until the next one: doubled with every failure in a row. */
const backoffFirstMs: Ms = 1_000;
const backoffMaxMs: Ms = 10_000;
/** What waited for so long is tried again even if nothing happened that could help. */
export const flushAfterMs: Ms = 5 * 60_000;
/** Nodes of one kind of event that are looked at for a group; with more it is taken to be possible. */
const nodesLookedAtMax = 8;
/** Nodes that one waking looks at in all; for the groups after that it is taken to be possible. */
const looksPerWakeMax = 2_000;

/** Tasks that are alike: of one spec, with the same labels, all bound to nodes or none. */
export interface TaskGroup {
  readonly key: string;
  readonly priority: number;
  /** The oldest first. */
  readonly tasks: ReadonlyMap<string, Task>;
}

/** `active`: to be tried. `backoff`: to be tried when its time has come. `waiting`: for an event. */
type GroupState = 'active' | 'trying' | 'backoff' | 'waiting';

interface Group extends TaskGroup {
  readonly tasks: Map<string, Task>;
  /** Unlike any other's: the lower came first. */
  readonly ordinal: number;
  state: GroupState;
  failureCount: number;
  triedAtMs: Ms;
  filters: ReadonlySet<FilterName>;
}

export interface TryResult {
  /** Tasks that were placed: they leave the queue. */
  readonly placed: Iterable<string>;
  /** The filters that refused the others; undefined: none was refused. */
  readonly refusedBy: ReadonlySet<FilterName> | undefined;
  /** It is to be tried on at once: not all was done. */
  readonly isUnfinished: boolean;
}

/** What happened, and to which nodes. */
export interface Wake {
  readonly event: WakeEvent;
  readonly nodeIds: ReadonlySet<string>;
}

function byUrgency(a: Group, b: Group): number {
  return b.priority - a.priority || a.ordinal - b.ordinal;
}

export class TaskQueue {
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<string, Group>();
  readonly #active = new BTreeModule.default<Group, undefined>(undefined, byUrgency);
  readonly #backoffs = new WakeUps();
  readonly #flushes = new WakeUps();
  #ordinal = 0;
  readonly #counts = { active: 0, trying: 0, backoff: 0, waiting: 0 };

  /** Tasks by where they are. */
  get sizes(): Readonly<Record<'active' | 'backoff' | 'waiting', number>> {
    const { active, trying, backoff, waiting } = this.#counts;
    return { active: active + trying, backoff, waiting };
  }

  get hasActive(): boolean {
    return this.#active.size > 0;
  }

  get hasWaiting(): boolean {
    return this.#counts.waiting + this.#counts.backoff > 0;
  }

  /** When the next group is due without any event; Infinity: none. */
  get nextAtMs(): Ms {
    return Math.min(this.#backoffs.nextAtMs, this.#flushes.nextAtMs);
  }

  has(taskId: string): boolean {
    return this.#groupOf.has(taskId);
  }

  /** A new task, or a newer state of one. A new one has its group tried at once. */
  put(task: Task): void {
    const present = this.#groupOf.get(task.id);
    if (present !== undefined) {
      present.tasks.set(task.id, task);
      return;
    }
    const key = `${task.nodeId === '' ? '' : '@'}${priorityOf(task)}/${kindIdOf(task)}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = {
        key,
        priority: priorityOf(task),
        tasks: new Map(),
        ordinal: ++this.#ordinal,
        state: 'waiting',
        failureCount: 0,
        triedAtMs: 0,
        filters: new Set(),
      };
      this.#groups.set(key, group);
    }
    group.tasks.set(task.id, task);
    this.#groupOf.set(task.id, group);
    this.#counts[group.state]++;
    if (group.state !== 'trying') this.#move(group, 'active');
  }

  delete(taskId: string): void {
    const group = this.#groupOf.get(taskId);
    if (group === undefined) return;
    this.#groupOf.delete(taskId);
    group.tasks.delete(taskId);
    this.#counts[group.state]--;
    if (group.tasks.size === 0 && group.state !== 'trying') this.#forget(group);
  }

  /** The task's group is to be tried again at once. */
  retry(taskId: string): void {
    const group = this.#groupOf.get(taskId);
    if (group !== undefined && group.state !== 'trying') this.#move(group, 'active');
  }

  /** Everything is to be tried again, what a try that broke off left behind too. Not during a try. */
  wakeAll(): void {
    for (const group of this.#groups.values()) this.#move(group, 'active');
  }

  /** What is due by itself: back-offs that ended, and what has waited too long for an event. */
  wakeDue(nowMs: Ms): void {
    for (const times of [this.#backoffs, this.#flushes])
      for (const key of times.takeDue(nowMs)) {
        const group = this.#groups.get(key);
        if (group !== undefined && group.state !== 'trying') this.#move(group, 'active');
      }
  }

  /**
   * Wakes the groups that one of the events could help. Those within their back-off wait for its end, unless a node
   * is known to take them now: the back-off is there to spare tries that fail.
   */
  wake(
    wakes: readonly Wake[],
    nowMs: Ms,
    prospectOf: (group: TaskGroup, nodeId: string) => Prospect,
  ): void {
    if (wakes.length === 0 || !this.hasWaiting) return;
    let looks = 0;
    const look = (group: TaskGroup, nodeId: string): Prospect =>
      looks++ < looksPerWakeMax ? prospectOf(group, nodeId) : 'unclear';
    for (const group of this.#groups.values()) {
      if (group.state !== 'waiting' && group.state !== 'backoff') continue;
      const outlook = outlookOf(group, wakes, look);
      if (outlook === 'none') continue;
      const freeAtMs = group.triedAtMs + backoffOf(group);
      if (outlook === 'open' || freeAtMs <= nowMs) this.#move(group, 'active');
      else this.#move(group, 'backoff', freeAtMs);
    }
  }

  /** Takes out the most urgent group, to be tried; `endTry` has to follow. */
  next(): TaskGroup | undefined {
    const group = this.#active.minKey();
    if (group !== undefined) this.#move(group, 'trying');
    return group;
  }

  endTry(key: string, { placed, refusedBy, isUnfinished }: TryResult, nowMs: Ms): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    let placedCount = 0;
    for (const taskId of placed) {
      placedCount++;
      this.delete(taskId);
    }
    if (group.tasks.size === 0) {
      this.#forget(group);
      return;
    }
    if (refusedBy !== undefined) {
      group.failureCount = placedCount > 0 ? 1 : group.failureCount + 1;
      group.triedAtMs = nowMs;
      group.filters = refusedBy;
    }
    if (refusedBy === undefined || isUnfinished) this.#move(group, 'active');
    else {
      this.#move(group, 'waiting');
      this.#flushes.set(key, nowMs + flushAfterMs);
    }
  }

  #move(group: Group, state: GroupState, atMs: Ms = Infinity): void {
    if (group.state === 'active') this.#active.delete(group);
    this.#counts[group.state] -= group.tasks.size;
    group.state = state;
    this.#counts[state] += group.tasks.size;
    if (state === 'active') this.#active.set(group, undefined);
    this.#backoffs.set(group.key, state === 'backoff' ? atMs : Infinity);
    if (state === 'active') this.#flushes.set(group.key, Infinity);
  }

  #forget(group: Group): void {
    this.#move(group, 'waiting');
    this.#flushes.set(group.key, Infinity);
    this.#groups.delete(group.key);
  }
}

function backoffOf({ failureCount }: Group): Ms {
  return Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(Math.max(0, failureCount - 1), 30));
}

/** The best that any of the events could do for the group. */
function outlookOf(
  group: Group,
  wakes: readonly Wake[],
  prospectOf: (group: TaskGroup, nodeId: string) => Prospect,
): Prospect {
  const isTopological = topologyFilters.some((filter) => group.filters.has(filter));
  let outlook: Prospect = 'none';
  for (const { event, nodeIds } of wakes) {
    if (!couldHelp(event, group.filters)) continue;
    // What happens on one node may open another; and of many nodes one may well take it.
    if (isTopological || nodeIds.size > nodesLookedAtMax) outlook = 'unclear';
    if (nodeIds.size > nodesLookedAtMax) continue;
    for (const nodeId of nodeIds) {
      const prospect = prospectOf(group, nodeId);
      if (prospect === 'open') return 'open';
      if (prospect === 'unclear') outlook = 'unclear';
    }
  }
  return outlook;
}
