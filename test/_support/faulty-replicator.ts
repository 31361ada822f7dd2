import type { ReplicateOutcome, Replicator } from '#manager/store/replicator';

/** What becomes of a proposal; both losses tell the proposer that the outcome is not known. */
export type ProposalFate = 'commit' | 'commit-unheard' | 'lose' | 'reject';

/** Passes proposals on to another replicator, or not, and may keep silent about which. */
export class FaultyReplicator implements Replicator {
  readonly #inner: Replicator;
  readonly #fate: () => ProposalFate;

  constructor(inner: Replicator, fate: () => ProposalFate) {
    this.#inner = inner;
    this.#fate = fate;
  }

  async propose(entry: Uint8Array): Promise<ReplicateOutcome> {
    const fate = this.#fate();
    if (fate === 'reject') return { kind: 'rejected', reason: 'full', isLeadershipLost: false };
    if (fate === 'lose') return { kind: 'unknown', reason: 'lost' };
    const outcome = await this.#inner.propose(entry);
    return fate === 'commit' ? outcome : { kind: 'unknown', reason: 'not heard' };
  }

  readBarrier(signal?: AbortSignal): Promise<void> {
    return this.#inner.readBarrier(signal);
  }
}
