/** Replicated services: as many slots as there are replicas, numbered from 1. */
import type { Task } from '#proto';
import { isFilled, membersOf } from './slot.ts';
import type { Slot } from './slot.ts';
import { isRunning, isWanted } from './task-state.ts';

export interface ReplicatedSlots {
  readonly kept: readonly Slot[];
  /** To be emptied, in the order they go. */
  readonly excess: readonly Slot[];
  /** Numbers of the slots to open, ascending. */
  readonly missing: readonly number[];
}

/** The slots that a service with this many replicas keeps, gives up and opens. */
export function divideReplicated(slots: Iterable<Slot>, replicas: number): ReplicatedSlots {
  const present = [...slots].filter((slot) => isFilled(slot));
  if (present.length <= replicas) {
    const missing = lowestFree(present, replicas - present.length);
    return { kept: present, excess: [], missing };
  }
  const ranked = rankForRemoval(present);
  const excess = ranked.slice(0, present.length - replicas);
  const gone = new Set(excess);
  return { kept: present.filter((slot) => !gone.has(slot)), excess, missing: [] };
}

function lowestFree(present: readonly Slot[], count: number): readonly number[] {
  const free: number[] = [];
  if (count === 0) return free;
  // All of them are among so many: an array, for a set takes ten times the room.
  const numbersMax = present.length + count;
  const isTaken = new Array<boolean>(numbersMax + 1).fill(false);
  for (const { number } of present) if (number <= numbersMax) isTaken[number] = true;
  for (let number = 1; free.length < count; number++)
    if (isTaken[number] === false) free.push(number);
  return free;
}

interface Ranked {
  readonly slot: Slot;
  readonly task: Task | undefined;
  readonly isRunning: boolean;
  /** This is the n-th copy of the service on its node, the ones that run counted first. */
  copy: number;
}

/**
 * First those without a node, then those that make their node hold the most copies, then those that
 * do not run, then the highest number.
 */
function rankForRemoval(slots: readonly Slot[]): readonly Slot[] {
  const ranked = slots.map((slot): Ranked => {
    const task = membersOf(slot).findLast(isWanted);
    return { slot, task, isRunning: task !== undefined && isRunning(task), copy: 0 };
  });
  const byRunning = (a: Ranked, b: Ranked): number =>
    Number(b.isRunning) - Number(a.isRunning) || a.slot.number - b.slot.number;
  ranked.sort(byRunning);
  const copies = new Map<string, number>();
  for (const one of ranked) {
    const nodeId = one.task?.nodeId ?? '';
    one.copy = nodeId === '' ? Infinity : (copies.get(nodeId) ?? 0) + 1;
    copies.set(nodeId, one.copy);
  }
  // What is kept comes first in byRunning, so what goes is its reverse within one copy number.
  ranked.sort((a, b) => (a.copy === b.copy ? byRunning(b, a) : b.copy > a.copy ? 1 : -1));
  return ranked.map(({ slot }) => slot);
}
