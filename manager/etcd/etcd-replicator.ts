import { assert, ClusterError, hasCode, messageOf, sleep } from '#lib';
import type { Clock, Logger, Metrics, Ms, Random } from '#lib';
import type { MemberId, MembershipChange, ProposeOutcome } from 'raft-ts';
import type { ReplicationStatus } from '../replication/members.ts';
import { noReplication } from '../replication/members.ts';
import { fromMemberContext } from '../replication/raft-wire.ts';
import type { MemberAddress } from '../replication/raft-wire.ts';
import type {
  Replication,
  ReplicationFigures,
  ReplicationStart,
} from '../replication/replication.ts';
import type { ReplicatedState, ReplicateOutcome } from '../store/replicator.ts';
import type { Subscription } from '../store/types.ts';
import { attempted } from './attempts.ts';
import { Candidacy } from './candidacy.ts';
import { EtcdError } from './etcd-port.ts';
import type { Etcd, Operation, Transaction } from './etcd-port.ts';
import { foundCluster, seedCluster } from './founding.ts';
import { keysOf } from './keys.ts';
import type { Keys } from './keys.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { LogFollower } from './log-follower.ts';
import { LogWriter } from './log-writer.ts';
import { headVersion, ReadIndex } from './read-index.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { encodeJson } from './values.ts';

/** How long a start, a read or a change of managers tries to get an answer of etcd. */
const answerMs: Ms = 5_000;
/** After handing over this manager lets others lead first. */
const standBackMs: Ms = 3_000;
const lookAgainMs: Ms = 50;

export interface EtcdReplicatorOptions {
  readonly etcd: Etcd;
  /** Of all keys; a cluster's own keys stand below `/<prefix>/<cluster id>/`. */
  readonly prefix: string;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The state in etcd is damaged or gone; the process should end. */
  readonly onFailed: (error: ClusterError) => void;
  /** Entries between two snapshots, and kept behind one; for tests. */
  readonly snapshotEntries?: number;
  readonly keepEntries?: number;
}

interface Parts {
  readonly self: MemberAddress & { readonly raftId: MemberId };
  readonly follower: LogFollower;
  readonly lease: LeaseKeeper;
  readonly writer: LogWriter;
  readonly snapshots: SnapshotWriter;
  readonly candidacy: Candidacy;
  readonly running: Promise<unknown>;
}

/** Replication by an etcd beside the cluster: the log stands there, and the leader holds a lease. */
export class EtcdReplicator implements Replication {
  readonly #options: EtcdReplicatorOptions;
  readonly #keys: Keys;
  readonly #readIndex: ReadIndex;
  readonly #stopping = new AbortController();
  #state: ReplicatedState | undefined;
  #parts: Parts | undefined;
  #failure: ClusterError | undefined;
  #listeners: readonly (() => void)[] = [];

