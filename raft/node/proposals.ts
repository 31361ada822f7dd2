import type { Entry, MemberId, ProposeOutcome, RejectReason } from '../types.ts';
import type { NodeSettings } from './options.ts';
import type { RaftCore } from '../core/raft-core.ts';
import { ENTRY_OVERHEAD_BYTES } from '../core/memory-log.ts';

type Resolve = (outcome: ProposeOutcome) => void;

interface Waiting {
  readonly data: Uint8Array;
  readonly resolve: Resolve;
}

/** What was proposed here: first in a bounded queue, then in the log until its fate is known. */
export class Proposals {
  readonly #settings: NodeSettings;
  #queue: Waiting[] = [];
  #queueBytes = 0;
  /** By index; all of `#term`. */
  readonly #appended = new Map<number, Resolve>();
  /** Joint changes that are committed, by the index of the entry that ends them. */
  readonly #leaving = new Map<number, Resolve>();
  #term = 0;
  /** Fed since the last write began. */
  #unwrittenBytes = 0;

  constructor(settings: NodeSettings) {
    this.#settings = settings;
  }

  /** Null when there is room in the queue for `data`, else why not. */
  refusal(data: Uint8Array): RejectReason | null {
    const { maxEntryBytes, queueEntriesMax, queueBytesMax } = this.#settings;
    if (data.length > maxEntryBytes) return 'too-large';
    const isFull =
      this.#queue.length >= queueEntriesMax || this.#queueBytes + data.length > queueBytesMax;
    return isFull ? 'queue-full' : null;
  }

  add(data: Uint8Array): Promise<ProposeOutcome> {
    this.#queueBytes += data.length;
    return new Promise((resolve) => this.#queue.push({ data, resolve }));
  }

  /** A write that carries all that was fed begins. */
  writeBegan(): void {
    this.#unwrittenBytes = 0;
  }

  /**
   * Moves one batch into the log of a leader that can take it. Group commit: what comes while a batch
   * is on its way waits for the next one, and shares its write and its messages. A batch has arrived
   * when it is durable here, or when a majority of others has committed it: so a leader with a slow
   * disk commits as fast as they do (thesis §10.2.1), as long as what its disk lacks is bounded.
   */
  feed(core: RaftCore): void {
    if (this.#queue.length === 0 || !core.canPropose) return;
    const isArrived = !core.isWriting || core.log.commit === core.log.last;
    if (!isArrived || this.#unwrittenBytes >= this.#settings.uncommittedBytesMax) return;
    const batch = this.#nextBatch();
    const first = core.propose(batch.map(({ data }) => data));
    batch.forEach(({ resolve }, i) => this.#track(first + i, core.term, resolve));
    for (const { data } of batch) this.#unwrittenBytes += data.length + ENTRY_OVERHEAD_BYTES;
  }

  /** A membership change that is in the log at `index`. */
  track(index: number, term: number): Promise<ProposeOutcome> {
    return new Promise((resolve) => this.#track(index, term, resolve));
  }

  /**
   * An entry was applied here: if it is ours, it is committed; else ours never will be. A joint
   * change goes on to the entry that ends it, at `leavingIndex` (0: this is none).
   */
  applied(entry: Entry, leavingIndex: number): void {
    this.#left(entry.index);
    const resolve = this.#appended.get(entry.index);
    if (resolve === undefined) return;
    this.#appended.delete(entry.index);
    const isOurs = entry.term === this.#term;
    if (isOurs && leavingIndex > entry.index) this.#leaving.set(leavingIndex, resolve);
    else if (isOurs) resolve({ kind: 'committed', index: entry.index });
    else resolve({ kind: 'rejected', reason: 'not-leader', leaderId: 0 });
  }

  /** Nothing queued was ever in the log: it can be proposed again anywhere. */
  rejectQueued(reason: RejectReason, leaderId: MemberId): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#queueBytes = 0;
    for (const { resolve } of queue) resolve({ kind: 'rejected', reason, leaderId });
  }

  /**
   * Leadership is lost: what is above `commit` is in some logs and may or may not be committed by
   * the next leader. What is at or below it will be applied here.
   */
  forget(commit: number, reason: string): void {
    // A committed joint change is decided: whoever leads next ends it.
    for (const index of this.#leaving.keys()) this.#left(index);
    for (const [index, resolve] of this.#appended) {
      if (index <= commit) continue;
      this.#appended.delete(index);
      resolve({ kind: 'unknown', reason });
    }
  }

  #left(index: number): void {
    const resolve = this.#leaving.get(index);
    this.#leaving.delete(index);
    resolve?.({ kind: 'committed', index });
  }

  #track(index: number, term: number, resolve: Resolve): void {
    this.#term = term;
    this.#appended.set(index, resolve);
  }

  #nextBatch(): readonly Waiting[] {
    const { batchEntriesMax, batchBytesMax } = this.#settings;
    let count = 0;
    let bytes = 0;
    for (const { data } of this.#queue) {
      bytes += data.length + ENTRY_OVERHEAD_BYTES;
      if (count >= batchEntriesMax || (bytes > batchBytesMax && count > 0)) break;
      this.#queueBytes -= data.length;
      count++;
    }
    return this.#queue.splice(0, count);
  }
}
