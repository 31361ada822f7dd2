import type { KeyValue, WatchEvent } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import { decodeHead, decodeMember, decodeSnapshotInfo } from './values.ts';
import type { Head, MemberRecord, SnapshotInfo } from './values.ts';

export interface KnownHead extends Head {
  readonly modRevision: number;
}

export interface KnownMember extends MemberRecord {
  readonly createRevision: number;
}

export interface KnownLeader extends MemberRecord {
  /** Its term: no other leader ever has the same. */
  readonly createRevision: number;
  readonly lease: string;
}

/**
 * What stands below `live/`, as far as this manager has heard. Fed by reads of all of it and by the
 * watch in any mixture: what is older than what is known already is left out.
 */
export class LiveView {
  readonly #keys: Keys;
  /** Of the last whole read: events up to it are in it. */
  #readRevision = 0;
  #seenRevision = 0;
  head: KnownHead | undefined;
  snapshot: SnapshotInfo | undefined;
  leader: KnownLeader | undefined;
  #members: ReadonlyMap<string, KnownMember> = new Map();
  #alive: ReadonlySet<string> = new Set();

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** The newest revision it has heard of. */
  get revision(): number {
    return this.#seenRevision;
  }

  /** Ascending by id. */
  get members(): readonly KnownMember[] {
    return [...this.#members.values()].toSorted((a, b) => a.raftId - b.raftId);
  }

  member(raftId: number): KnownMember | undefined {
    return this.#members.get(this.#keys.member(raftId));
  }

  isAlive(raftId: number): boolean {
    return this.#alive.has(this.#keys.aliveMember(raftId));
  }

  /** All of it, as of `revision`. DATA_LOSS when something of it cannot be read. */
  replace(revision: number, items: readonly KeyValue[]): void {
    if (revision < this.#seenRevision) return;
    const { head } = this;
    this.#readRevision = revision;
    this.#seenRevision = revision;
    this.head = undefined;
    this.snapshot = undefined;
    this.leader = undefined;
    this.#members = new Map();
    this.#alive = new Set();
    for (const item of items) this.#put(item);
    // What was written while the answer was under way is newer than it.
    if (head !== undefined && head.modRevision > revision) this.head = head;
  }

  /** One event of the watch, in its order. DATA_LOSS when it cannot be read. */
  take({ kind, item }: WatchEvent): void {
    if (item.modRevision <= this.#readRevision) return;
    this.#seenRevision = Math.max(this.#seenRevision, item.modRevision);
    if (kind === 'put') this.#put(item);
    else this.#delete(item.key);
  }

  /** This manager itself has moved the head, at `revision`. */
  wrote(head: Head, revision: number): void {
    if (revision > (this.head?.modRevision ?? 0)) this.head = { ...head, modRevision: revision };
  }

  #put(item: KeyValue): void {
    const { key, value, createRevision, modRevision, lease } = item;
    const keys = this.#keys;
    if (key === keys.head) this.wrote(decodeHead(value), modRevision);
    else if (key === keys.snapshot) this.snapshot = decodeSnapshotInfo(value);
    else if (key === keys.leader) this.leader = { ...decodeMember(value), createRevision, lease };
    else if (key.startsWith(keys.members))
      this.#members = new Map(this.#members).set(key, { ...decodeMember(value), createRevision });
    else if (key.startsWith(keys.alive)) this.#alive = new Set(this.#alive).add(key);
  }

  #delete(key: string): void {
    const keys = this.#keys;
    if (key === keys.head) this.head = undefined;
    else if (key === keys.snapshot) this.snapshot = undefined;
    else if (key === keys.leader) this.leader = undefined;
    else if (key.startsWith(keys.members))
      this.#members = new Map([...this.#members].filter(([other]) => other !== key));
    else this.#alive = new Set([...this.#alive].filter((other) => other !== key));
  }
}