  constructor(options: EtcdReplicatorOptions) {
    this.#options = options;
    this.#keys = keysOf(options.prefix, options.clusterId);
    this.#readIndex = new ReadIndex(() =>
      this.#insist(() => headVersion(options.etcd, this.#keys)),
    );
    options.metrics.observedGauge('tessera_etcd_is_leader', '1 on the leader, else 0.', () =>
      this.isLeader() ? 1 : 0,
    );
  }

  attach(state: ReplicatedState): void {
    this.#state = state;
  }

  /** UNAVAILABLE when etcd does not answer, FAILED_PRECONDITION when it does not hold this cluster. */
  async start({ raftId, self, isFirst, seed }: ReplicationStart): Promise<void> {
    const state = this.#state;
    assert(state !== undefined, 'a replicator is started with a state attached');
    assert(this.#parts === undefined, 'a replicator is started once');
    const { signal } = this.#stopping;
    const own = { ...self, raftId };
    const basics = { ...this.#options, keys: this.#keys, state, signal };
    const term = (): number | undefined => this.#term();
    const follower = new LogFollower({
      ...basics,
      onChange: () => this.#changed(),
      onLost: (error) => this.#fail(error),
    });
    const insist = <T>(work: () => Promise<T>): Promise<T> => this.#insist(work);
    const founding = { ...basics, self: own, insist };
    if (seed !== undefined) await seedCluster(founding, seed);
    else if (isFirst) await foundCluster(founding);
    const revision = await this.#insist(() => follower.load());
    const lease = new LeaseKeeper({
      ...basics,
      register: (leaseId) => this.#register(own, leaseId),
      onChange: () => this.#changed(),
    });
    const candidacy = new Candidacy({ ...basics, self: own, follower, lease });
    const loops = [follower.run(revision, signal), lease.run(signal), candidacy.run()];
    this.#parts = {
      self: own,
      follower,
      lease,
      candidacy,
      writer: new LogWriter({ ...basics, follower, term }),
      snapshots: new SnapshotWriter({ ...basics, follower, term }),
      // A broken invariant ends the process.
      running: Promise.all(loops),
    };
    this.#changed();
  }

  setSnapshotInterval(entries: number): void {
    this.#parts?.snapshots.setEntries(entries);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new ClusterError('CANCELLED', 'this manager is stopping'));
    const parts = this.#parts;
    if (parts !== undefined) {
      await parts.running;
      await parts.snapshots.idle();
      await parts.lease.release();
    }
    this.#options.etcd.close();
    this.#tell();
  }

  async propose(entry: Uint8Array): Promise<ReplicateOutcome> {
    if (this.#parts === undefined || !this.isLeader()) {
      const reason = this.#parts === undefined ? 'it has not started yet' : 'it does not lead';
      return { kind: 'rejected', reason, isLeadershipLost: true };
    }
    const outcome = await this.#parts.writer.propose(entry);
    this.#parts.snapshots.consider();
    return outcome;
  }

  /** On any manager: by a linearizable read of etcd. */
  async readBarrier(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { follower } = this.#running();
    const read = this.#readIndex.now();
    const version = await (signal === undefined ? read : orAborted(read, signal));
    await follower.applied(version, answerMs, signal);
  }

  status(): ReplicationStatus {
    const parts = this.#parts;
    if (parts === undefined) return { ...noReplication, needsQuorum: false };
    const { view } = parts.follower;
    const { raftId } = parts.self;
    const isLeader = this.isLeader();
    const holder = view.leader;
    // Its lease may have ended: nobody leads until that is settled.
    const leaderId = holder?.raftId === raftId && !isLeader ? undefined : holder?.raftId;
    const members = view.members.map((member) => ({
      raftId: member.raftId,
      nodeId: member.nodeId,
      address: member.address,
      isVoter: true,
      isLeader: member.raftId === leaderId,
      isReachable: member.raftId === raftId || view.isAlive(member.raftId),
    }));
    const leader = members.find((member) => member.isLeader);
    const term = holder?.createRevision ?? 0;
    return { raftId, isLeader, term, leader, members, needsQuorum: false };
  }

  figures(): ReplicationFigures | undefined {
    if (this.#parts === undefined) return undefined;
    const { appliedVersion, view } = this.#parts.follower;
    const lastIndex = view.head?.version ?? appliedVersion;
    // The disk is etcd's.
    const noTimes = { fsyncMedianMs: 0, fsyncLastMs: 0 };
    return {
      isCandidate: false,
      commitIndex: lastIndex,
      appliedIndex: appliedVersion,
      lastIndex,
      ...noTimes,
    };
  }

  isLeader(): boolean {
    return this.#term() !== undefined;
  }

  hasMembership(): boolean {
    const parts = this.#parts;
    return parts?.follower.view.member(parts.self.raftId) !== undefined;
  }

  addressOf(id: MemberId): MemberAddress | undefined {
    return this.#parts?.follower.view.member(id);
  }

  addContacts(): void {
    // Managers are found in etcd.
  }

  onChange(listener: () => void): Subscription {
    const own = (): void => listener();
    this.#listeners = [...this.#listeners, own];
    return {
      cancel: () => {
        this.#listeners = this.#listeners.filter((other) => other !== own);
      },
    };
  }

  async changeMembership(change: MembershipChange): Promise<ProposeOutcome> {
    const term = this.#term();
    const parts = this.#parts;
    if (term === undefined || parts === undefined)
      return { kind: 'rejected', reason: 'not-leader', leaderId: 0 };
    const { follower, self } = parts;
    const done: ProposeOutcome = { kind: 'committed', index: follower.appliedVersion };
    // There are no voters and learners here.
    if (change.kind === 'promote' || change.kind === 'demote') return done;
    // Only Raft itself changes several at once.
    if (change.kind === 'set-members')
      return { kind: 'rejected', reason: 'invalid-membership-change', leaderId: self.raftId };
    const when = [{ key: this.#keys.leader, target: 'created', revision: term }] as const;
    const key = this.#keys.member(change.id);
    const operation: Operation =
      change.kind === 'remove'
        ? { kind: 'delete', key }
        : { kind: 'put', key, value: memberValue(change.id, change.context) };
    try {
      const request = { when, changes: [operation], otherwise: [] };
      const { isDone } = await this.#insist(() => this.#options.etcd.transact(request));
      if (!isDone) return { kind: 'rejected', reason: 'not-leader', leaderId: 0 };
      await this.#insist(() => follower.look());
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) };
    }
    this.#options.log.info('managers changed', { change: change.kind, raftId: change.id });
    return done;
  }

  /** Whoever is first takes over; that it is `to` is not promised. */
  async transferLeadership(to: MemberId): Promise<boolean> {
    const term = this.#term();
    const parts = this.#parts;
    if (parts === undefined || term === undefined) return true;
    const { follower, candidacy } = parts;
    if (!follower.view.isAlive(to)) return false;
    candidacy.standBack(standBackMs);
    const key = this.#keys.leader;
    const release: Transaction = {
      when: [{ key, target: 'created', revision: term }],
      changes: [{ kind: 'delete', key }],
      otherwise: [],
    };
    try {
      await this.#insist(() => this.#options.etcd.transact(release));
      await this.#insist(() => follower.look());
    } catch (error) {
      this.#options.log.warn('leadership was not handed over', { reason: messageOf(error) });
      return false;
    }
    return this.#untilOtherLeads();
  }

  receive(): void {
    // Nothing of Raft is of use here.
  }

  receiveSnapshot(): Promise<void> {
    const text = 'this cluster keeps its state in etcd: managers send each other no snapshots';
    return Promise.reject(new ClusterError('FAILED_PRECONDITION', text));
  }

  /** The leader key's revision, while it is this manager's and its lease is certain to live. */
  #term(): number | undefined {
    const parts = this.#parts;
    if (parts === undefined || this.#failure !== undefined || this.#stopping.signal.aborted)
      return undefined;
    const { leader } = parts.follower.view;
    const isOwn = leader?.raftId === parts.self.raftId && leader.lease === parts.lease.id;
    return isOwn ? leader.createRevision : undefined;
  }

  #running(): Parts {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#parts === undefined)
      throw new ClusterError('NOT_LEADER', 'this manager has not started yet: ask another one');
    this.#stopping.signal.throwIfAborted();
    return this.#parts;
  }

  async #untilOtherLeads(): Promise<boolean> {
    const { clock } = this.#options;
    const parts = this.#running();
    const until = clock.monotonic() + standBackMs;
    while (clock.monotonic() < until) {
      const { leader } = parts.follower.view;
      if (leader !== undefined && leader.raftId !== parts.self.raftId) return true;
      await sleep(clock, lookAgainMs, this.#stopping.signal).catch(() => undefined);
    }
    return !this.isLeader();
  }

  async #register(self: Parts['self'], lease: string): Promise<void> {
    const put = { kind: 'put', key: this.#keys.aliveMember(self.raftId), lease } as const;
    const changes = [{ ...put, value: encodeJson(self) }];
    await this.#options.etcd.transact({ when: [], changes, otherwise: [] });
  }

  /** Repeats it for a while. UNAVAILABLE with what etcd said. */
  async #insist<T>(work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const until = clock.monotonic() + answerMs;
    try {
      return await attempted({ ...this.#options, signal: this.#stopping.signal, until }, work);
    } catch (error) {
      if (error instanceof EtcdError) throw new ClusterError('UNAVAILABLE', error.message);
      throw error;
    }
  }

  #changed(): void {
    this.#parts?.candidacy.look();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #fail(error: ClusterError): void {
    this.#failure = error;
    this.#options.log.error('the state in etcd cannot be followed', { err: error });
    if (!hasCode(error, 'CANCELLED')) this.#options.onFailed(error);
    this.#tell();
  }
}

function memberValue(raftId: MemberId, context: string): Uint8Array {
  const { nodeId, address } = fromMemberContext(context);
  return encodeJson({ raftId, nodeId, address });
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}
