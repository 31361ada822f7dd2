import { ClusterError, hasCode, messageOf, sleep } from '#lib';
import type { Ms } from '#lib';
import type { Cluster, Node, Task } from '#proto';
import { ImageIndex } from '#scheduler';
import type { Disk, LogCipher, MemberId, RaftNodeOptions, Transport } from 'raft-ts';
import type { CertificateSigner } from './ca/index.ts';
import type { PackBackup } from './control/index.ts';
import { joinGroup } from './joining.ts';
import type { MembershipClient } from './joining.ts';
import type { LoopBasics, LoopMakers } from './leader-loops.ts';
import { Leadership } from './leadership.ts';
import { managerHandlers } from './manager-handlers.ts';
import type { ManagerHandlers } from './manager-handlers.ts';
import { assertTransition } from './orchestrator/task-transitions.ts';
import { Dispatcher } from './dispatcher/index.ts';
import { loadMember, newRaftId, saveMember } from './replication/member-file.ts';
import type { MemberRecord } from './replication/member-file.ts';
import { Forcing } from './replication/forced-manager.ts';
import type { ForcedManager } from './replication/forced-manager.ts';
import { followSnapshotInterval } from './replication/snapshot-interval.ts';
import { removalRisk } from './replication/members.ts';
import type { ReplicationStatus } from './replication/members.ts';
import { Membership } from './replication/membership.ts';
import type { DiskUsage } from './replication/manager-report.ts';
import { watchDisk } from './replication/disk-watch.ts';
import { RaftReplicator } from './replication/raft-replicator.ts';
import type { MemberAddress } from './replication/raft-wire.ts';
import type { Replication } from './replication/replication.ts';
import { leavingMembers, RoleManager } from './replication/role-manager.ts';
import type { SeedState } from './restore/index.ts';
import { ClusterStore } from './store/cluster-store.ts';
import type { CommitRingLimits } from './store/commit-ring.ts';
import type { AnyObject, Store, Subscription, TableName } from './store/types.ts';
import { WorkRouter } from './work/index.ts';

/** A member that joins waits so long to become a voter; it goes on becoming one afterwards. */
const voterWaitMs: Ms = 15_000;
const leaveRetryMs: Ms = 200;
const foundedPollMs: Ms = 10;

/** What carries Raft to other managers. */
export interface ManagerTransport extends Transport {
  /** Rejects when nothing of this cluster answers at `address` in time. */
  probe(address: string, deadlineMs: Ms): Promise<void>;
  close(): void;
}

/** What replication is made of. */
export interface ReplicationBasics extends Omit<LoopBasics, 'store'> {
  readonly onFailed: (error: ClusterError) => void;
}

/** What a new cluster begins with. */
export interface FirstObjects {
  readonly cluster: Cluster;
  readonly node: Node;
}

export interface ManagerOptions extends Omit<LoopBasics, 'store'> {
  readonly nodeId: string;
  readonly clusterId: string;
  /** host:port that other managers and agents use. */
  readonly address: string;
  /** Set on the first manager of a new cluster until its store has them; doing it twice is fine. */
  readonly first: FirstObjects | undefined;
  /** The state of a backup, on the first start of a manager that restores it. */
  readonly seed?: SeedState | undefined;
  /** Managers to ask for membership when there is no log yet; host:port. */
  readonly peers: readonly string[];
  /** A directory of its own for each name. */
  readonly disk: (name: 'member' | 'raft') => Disk;
  readonly diskUsage?: () => Promise<DiskUsage>;
  readonly transport: (addressOf: (id: MemberId) => MemberAddress | undefined) => ManagerTransport;
  readonly client: MembershipClient;
  readonly signer: CertificateSigner;
  /** Told to nodes that join: where managers keep the state; default "raft". */
  readonly storeName?: string;
  readonly packBackup: PackBackup;
  /** The loops that run on the leader beside the dispatcher and the role manager. */
  readonly loops: (basics: LoopBasics) => LoopMakers;
  readonly raft?: RaftNodeOptions;
  /** Encrypts the log; without one it is in clear. */
  readonly cipher?: LogCipher | undefined;
  /** What replicates the store; default: Raft among the managers, on `disk('raft')`. */
  readonly replication?: (basics: ReplicationBasics) => Replication;
  /** How many commits the store keeps for watches that resume; see `ClusterStoreOptions`. */
  readonly keep?: CommitRingLimits;
  /** The log has failed; the process should end. */
  readonly onFailed: (error: ClusterError) => void;
}

/**
 * One manager: the store, its replication and, while it leads, the leader's loops. The handlers
 * are valid from the start; until `start` has got to the log they answer as no leader's.
 */
export class Manager {
  readonly store: Store;
  readonly handlers: ManagerHandlers;
  readonly #options: ManagerOptions;
  readonly #clusterStore: ClusterStore;
  readonly #replicator: Replication;
  readonly #transport: ManagerTransport;
  readonly #membership: Membership;
  readonly #dispatcher: Dispatcher;
  readonly #leadership: Leadership;
  readonly #stopping = new AbortController();
  #announcing: Promise<void> = Promise.resolve();
  #following: Subscription | undefined;
  readonly #forcing: Forcing;
  #stopped: Promise<void> | undefined;

