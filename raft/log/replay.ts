import type { Entry, HardState, SnapshotMeta } from '../types.ts';
import type { WalRecord } from './records.ts';
import { RaftError } from '../errors.ts';
import { assertNever } from '../assert.ts';

/** The state that a list of records amounts to. */
export class Replay {
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  /** The last `restart` seen. */
  restart: SnapshotMeta | null = null;
  entries: Entry[] = [];

  /** Index that the next entry has, or lower; null when any is right (the first one seen). */
  get next(): number | null {
    const last = this.entries.at(-1)?.index ?? this.restart?.index;
    return last === undefined ? null : last + 1;
  }

  /** Throws `DATA_LOSS` when the record cannot follow what was there. */
  add(record: WalRecord): void {
    switch (record.kind) {
      case 'segment':
        return;
      case 'hard-state':
        if (record.hardState.term < this.hardState.term) throw lost('the term goes back');
        this.hardState = record.hardState;
        return;
      case 'restart':
        this.restart = record.meta;
        this.entries = [];
        return;
      case 'entry':
        this.#entry(record.entry);
        return;
      default:
        assertNever(record);
    }
  }

  #entry(entry: Entry): void {
    const { next, restart } = this;
    const first = this.entries[0]?.index;
    const isBeforeLog = restart !== null && entry.index <= restart.index;
    if (isBeforeLog || (next !== null && entry.index > next)) {
      throw lost(`entry ${entry.index} does not follow ${(next ?? 0) - 1}`);
    }
    // Below `first` there may have been entries in segments that were removed since: with them went
    // only what a snapshot covers, so the suffix that replaces them is a beginning like any other.
    if (first !== undefined) this.entries.length = Math.max(0, entry.index - first);
    this.entries.push(entry);
  }
}

/** What joins the log and the newest snapshot: where the entries begin and which still count. */
export interface Joined {
  readonly snapshot: SnapshotMeta;
  readonly base: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
  /** The snapshot replaced the log but the log does not say so yet. */
  readonly needsRestart: boolean;
}

/** Throws `DATA_LOSS` when something between the snapshot and the first entry is missing. */
export function joinSnapshot(replay: Replay, stored: SnapshotMeta | null): Joined {
  const snapshot = stored ?? bootstrapOf(replay);
  if (snapshot.index < (replay.restart?.index ?? 0)) {
    throw lost(`snapshot ${replay.restart?.index} is missing`);
  }
  const { base, entries } = withBase(replay, snapshot);
  const last = base.index + entries.length;
  const termThere =
    snapshot.index === base.index ? base.term : entries[snapshot.index - base.index - 1]?.term;
  if (last < snapshot.index || termThere !== snapshot.term) {
    return { snapshot, base: snapshot, entries: [], needsRestart: true };
  }
  return { snapshot, base, entries, needsRestart: false };
}

function bootstrapOf(replay: Replay): SnapshotMeta {
  if (replay.restart?.index === 0) return replay.restart;
  return { index: 0, term: 0, membership: { members: [] } };
}

function withBase(replay: Replay, snapshot: SnapshotMeta): Pick<Joined, 'base' | 'entries'> {
  const { entries, restart } = replay;
  const first = entries[0];
  if (first === undefined) return { base: restart ?? snapshot, entries };
  if (first.index === (restart?.index ?? 0) + 1) {
    return { base: { index: first.index - 1, term: restart?.term ?? 0 }, entries };
  }
  if (first.index > snapshot.index + 1) {
    throw lost(`entries ${snapshot.index + 1} to ${first.index - 1} are missing`);
  }
  if (first.index === snapshot.index + 1) return { base: snapshot, entries };
  // The term before the first entry went with its segment: let the entry itself be the base.
  return { base: { index: first.index, term: first.term }, entries: entries.slice(1) };
}

/** The typed error for what cannot be read any more. */
export function lost(detail: string): RaftError {
  return new RaftError(
    'DATA_LOSS',
    `the log is damaged: ${detail}; remove this member and add it again with an empty directory`,
  );
}
