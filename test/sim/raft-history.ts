import type { Entry, MemberId, RaftInspection } from 'raft-ts';
import { hash32 } from '#lib';

type Log = RaftInspection['log'];

/** What was seen of an entry that some member knew to be committed. */
export interface Committed {
  readonly term: number;
  readonly digest: string;
  /** The term in which it was first known: leaders of later terms have it. */
  readonly inTerm: number;
}

/** What a member was when it was looked at last; a member that is down keeps the last look. */
export interface Look {
  readonly view: RaftInspection;
  isUp: boolean;
  /** Terms of the entries seen so far, by index. */
  readonly terms: number[];
  role: string;
  term: number;
  persisted: RaftInspection['persisted'];
  membership: RaftInspection['membership'];
  first: number;
  last: number;
  lastTerm: number;
  stable: number;
  commit: number;
}

const digests = new WeakMap<Uint8Array, string>();

/** Members in one process share the bytes of an entry, so most are digested once. */
export function digestOf({ kind, data }: Entry): string {
  let digest = digests.get(data);
  if (digest === undefined) {
    digest = `${kind}:${hash32(Buffer.from(data).toString('latin1'))}`;
    digests.set(data, digest);
  }
  return digest;
}

export function entryAt(log: Log, index: number): Entry | undefined {
  return index < log.first || index > log.last ? undefined : log.slice(index, index, Infinity)[0];
}

export function firstLook(view: RaftInspection): Look {
  const { term, persisted, membership, log } = view;
  const { last, lastTerm, stable, commit } = log;
  const look = { term, persisted, membership, last, lastTerm, stable, commit };
  // Nothing has been looked at yet: no entry counts as seen.
  return { ...look, view, isUp: true, terms: [], role: '', first: 0, last: -1 };
}

/** False when nothing has changed since the last look. */
export function hasChanged(look: Look): boolean {
  const { log, role, term, persisted, membership } = look.view;
  return (
    log.last !== look.last ||
    log.commit !== look.commit ||
    log.stable !== look.stable ||
    log.lastTerm !== look.lastTerm ||
    log.first !== look.first ||
    role !== look.role ||
    term !== look.term ||
    persisted !== look.persisted ||
    membership !== look.membership
  );
}

export function lookAgain(look: Look): void {
  const { log, role, term, persisted, membership } = look.view;
  const { first, last, lastTerm, stable, commit } = log;
  Object.assign(look, { role, term, persisted, membership, first, last, lastTerm, stable, commit });
}

/** Is the entry in this log, on disk? What a snapshot covers is. */
export function isDurableIn(look: Look | undefined, index: number, term: number): boolean {
  if (look === undefined) return false;
  const { log } = look.view;
  if (index < log.first) return index <= log.snapshot.index;
  return log.stable >= index && log.termOf(index) === term;
}

/** Is the entry in this log at all? */
export function isIn(look: Look, index: number, term: number): boolean {
  const { log } = look.view;
  return index < log.first ? index <= log.commit : log.termOf(index) === term;
}

export type Looks = ReadonlyMap<MemberId, Look>;