  constructor(options: ManagerOptions) {
    const log = options.log.child({ module: 'manager' });
    this.#options = { ...options, log };
    const addressOf = (id: MemberId): MemberAddress | undefined => this.#replicator.addressOf(id);
    this.#transport = options.transport(addressOf);
    this.#replicator =
      options.replication?.(options) ??
      new RaftReplicator({
        ...options,
        log: options.log.child({ module: 'raft' }),
        transport: this.#transport,
        disk: options.disk('raft'),
      });
    this.#clusterStore = new ClusterStore({
      ...options,
      log: options.log.child({ module: 'store' }),
      replicator: this.#replicator,
      check: checkChange,
    });
    this.store = this.#clusterStore;
    this.#replicator.attach(this.#clusterStore);
    this.#membership = new Membership({
      ...options,
      log,
      store: this.store,
      replicator: this.#replicator,
      probe: (address, deadlineMs) => this.#transport.probe(address, deadlineMs),
    });
    const own = { ...options, log, store: this.store, replicator: this.#replicator };
    this.#forcing = new Forcing(own);
    const work = new WorkRouter(options);
    const images = new ImageIndex();
    this.#dispatcher = new Dispatcher({ ...options, store: this.store, work, images });
    this.#leadership = new Leadership({
      ...options,
      log,
      store: this.store,
      replicator: this.#replicator,
      prepare: async () => {
        await this.#found();
        await this.#forcing.demoteLost();
      },
      loops: this.#loops(images),
    });
    this.handlers = managerHandlers({
      ...options,
      store: this.store,
      dispatcher: this.#dispatcher,
      work,
      images,
      replicator: this.#replicator,
      membership: this.#membership,
      image: () => this.#clusterStore.snapshot(),
      canRemoveManager: (nodeId) => this.canRemoveManager(nodeId),
    });
  }

  /** After a change of the cipher's key: nothing stored here needs an older one when it resolves. */
  async rekey(): Promise<void> {
    await this.#replicator.rekey?.();
  }

  status(): ReplicationStatus {
    return this.#replicator.status();
  }

  isLeader(): boolean {
    return this.#replicator.isLeader();
  }

  /** undefined while there is no leader. */
  leader(): MemberAddress | undefined {
    return this.#replicator.status().leader;
  }

  /** Why the node must stay a manager, in one line; undefined when it need not. Ask the leader. */
  canRemoveManager(nodeId: string): string | undefined {
    const status = this.#replicator.status();
    const { members } = status;
    const member = members.find((one) => one.nodeId === nodeId);
    if (member === undefined) return undefined;
    const risk = removalRisk(status, member.raftId, leavingMembers(this.store, members));
    return risk === undefined ? undefined : `this manager cannot step down: ${risk}`;
  }

  /** Why this manager must not go away now (last one, quorum); undefined when it may. */
  whyNotLeave(): string | undefined {
    const { members, raftId, leader, needsQuorum } = this.#replicator.status();
    if (members.length === 0) return undefined;
    if (leader === undefined) {
      return 'the cluster has no leader now, and leaving may cost it its quorum for good';
    }
    // A follower cannot see who else can be reached: the leader will refuse what would harm.
    const seen = this.isLeader() ? members : members.map((one) => ({ ...one, isReachable: true }));
    const leaving = leavingMembers(this.store, members);
    return removalRisk({ members: seen, needsQuorum }, raftId, leaving);
  }

  /** Its next start makes it the only manager: see decision 0091. */
  forceSole(): Promise<void> {
    return this.#forcing.order(this.#options.random);
  }

  /** What a start after `forceSole` has found; undefined after any other. */
  get forced(): ForcedManager | undefined {
    return this.#forcing.found;
  }

  /** Takes this manager out of the group; until the signal. The last one has nothing to do. */
  async leaveMembership(signal: AbortSignal): Promise<void> {
    const { client, clock, address } = this.#options;
    const isForced = this.whyNotLeave() !== undefined;
    for (;;) {
      signal.throwIfAborted();
      const { members, raftId, leader } = this.#replicator.status();
      const others = members.filter((one) => one.raftId !== raftId);
      if (others.length === 0 || others.length === members.length) return;
      try {
        if (this.isLeader()) await this.#membership.handOver();
        else if (leader !== undefined && leader.address !== address) {
          await client.leave(leader.address, isForced, signal);
          return;
        }
      } catch (error) {
        if (hasCode(error, 'QUORUM_AT_RISK')) throw error;
        this.#options.log.warn('not yet let go', { reason: messageOf(error) });
      }
      await sleep(clock, leaveRetryMs, signal);
    }
  }

  /** Resolves when the log is open and, on a new member, the group has taken it in. */
  async start(): Promise<void> {
    const { log, nodeId, address, first } = this.#options;
    const record = await this.#forcing.forceLog(await this.#memberRecord());
    await this.#replicator.start({
      raftId: record.raftId,
      self: { nodeId, address },
      isFirst: first !== undefined,
      seed: this.#options.seed,
      contacts: record.contacts,
    });
    this.#following = followSnapshotInterval(this.store, this.#replicator);
    this.#leadership.start();
    if (record.forced !== undefined) await this.#forcing.untilDone(this.#stopping.signal);
    else if (first !== undefined) await this.#untilFounded();
    else if (!this.#replicator.hasMembership()) await this.#join(record);
    const { diskUsage } = this.#options;
    if (diskUsage !== undefined)
      void watchDisk({ ...this.#options, diskUsage }, this.#stopping.signal);
    this.#announcing = this.#announceAddress(record);
    log.info('manager started', { raftId: record.raftId, address });
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  async #shutDown(): Promise<void> {
    this.#stopping.abort(new ClusterError('CANCELLED', 'this manager is stopping'));
    if (this.isLeader()) await this.#membership.handOver().catch(() => false);
    // Raft first: what the loops still wait for is then answered.
    await this.#replicator.stop();
    await this.#leadership.stop();
    await this.#announcing;
    this.#following?.cancel();
    this.#clusterStore.close();
    this.#transport.close();
  }

  #loops(images: ImageIndex): LoopMakers {
    const { log } = this.#options;
    const basics: LoopBasics = { ...this.#options, store: this.store, images };
    return {
      roles: () =>
        new RoleManager({
          ...this.#options,
          log,
          store: this.store,
          replicator: this.#replicator,
          membership: this.#membership,
        }),
      ...this.#options.loops(basics),
      dispatcher: () => this.#dispatcher,
    };
  }

  async #memberRecord(): Promise<MemberRecord> {
    const disk = this.#options.disk('member');
    const known = await loadMember(disk);
    if (known !== undefined) return known;
    const record = { raftId: newRaftId(this.#options.random), contacts: new Map() };
    await saveMember(disk, record);
    return record;
  }

  async #join(record: MemberRecord): Promise<void> {
    const { peers, address, disk, clock, log } = this.#options;
    const { signal } = this.#stopping;
    const self = { address, raftId: record.raftId };
    const asked = peers.filter((peer) => peer !== address);
    const contacts = await joinGroup(this.#options, asked, self, signal);
    await saveMember(disk('member'), { ...record, contacts });
    this.#replicator.addContacts(contacts);
    const until = clock.monotonic() + voterWaitMs;
    while (clock.monotonic() < until) {
      const { members, raftId } = this.#replicator.status();
      if (members.some((member) => member.raftId === raftId && member.isVoter)) return;
      await sleep(clock, 50, signal);
    }
    log.warn('taken in, but not yet with a vote', { raftId: record.raftId });
  }

  /** A manager that came back at another address tells the others; until then none reaches it. */
  async #announceAddress(record: MemberRecord): Promise<void> {
    const { address, log } = this.#options;
    const { signal } = this.#stopping;
    const { members, raftId } = this.#replicator.status();
    const self = members.find((member) => member.raftId === raftId);
    if (self === undefined || self.address === address) return;
    log.info('address changed', { from: self.address, to: address });
    try {
      const others = members.filter((member) => member.raftId !== raftId);
      if (others.length === 0) await this.#renameSelf();
      else {
        const peers = others.map((member) => member.address);
        await joinGroup(this.#options, peers, { address, raftId: record.raftId }, signal);
      }
    } catch (error) {
      if (!signal.aborted) log.error('address not told', { reason: messageOf(error) });
    }
  }

  /** The only manager is its own leader. */
  async #renameSelf(): Promise<void> {
    const { nodeId, address, clock } = this.#options;
    const { signal } = this.#stopping;
    while (!this.isLeader()) await sleep(clock, foundedPollMs, signal);
    await this.store.readBarrier(signal);
    await this.#membership.rename({ nodeId, address }, this.#replicator.status().raftId);
  }

  /** Writes what a new cluster begins with, where it is not written yet. */
  async #found(): Promise<void> {
    const { first, clusterId } = this.#options;
    const isThere = this.store.view((tx) => tx.get('cluster', clusterId) !== undefined);
    if (first === undefined || isThere) return;
    await this.store.update((tx) => {
      if (tx.get('cluster', first.cluster.id) === undefined) tx.create('cluster', first.cluster);
      if (tx.get('node', first.node.id) === undefined) tx.create('node', first.node);
    });
  }

  /** By this manager when it leads, or before by itself or another one. */
  async #untilFounded(): Promise<void> {
    const { clock, clusterId } = this.#options;
    const { signal } = this.#stopping;
    while (this.store.view((tx) => tx.get('cluster', clusterId)) === undefined) {
      await sleep(clock, foundedPollMs, signal);
    }
  }
}

/** The rules of the store: a task moves only as its table of transitions says. */
function checkChange(
  table: TableName,
  old: AnyObject | undefined,
  next: AnyObject | undefined,
): void {
  if (table !== 'task' || old === undefined || next === undefined) return;
  assertTransition(old as Task, next as Task);
}
