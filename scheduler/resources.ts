/** Sums of reservations against what a node has. */
import type { Resources, Task } from '#proto';
import type { Shortage } from './refusal.ts';

/** What a task reserves; 0 or a missing kind reserves nothing. */
export interface Demand {
  readonly cpuNano: number;
  readonly memoryBytes: number;
  readonly pids: number;
  /** By kind; undefined when there is none, which is the usual case. */
  readonly generic: readonly (readonly [string, number])[] | undefined;
}

/** What a task that reserves nothing of it counts for in scores, so that such tasks do not pile up. */
export const unsetCpuNano = 100_000_000;
export const unsetMemoryBytes = 200 * 2 ** 20;

export const noDemand: Demand = { cpuNano: 0, memoryBytes: 0, pids: 0, generic: undefined };

export function demandOf(task: Task): Demand {
  const reserved = task.spec?.resources?.reservations;
  if (reserved === undefined) return noDemand;
  const generic = Object.entries(reserved.generic).filter(([, count]) => count > 0);
  return {
    cpuNano: reserved.cpuNano,
    memoryBytes: reserved.memoryBytes,
    pids: reserved.pids,
    generic: generic.length === 0 ? undefined : generic,
  };
}

/** What the tasks of one node reserve together. */
export class Reserved {
  cpuNano = 0;
  memoryBytes = 0;
  pids = 0;
  readonly generic = new Map<string, number>();
  /** The same for scores, in which a task that reserves nothing counts for a little. */
  readonly scored: { cpuNano: number; memoryBytes: number; readonly generic: Map<string, number> };

  constructor() {
    this.scored = { cpuNano: 0, memoryBytes: 0, generic: this.generic };
  }

  /** To be added to and taken from apart. */
  copy(): Reserved {
    const copy = new Reserved();
    copy.cpuNano = this.cpuNano;
    copy.memoryBytes = this.memoryBytes;
    copy.pids = this.pids;
    for (const [kind, count] of this.generic) copy.generic.set(kind, count);
    copy.scored.cpuNano = this.scored.cpuNano;
    copy.scored.memoryBytes = this.scored.memoryBytes;
    return copy;
  }

  /** `sign` is 1 to add, -1 to take away. */
  add(demand: Demand, sign: 1 | -1): void {
    this.scored.cpuNano += sign * (demand.cpuNano || unsetCpuNano);
    this.scored.memoryBytes += sign * (demand.memoryBytes || unsetMemoryBytes);
    this.cpuNano += sign * demand.cpuNano;
    this.memoryBytes += sign * demand.memoryBytes;
    this.pids += sign * demand.pids;
    for (const [kind, count] of demand.generic ?? [])
      this.generic.set(kind, (this.generic.get(kind) ?? 0) + sign * count);
  }

  /** Whether `demand` fits beside what is reserved. A kind that is not asked for is not looked at. */
  leavesRoomFor(demand: Demand, capacity: Resources | undefined): boolean {
    if (demand === noDemand) return true;
    const fits = (asked: number, reserved: number, has: number | undefined): boolean =>
      asked === 0 || asked + reserved <= (has ?? 0);
    return (
      fits(demand.cpuNano, this.cpuNano, capacity?.cpuNano) &&
      fits(demand.memoryBytes, this.memoryBytes, capacity?.memoryBytes) &&
      // A node that does not say how many processes it can hold holds any number.
      (!capacity?.pids || fits(demand.pids, this.pids, capacity.pids)) &&
      (demand.generic ?? []).every(([kind, count]) =>
        fits(count, this.generic.get(kind) ?? 0, capacity?.generic[kind]),
      )
    );
  }

  /** Everything of which `demand` asks more than there is left; empty where `leavesRoomFor` holds. */
  shortages(demand: Demand, capacity: Resources | undefined): readonly Shortage[] {
    const asked: (readonly [string, number, number, number])[] = [
      ['cpu', demand.cpuNano, this.cpuNano, capacity?.cpuNano ?? 0],
      ['memory', demand.memoryBytes, this.memoryBytes, capacity?.memoryBytes ?? 0],
    ];
    if (capacity?.pids) asked.push(['pids', demand.pids, this.pids, capacity.pids]);
    for (const [kind, count] of demand.generic ?? [])
      asked.push([kind, count, this.generic.get(kind) ?? 0, capacity?.generic[kind] ?? 0]);
    return asked
      .filter(([, need, reserved, has]) => need > 0 && need + reserved > has)
      .map(([name, need, reserved, has]) => ({
        name,
        need,
        have: Math.max(0, has - reserved),
        capacity: has,
      }));
  }
}
