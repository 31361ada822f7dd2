import type { MemberId } from '../types.ts';
import { assert } from '../assert.ts';

export interface ProgressLimits {
  /** Appends on their way to one peer. */
  readonly inflightMessagesMax: number;
  /** Bytes of entries on their way to one peer. */
  readonly inflightBytesMax: number;
}

/**
 * What the leader knows of one peer.
 * - `probe`: where the logs agree is not known: one append per heartbeat.
 * - `replicate`: appends are pipelined, `next` runs ahead optimistically (thesis §10.2.1).
 * - `snapshot`: what the peer needs is compacted away; a snapshot is on its way.
 * Invariant: 0 <= match < next.
 */
export class Progress {
  readonly id: MemberId;
  readonly #limits: ProgressLimits;
  match = 0;
  next: number;
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** The leader's tick when it last heard from the peer. */
  activeTick: number;
  /** Highest commit index told so far. */
  sentCommit = 0;
  /** Highest round of heartbeats the peer has answered ... */
  readContext = 0;
  /** ... and when that was sent, on the leader's clock; leases only. */
  leaseFromMs = -Infinity;
  #isProbeSent = false;
  #inflight: { readonly lastIndex: number; readonly bytes: number }[] = [];
  #inflightBytes = 0;
  #snapshotIndex = 0;

  constructor(id: MemberId, next: number, tick: number, limits: ProgressLimits) {
    this.id = id;
    this.next = next;
    this.activeTick = tick;
    this.#limits = limits;
  }

  /** No append may be sent now. */
  get isPaused(): boolean {
    switch (this.state) {
      case 'probe':
        return this.#isProbeSent;
      case 'replicate':
        return (
          this.#inflight.length >= this.#limits.inflightMessagesMax ||
          this.#inflightBytes >= this.#limits.inflightBytesMax
        );
      case 'snapshot':
        return true;
    }
  }

  /** Accounts for an append with entries up to `lastIndex` (`count` of them, maybe none). */
  sent(lastIndex: number, count: number, bytes: number, commit: number): void {
    this.sentCommit = commit;
    if (this.state === 'probe') {
      this.#isProbeSent = true;
      return;
    }
    if (count === 0) return;
    this.next = lastIndex + 1;
    this.#inflight.push({ lastIndex, bytes });
    this.#inflightBytes += bytes;
  }

  /** The peer has everything up to `index`. False when that is old news. */
  acknowledge(index: number): boolean {
    this.#isProbeSent = false;
    const isNews = index > this.match;
    if (isNews) this.match = index;
    this.next = Math.max(this.next, index + 1);
    while ((this.#inflight[0]?.lastIndex ?? Infinity) <= index) this.freeOne();
    return isNews;
  }

  /** The peer refused an append after `index`. False when the refusal is stale. */
  refuse(index: number, retryAfter: number): boolean {
    if (this.state === 'replicate') {
      if (index <= this.match) return false;
      this.becomeProbe();
      return true;
    }
    if (this.next - 1 !== index) return false;
    this.next = Math.max(Math.min(index, retryAfter + 1), this.match + 1);
    this.#isProbeSent = false;
    return true;
  }

  /** A heartbeat was answered: the link works, so try again what may have been lost. */
  unblock(): void {
    this.#isProbeSent = false;
    if (this.state === 'replicate' && this.isPaused) this.freeOne();
  }

  freeOne(): void {
    const freed = this.#inflight.shift();
    if (freed !== undefined) this.#inflightBytes -= freed.bytes;
  }

  becomeProbe(): void {
    const next = this.state === 'snapshot' ? this.#snapshotIndex + 1 : 0;
    this.#reset('probe');
    this.next = Math.max(this.match + 1, next);
  }

  becomeReplicate(): void {
    this.#reset('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(snapshotIndex: number): void {
    this.#reset('snapshot');
    this.#snapshotIndex = snapshotIndex;
  }

  /** The transfer ended. After a failure the next try waits for a sign of life. */
  snapshotDone(isStored: boolean): void {
    if (this.state !== 'snapshot') return;
    if (!isStored) this.#snapshotIndex = 0;
    this.becomeProbe();
    this.#isProbeSent = !isStored;
    assert(this.match < this.next, 'match stays below next');
  }

  #reset(state: 'probe' | 'replicate' | 'snapshot'): void {
    this.state = state;
    this.#isProbeSent = false;
    this.#inflight = [];
    this.#inflightBytes = 0;
  }
}
