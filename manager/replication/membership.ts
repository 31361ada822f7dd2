import { ClusterError, sleep } from '#lib';
import type { Clock, Logger, Ms } from '#lib';
import { NodeRole } from '#proto';
import type { MemberId, MembershipChange } from 'raft-ts';
import type { Store } from '../store/types.ts';
import { removalRisk } from './members.ts';
import type { MemberStatus } from './members.ts';
import { toMemberContext } from './raft-wire.ts';
import type { MemberAddress } from './raft-wire.ts';
import type { Replication } from './replication.ts';

/** How long the leader tries to reach a new manager at the address it gave. */
const probeDeadlineMs: Ms = 5_000;
/** How long a change waits for the one before it. */
const changeWaitMs: Ms = 10_000;
const changeRetryMs: Ms = 50;
/** Joins and leaves that wait for their turn; a further one is refused. */
const waitingMax = 32;

export interface MembershipOptions {
  readonly store: Store;
  readonly replicator: Replication;
  /** Rejects when nothing of this cluster answers at `address` in time. */
  readonly probe: (address: string, deadlineMs: Ms) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Who the managers are: takes new ones in and lets old ones go, one at a time. Works on the leader;
 * elsewhere everything is refused with NOT_LEADER. Every step may be repeated.
 */
export class Membership {
  readonly #options: MembershipOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /**
   * Takes the caller in as a learner; it becomes a voter once it has caught up. PERMISSION_DENIED
   * for a node that is no manager, UNAVAILABLE when it cannot be reached at its address.
   */
  join(self: MemberAddress, raftId: MemberId): Promise<readonly MemberStatus[]> {
    return this.#inTurn(async () => {
      await this.#requireManager(self.nodeId);
      await this.#removeOlder(self.nodeId, raftId);
      const known = this.#members().find((member) => member.raftId === raftId);
      if (known !== undefined && known.nodeId !== self.nodeId) {
        throw new ClusterError('ALREADY_EXISTS', `raft id ${raftId} belongs to another node`);
      }
      if (known !== undefined && known.address === self.address) return this.#members();
      await this.#requireReachable(self.address);
      const context = toMemberContext(self);
      const kind = known === undefined ? ('add-learner' as const) : ('update-context' as const);
      await this.#change({ kind, id: raftId, context });
      this.#options.log.info('manager taken in', { ...self, raftId });
      return this.#members();
    });
  }

  /**
   * Removes every member of the node. QUORUM_AT_RISK, unless forced, when the rest could not go on.
   */
  leave(nodeId: string, isForced: boolean): Promise<void> {
    return this.#inTurn(async () => {
      for (const member of this.#members()) {
        if (member.nodeId === nodeId) await this.remove(member.raftId, isForced);
      }
    });
  }

  /** The leader tells its own new address. */
  rename(self: MemberAddress, raftId: MemberId): Promise<void> {
    const context = toMemberContext(self);
    return this.#inTurn(() => this.#change({ kind: 'update-context', id: raftId, context }));
  }

  /** One member; the leader itself is refused: leadership has to be handed over first. */
  async remove(raftId: MemberId, isForced: boolean): Promise<void> {
    const { replicator } = this.#options;
    const status = replicator.status();
    const risk = removalRisk(status, raftId, new Set());
    const isLast = status.members.filter((member) => member.isVoter).length === 1;
    if (risk !== undefined && (!isForced || isLast)) {
      throw new ClusterError('QUORUM_AT_RISK', `this manager cannot be removed: ${risk}`);
    }
    if (raftId === status.raftId) {
      throw new ClusterError('NOT_LEADER', 'the leader hands over before it leaves: try again');
    }
    await this.#change({ kind: 'remove', id: raftId });
  }

  /** False while the learner is still behind. */
  async promote(raftId: MemberId): Promise<boolean> {
    const outcome = await this.#options.replicator.changeMembership({
      kind: 'promote',
      id: raftId,
    });
    return outcome.kind === 'committed';
  }

  /** Leader: makes another manager lead. False when none could take over. */
  async handOver(): Promise<boolean> {
    const { replicator } = this.#options;
    const { members, raftId } = replicator.status();
    for (const member of members) {
      if (member.raftId === raftId || !member.isVoter || !member.isReachable) continue;
      if (await replicator.transferLeadership(member.raftId)) return true;
    }
    return false;
  }

  /** Runs while no manager is being taken in or let go by its own wish. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(work);
  }

  #members(): readonly MemberStatus[] {
    return this.#options.replicator.status().members;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= waitingMax) {
      throw new ClusterError('LIMIT_EXCEEDED', 'too many managers join or leave: try again');
    }
    this.#waiting++;
    const before = this.#turn;
    const own = (async () => {
      await before;
      return work();
    })();
    this.#turn = own.catch(() => undefined);
    try {
      return await own;
    } finally {
      this.#waiting--;
    }
  }

  async #requireManager(nodeId: string): Promise<void> {
    const { store } = this.#options;
    await store.readBarrier();
    const role = store.view((tx) => tx.get('node', nodeId)?.spec?.role);
    if (role === NodeRole.MANAGER) return;
    throw new ClusterError(
      'PERMISSION_DENIED',
      `node ${nodeId} is not to be a manager: promote it first with 'tsctl node promote'`,
    );
  }

  async #requireReachable(address: string): Promise<void> {
    try {
      await this.#options.probe(address, probeDeadlineMs);
    } catch (error) {
      throw new ClusterError(
        'UNAVAILABLE',
        `the leader cannot reach the new manager at ${address}: check --advertise-addr and the way there`,
        { cause: error, details: { address } },
      );
    }
  }

  /** A node that asks with a new id has lost the log of its old one, which must not vote again. */
  async #removeOlder(nodeId: string, raftId: MemberId): Promise<void> {
    for (const member of this.#members()) {
      if (member.nodeId !== nodeId || member.raftId === raftId) continue;
      this.#options.log.warn('manager lost its log and joins again', { ...member });
      await this.remove(member.raftId, true);
    }
  }

  async #change(change: MembershipChange): Promise<void> {
    const { clock, replicator } = this.#options;
    const until = clock.monotonic() + changeWaitMs;
    for (;;) {
      const outcome = await replicator.changeMembership(change);
      if (outcome.kind === 'committed') return;
      if (outcome.kind === 'unknown') {
        throw new ClusterError(
          'OUTCOME_UNKNOWN',
          `it is not known whether the managers have changed (${outcome.reason}): try again`,
        );
      }
      if (outcome.reason === 'not-leader' || outcome.reason === 'stopped') {
        throw new ClusterError('NOT_LEADER', 'this manager is not the leader now: try again');
      }
      const isBusy = outcome.reason === 'membership-change-in-progress';
      if (!isBusy || clock.monotonic() >= until) {
        throw new ClusterError(
          'UNAVAILABLE',
          `the managers cannot change now (${outcome.reason}): try again in a moment`,
        );
      }
      await sleep(clock, changeRetryMs);
    }
  }
}
