import type { Entry, SnapshotMeta } from '../types.ts';
import { assert } from '../assert.ts';

/** What an entry costs beyond its data, in bytes: index, term, kind, framing. */
export const ENTRY_OVERHEAD_BYTES = 32;

/** Size of an entry for all byte limits. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

/**
 * The log as the core sees it: all entries after `base` in memory, stable or not.
 * Invariants: base.index <= snapshot.index; base.index <= commit <= last; stable <= last.
 * `commit` may lead `stable`: a majority of others can be enough (thesis §10.2.1).
 */
export class MemoryLog {
  #baseIndex: number;
  #baseTerm: number;
  #entries: Entry[];
  #bytes = 0;
  #commit: number;
  #stable: number;
  #snapshot: SnapshotMeta;

  constructor(start: {
    readonly base: { readonly index: number; readonly term: number };
    readonly entries: readonly Entry[];
    readonly snapshot: SnapshotMeta;
    readonly commit: number;
  }) {
    this.#baseIndex = start.base.index;
    this.#baseTerm = start.base.term;
    this.#entries = [...start.entries];
    this.#snapshot = start.snapshot;
    this.#bytes = start.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    this.#stable = this.last;
    this.#commit = Math.max(start.commit, start.snapshot.index);
    assert(
      this.#entries.every((one, i) => one.index === this.first + i),
      'entries have no gap',
    );
    assert(this.#commit <= this.last, 'commit is within the log');
  }

  /** Index of the first entry that can be read; `last` + 1 when there is none. */
  get first(): number {
    return this.#baseIndex + 1;
  }

  get last(): number {
    return this.#baseIndex + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#baseTerm;
  }

  get commit(): number {
    return this.#commit;
  }

  /** Everything up to here is durable on this member. */
  get stable(): number {
    return this.#stable;
  }

  /** The newest durable snapshot. Index 0: none, only the bootstrap membership. */
  get snapshot(): SnapshotMeta {
    return this.#snapshot;
  }

  /** Bytes of all entries in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** undefined: compacted away, or beyond the end. */
  termOf(index: number): number | undefined {
    if (index === this.#baseIndex) return this.#baseTerm;
    return this.#entries[index - this.first]?.term;
  }

  matches(index: number, term: number): boolean {
    return this.termOf(index) === term;
  }

  /** Entries from `from` to `to` inclusive, cut at `bytesMax` but never below one entry. */
  slice(from: number, to: number, bytesMax: number, countMax = Infinity): readonly Entry[] {
    assert(from >= this.first, `entry ${from} was compacted away`);
    const end = Math.min(to, this.last, from + countMax - 1);
    let bytes = 0;
    let index = from;
    for (; index <= end; index++) {
      const entry = this.#entries[index - this.first];
      bytes += entry === undefined ? 0 : entryBytes(entry);
      if (bytes > bytesMax && index > from) break;
    }
    return this.#entries.slice(from - this.first, Math.max(index, from) - this.first);
  }

  /** Appends in order; the first entry may replace an old suffix, never a committed entry. */
  append(entries: readonly Entry[]): void {
    const from = entries[0]?.index;
    if (from === undefined) return;
    assert(from > this.#commit, `committed entry ${from} would be replaced`);
    assert(from <= this.last + 1, `entry ${from} leaves a gap after ${this.last}`);
    for (const removed of this.#entries.splice(from - this.first)) {
      this.#bytes -= entryBytes(removed);
    }
    this.#stable = Math.min(this.#stable, from - 1);
    for (const entry of entries) {
      assert(entry.index === this.last + 1, 'entries follow each other');
      this.#entries.push(entry);
      this.#bytes += entryBytes(entry);
    }
  }

  /**
   * The first of `entries` that this log does not have, as an offset into them;
   * `entries.length` when it has all.
   */
  firstNew(entries: readonly Entry[]): number {
    const offset = entries.findIndex((entry) => !this.matches(entry.index, entry.term));
    return offset === -1 ? entries.length : offset;
  }

  commitTo(index: number): boolean {
    if (index <= this.#commit) return false;
    assert(index <= this.last, `commit ${index} is beyond the last entry ${this.last}`);
    this.#commit = index;
    return true;
  }

  /** A write up to (index, term) is durable; ignored when that suffix was replaced meanwhile. */
  stableTo(index: number, term: number): void {
    if (index > this.#stable && this.matches(index, term)) this.#stable = index;
  }

  /** A durable snapshot replaces everything before and up to `keepFrom` - 1. */
  compact(snapshot: SnapshotMeta, keepFrom: number): void {
    assert(snapshot.index <= this.#commit, 'only committed entries are compacted');
    if (snapshot.index <= this.#snapshot.index) return;
    this.#snapshot = snapshot;
    const base = Math.min(keepFrom - 1, snapshot.index, this.#stable);
    const baseTerm = this.termOf(base);
    if (base <= this.#baseIndex || baseTerm === undefined) return;
    for (const removed of this.#entries.splice(0, base - this.#baseIndex)) {
      this.#bytes -= entryBytes(removed);
    }
    this.#baseIndex = base;
    this.#baseTerm = baseTerm;
  }

  /** A snapshot from the leader takes the place of the whole log. */
  restore(snapshot: SnapshotMeta): void {
    assert(snapshot.index > this.#commit, 'a snapshot never takes commits back');
    this.#baseIndex = snapshot.index;
    this.#baseTerm = snapshot.term;
    this.#entries = [];
    this.#bytes = 0;
    this.#snapshot = snapshot;
    this.#stable = snapshot.index;
    this.#commit = snapshot.index;
  }

  /** Where the longest suffix up to `index` begins that stays within both limits. */
  suffixStart(index: number, countMax: number, bytesMax: number): number {
    let from = index + 1;
    let bytes = 0;
    while (from > this.first && index - from + 1 < countMax) {
      const before = this.#entries[from - 1 - this.first];
      bytes += before === undefined ? 0 : entryBytes(before);
      if (bytes > bytesMax) break;
      from--;
    }
    return from;
  }

  /** Of two logs the one with the higher last term wins, then the longer one (thesis §3.6.1). */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.last);
  }

  /** Where a follower's log may agree: the last index <= `index` with a term <= `term`. */
  hint(index: number, term: number): { readonly index: number; readonly term: number } {
    let at = Math.min(index, this.last);
    while (at > this.#baseIndex && (this.termOf(at) ?? 0) > term) at--;
    return { index: at, term: this.termOf(at) ?? 0 };
  }
}
