/**
 * Where the tasks of each kind are, and what follows from it for rules that look at other tasks: how many tasks a
 * selection selects on each node, and on which nodes tasks stand that have a term. Both are kept up
 * to date task by task, so that placing one task never looks at all others.
 */
import type { Task } from '#proto';
import { TaskKind, kindIdOf } from './task-kind.ts';
import type { KindTerm } from './task-kind.ts';
import { TaskSelection } from './task-selection.ts';
import type { Selectable } from './task-selection.ts';

/** Tasks by node id; no zeros. */
export type NodeCounts = ReadonlyMap<string, number>;

/** Selections that are counted at a time; with more all are counted anew when next asked for. */
const countedMax = 2_000;

interface Counted {
  readonly selections: readonly TaskSelection[];
  /** Only tasks that are meant to run. */
  readonly isWantedOnly: boolean;
  readonly counts: Map<string, number>;
}

/** A term, and where the tasks stand that have it. */
export interface HeldTerm {
  readonly term: KindTerm;
  readonly counts: Map<string, number>;
}

/** A kind, where its tasks are, and what counts them. */
export interface KindRecord {
  readonly kind: TaskKind;
  /** By node. */
  readonly all: Map<string, number>;
  /** Those of `all` that are being stopped; undefined until there is one, which is rare. */
  stopping: Map<string, number> | undefined;
  readonly terms: readonly HeldTerm[];
  counted: Counted[];
}

function bump(counts: Map<string, number>, nodeId: string, change: number): void {
  const count = (counts.get(nodeId) ?? 0) + change;
  if (count === 0) counts.delete(nodeId);
  else counts.set(nodeId, count);
}

export class KindIndex {
  readonly #kinds = new Map<string, KindRecord>();
  readonly #counted = new Map<string, Counted>();
  readonly #terms = new Map<string, HeldTerm>();
  /** Held terms by the label that what they select must have; "" for those that name none. */
  readonly #byAnchor = new Map<string, Set<HeldTerm>>();

  /** The record of the task's kind, to count it with. */
  recordOf(task: Task): KindRecord {
    const id = kindIdOf(task);
    const present = this.#kinds.get(id);
    if (present !== undefined) return present;
    const kind = new TaskKind(id, task);
    const record: KindRecord = {
      kind,
      all: new Map(),
      stopping: undefined,
      terms: kind.terms.map((term) => this.#held(term)),
      counted: [],
    };
    for (const counted of this.#counted.values())
      if (TaskSelection.selectsAll(counted.selections, kind)) record.counted.push(counted);
    this.#kinds.set(id, record);
    return record;
  }

  /** `change` is 1 for a task that comes to the node, -1 for one that goes. */
  count(record: KindRecord, nodeId: string, isWanted: boolean, change: 1 | -1): void {
    bump(record.all, nodeId, change);
    if (!isWanted) bump((record.stopping ??= new Map()), nodeId, change);
    for (const { counts } of record.terms) bump(counts, nodeId, change);
    for (const { counts, isWantedOnly } of record.counted)
      if (isWanted || !isWantedOnly) bump(counts, nodeId, change);
    if (record.all.size === 0) this.#forget(record);
  }

  /** How many tasks on each node all of the selections select. */
  countsOf(selections: readonly TaskSelection[], isWantedOnly: boolean): NodeCounts {
    const id = `${isWantedOnly}/${selections.map((one) => one.id).join('&')}`;
    const present = this.#counted.get(id);
    if (present !== undefined) return present.counts;
    if (this.#counted.size >= countedMax) this.#dropCounted();
    const counted: Counted = { selections, isWantedOnly, counts: new Map() };
    this.#counted.set(id, counted);
    for (const record of this.#kinds.values()) {
      if (!TaskSelection.selectsAll(selections, record.kind)) continue;
      record.counted.push(counted);
      for (const [nodeId, count] of record.all) bump(counted.counts, nodeId, count);
      if (!isWantedOnly) continue;
      for (const [nodeId, count] of record.stopping ?? []) bump(counted.counts, nodeId, -count);
    }
    return counted.counts;
  }

  /** Whether any task on a node has a term. */
  get hasTerms(): boolean {
    return this.#terms.size > 0;
  }

  /** The terms of tasks on nodes that select tasks of this kind. */
  *termsSelecting(tasks: Selectable): Iterable<HeldTerm> {
    const anchors = ['', ...Object.entries(tasks.labels).map(([key, value]) => `${key}=${value}`)];
    for (const anchor of anchors)
      for (const held of this.#byAnchor.get(anchor) ?? [])
        if (held.counts.size > 0 && held.term.selection.selects(tasks)) yield held;
  }

  #held(term: KindTerm): HeldTerm {
    const present = this.#terms.get(term.id);
    if (present !== undefined) return present;
    const held: HeldTerm = { term, counts: new Map() };
    this.#terms.set(term.id, held);
    const anchor = term.selection.anchor ?? '';
    const alike = this.#byAnchor.get(anchor);
    if (alike === undefined) this.#byAnchor.set(anchor, new Set([held]));
    else alike.add(held);
    return held;
  }

  #forget(record: KindRecord): void {
    this.#kinds.delete(record.kind.id);
    for (const held of record.terms) {
      if (held.counts.size > 0) continue;
      this.#terms.delete(held.term.id);
      const anchor = held.term.selection.anchor ?? '';
      const alike = this.#byAnchor.get(anchor);
      alike?.delete(held);
      if (alike?.size === 0) this.#byAnchor.delete(anchor);
    }
  }

  #dropCounted(): void {
    this.#counted.clear();
    for (const record of this.#kinds.values()) record.counted = [];
  }
}
