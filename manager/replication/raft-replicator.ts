import { assert, ClusterError, messageOf } from '#lib';
import type { Clock, Logger, Metrics, Random } from '#lib';
import { forceSoleVoter, isRaftError, membersOf, RaftNode, seedLog } from 'raft-ts';
import type {
  Disk,
  Entry,
  ForcedVoter,
  LogCipher,
  MemberId,
  MembershipChange,
  ProposeOutcome,
  RaftMessage,
  RaftNodeOptions,
  SnapshotMeta,
  Transport,
} from 'raft-ts';
import type { ReplicatedState, ReplicateOutcome } from '../store/replicator.ts';
import type { Subscription } from '../store/types.ts';
import { noReplication, replicationStatus } from './members.ts';
import type { ReplicationStatus } from './members.ts';
import { raftObserver } from './raft-metrics.ts';
import { RecentTimes } from './recent-times.ts';
import { fromMemberContext, toMemberContext } from './raft-wire.ts';
import type { MemberAddress } from './raft-wire.ts';
import type { Replication, ReplicationFigures, ReplicationStart } from './replication.ts';

export interface RaftReplicatorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly transport: Transport;
  /** For the log and its snapshots alone. */
  readonly disk: Disk;
  /** Encrypts it; without one it is in clear. */
  readonly cipher?: LogCipher | undefined;
  readonly raft?: RaftNodeOptions;
  /** Raft has stopped itself: a disk that fails or a damaged log. The process should end. */
  readonly onFailed: (error: ClusterError) => void;
}

/**
 * Replication by the Raft of this program itself. Between `start` and `stop` it is a member, or waits to be
 * one.
 */
export class RaftReplicator implements Replication {
  readonly #options: RaftReplicatorOptions;
  /** How long the last writes to the log took. */
  readonly #syncTimes = new RecentTimes();
  #state: ReplicatedState | undefined;
  #node: RaftNode | undefined;
  #contacts: ReadonlyMap<MemberId, MemberAddress> = new Map();
  #listeners: readonly (() => void)[] = [];

  constructor(options: RaftReplicatorOptions) {
    this.#options = options;
  }

  /** Once, before `start`. */
  attach(state: ReplicatedState): void {
    this.#state = state;
  }

  /** Recovers log and state from the disk. DATA_LOSS when they are damaged. */
  async start(start: ReplicationStart): Promise<void> {
    const state = this.#state;
    assert(state !== undefined, 'a replicator is started with a state attached');
    assert(this.#node === undefined, 'a replicator is started once');
    this.#contacts = start.contacts;
    const { clock, random, transport, disk, cipher, raft } = this.#options;
    const member = {
      id: start.raftId,
      role: 'voter' as const,
      context: toMemberContext(start.self),
    };
    try {
      if (start.seed !== undefined) {
        const { index, image } = start.seed;
        const meta = { index, term: 1, membership: { members: [member] } };
        await seedLog(disk, meta, image(), { cipher });
      }
      this.#node = await RaftNode.open({
        id: start.raftId,
        clock,
        random,
        transport,
        disk,
        observer: this.#observer(),
        stateMachine: {
          apply: (entry: Entry) => state.apply(entry.index, entry.data),
          snapshot: () => state.snapshot(),
          restore: (meta, chunks) => state.restore(meta.index, chunks),
          membershipChanged: () => this.#tell(),
        },
        ...(cipher === undefined ? {} : { cipher }),
        ...(raft === undefined ? {} : { options: raft }),
        ...(start.isFirst ? { bootstrap: { members: [member] } } : {}),
      });
    } catch (error) {
      throw isDiskError(error) ? diskFailed(error) : translated(error);
    }
    this.#tell();
  }

  async forceSole(raftId: MemberId, self: MemberAddress): Promise<ForcedVoter> {
    assert(this.#node === undefined, 'a log is forced before it is opened');
    const { disk, cipher } = this.#options;
    const member = { id: raftId, context: toMemberContext(self) };
    try {
      return await forceSoleVoter(disk, member, { cipher });
    } catch (error) {
      throw isDiskError(error) ? diskFailed(error) : translated(error);
    }
  }

  async stop(): Promise<void> {
    await this.#node?.stop();
  }

  setSnapshotInterval(entries: number): void {
    this.#node?.setSnapshotEntries(entries);
  }

  async rekey(): Promise<void> {
    await this.#node?.rekey();
  }

  async propose(entry: Uint8Array): Promise<ReplicateOutcome> {
    if (this.#node === undefined) {
      const reason = 'it has not started yet';
      return { kind: 'rejected', reason, isLeadershipLost: true };
    }
    return fromOutcome(await this.#node.propose(entry));
  }

  async readBarrier(signal?: AbortSignal): Promise<void> {
    if (this.#node === undefined) {
      throw new ClusterError('NOT_LEADER', 'this manager has not started yet: ask another one');
    }
    try {
      await this.#node.readIndex(signal);
    } catch (error) {
      throw translated(error);
    }
  }

  status(): ReplicationStatus {
    return this.#node === undefined ? noReplication : replicationStatus(this.#node.status());
  }

  figures(): ReplicationFigures | undefined {
    if (this.#node === undefined) return undefined;
    const { role, commitIndex, appliedIndex, lastIndex } = this.#node.status();
    return {
      isCandidate: role === 'candidate' || role === 'pre-candidate',
      commitIndex,
      appliedIndex,
      lastIndex,
      fsyncMedianMs: this.#syncTimes.median,
      fsyncLastMs: this.#syncTimes.last,
    };
  }

  isLeader(): boolean {
    return this.#node?.inspection.role === 'leader';
  }

  /** True once some leader has told this member of the group, or it began it itself. */
  hasMembership(): boolean {
    return (this.#node?.inspection.membership.members.length ?? 0) > 0;
  }

  /** Where a member is, by the newest membership in the log, else by what was told at joining. */
  addressOf(id: MemberId): MemberAddress | undefined {
    const membership = this.#node?.inspection.membership ?? { members: [] };
    const member = membersOf(membership).find((one) => one.id === id);
    return member === undefined ? this.#contacts.get(id) : fromMemberContext(member.context);
  }

  addContacts(contacts: ReadonlyMap<MemberId, MemberAddress>): void {
    this.#contacts = new Map([...this.#contacts, ...contacts]);
  }

  /** Called after each change of role, leader, term or members; look at `status` then. */
  onChange(listener: () => void): Subscription {
    const own = (): void => listener();
    this.#listeners = [...this.#listeners, own];
    return {
      cancel: () => {
        this.#listeners = this.#listeners.filter((other) => other !== own);
      },
    };
  }

  /** Leader only; `committed` when the change is in effect and applied here. */
  async changeMembership(change: MembershipChange): Promise<ProposeOutcome> {
    if (this.#node === undefined) return { kind: 'rejected', reason: 'stopped', leaderId: 0 };
    const outcome = await this.#node.changeMembership(change);
    const fields = { change: change.kind, ...('id' in change && { raftId: change.id }) };
    const { log } = this.#options;
    if (outcome.kind === 'committed') log.info('raft membership changed', fields);
    else log.debug('raft membership not changed', { ...fields, reason: outcome.reason });
    return outcome;
  }

  /** True when this member leads no more. */
  async transferLeadership(to: MemberId): Promise<boolean> {
    return (await this.#node?.transferLeadership(to)) ?? false;
  }

  /** From the transport; dropped while this member does not run. */
  receive(message: RaftMessage): void {
    this.#node?.receive(message);
  }

  async receiveSnapshot(
    header: RaftMessage,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (this.#node === undefined) {
      throw new ClusterError('UNAVAILABLE', 'this manager has not started yet');
    }
    try {
      await this.#node.receiveSnapshot(header, meta, chunks);
    } catch (error) {
      throw translated(error);
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #observer(): ReturnType<typeof raftObserver> {
    const { metrics, log, onFailed } = this.#options;
    return raftObserver(metrics, log, () => this.#node?.status(), {
      roleChanged: () => this.#tell(),
      synced: (tookMs) => this.#syncTimes.add(tookMs),
      failed: (code, error) => {
        log.error('raft has stopped', { code, err: error });
        onFailed(stoppedBecause(code, error));
        this.#tell();
      },
    });
  }
}

function fromOutcome(outcome: ProposeOutcome): ReplicateOutcome {
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'committed', version: outcome.index };
    case 'rejected': {
      const isLeadershipLost = outcome.reason === 'not-leader' || outcome.reason === 'stopped';
      return { kind: 'rejected', reason: outcome.reason, isLeadershipLost };
    }
    default:
      return outcome;
  }
}

function translated(error: unknown): unknown {
  return isRaftError(error) ? fromRaftError(error) : error;
}

/** Names the one command that helps. */
function damagedLog(error: unknown): ClusterError {
  const [what = ''] = messageOf(error).split('; ');
  return new ClusterError(
    'DATA_LOSS',
    `${what}: run 'tsctl cluster rejoin' on this host, and the other managers take it in again`,
    { cause: error },
  );
}

function isDiskError(error: unknown): boolean {
  return Object.hasOwn(diskHelp, (error as { readonly code?: string }).code ?? '');
}

/** What a manager says whose log has failed; one line, with what to do. */
function stoppedBecause(code: string, error: unknown): ClusterError {
  if (code === 'DISK_FAILED') return diskFailed(error);
  if (code === 'DATA_LOSS') return damagedLog(error);
  const what = `the replicated log has failed (${code}) and this manager has stopped`;
  return new ClusterError('DATA_LOSS', `${what}: ${messageOf(error)}`, { cause: error });
}

const diskHelp: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on that file system, or give the data directory a larger one',
  EDQUOT: 'raise the quota of that file system',
  EROFS: 'mount that file system for writing',
  EIO: 'the disk is failing: look at the kernel log, and replace it',
};

/** Names the path, the error of the system and what to do; nothing acknowledged is lost. */
function diskFailed(error: unknown): ClusterError {
  const { code = '', path = '' } = error as { readonly code?: string; readonly path?: string };
  const help = diskHelp[code] ?? 'look at that disk';
  const where = path === '' || messageOf(error).includes(path) ? '' : ` (${path})`;
  return new ClusterError(
    'DISK_FAILED',
    `the disk of this manager refuses its log: ${messageOf(error)}${where}: ${help}, then start tesserad again; nothing that was acknowledged is lost`,
    { cause: error },
  );
}

function fromRaftError(error: { readonly code: string; readonly message: string }): ClusterError {
  const options = { cause: error };
  switch (error.code) {
    case 'NOT_LEADER':
      return new ClusterError('NOT_LEADER', 'this manager is not the leader now', options);
    case 'QUEUE_FULL':
      return new ClusterError('LIMIT_EXCEEDED', `too many reads wait: ${error.message}`, options);
    case 'DISK_FAILED':
      return diskFailed(error);
    case 'WRONG_KEY':
      return new ClusterError('INVALID_KEY', `the replicated log: ${error.message}`, options);
    case 'UNKNOWN_FORMAT':
      return new ClusterError('FAILED_PRECONDITION', error.message, options);
    case 'DATA_LOSS':
      return damagedLog(error);
    case 'BAD_INPUT':
      return new ClusterError('INVALID_ARGUMENT', `the replicated log: ${error.message}`, options);
    default:
      return new ClusterError('UNAVAILABLE', `the replicated log: ${error.message}`, options);
  }
}
