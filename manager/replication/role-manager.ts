import { Bell, hasCode, messageOf } from '#lib';
import type { Clock, Logger, Ms, Timer } from '#lib';
import { ManagerStatus, NodeRole } from '#proto';
import type { Node } from '#proto';
import type { MemberId } from 'raft-ts';
import type {
  Commit,
  ReadTransaction,
  Store,
  Subscription,
  WriteTransaction,
} from '../store/types.ts';
import type { MemberStatus } from './members.ts';
import type { Membership } from './membership.ts';
import type { Replication } from './replication.ts';

/**
 * Between two looks while something is unfinished: a learner that catches up, a member to remove.
 */
const retryMs: Ms = 250;

export interface RoleManagerOptions {
  readonly store: Store;
  readonly replicator: Replication;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings the members of Raft and the roles of nodes together; runs on the leader. Owns
 * node.manager_status, and node.role of a node that steps down. A learner that has caught up
 * becomes a voter; a member whose node is to be a worker, or is gone, is removed; only then the
 * node's role follows.
 */
export class RoleManager {
  readonly #options: RoleManagerOptions;
  readonly #bell = new Bell();
  readonly #stopping = new AbortController();
  /** Nodes that have changed since the last look; undefined: any may be wrong. */
  #changed: Set<string> | undefined;
  #subscriptions: readonly Subscription[] = [];
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RoleManagerOptions) {
    this.#options = options;
  }

  start(): void {
    const { store, replicator } = this.#options;
    this.#subscriptions = [
      replicator.onChange(() => {
        this.#changed = undefined;
        this.#bell.ring();
      }),
      store.watch((commit) => this.#onCommit(commit), {
        only: { kind: 'table', table: 'node' },
        name: 'role manager',
      }),
    ];
    this.#bell.ring();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#timer?.cancel();
    for (const subscription of this.#subscriptions) subscription.cancel();
    await this.#running;
  }

  #onCommit({ events }: Commit): void {
    for (const { object } of events) this.#changed?.add(object.id);
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#bell.wait(signal);
        const isDone = await this.#reconcile();
        if (!isDone) this.#later();
      } catch (error) {
        if (signal.aborted) return;
        this.#changed = undefined;
        const isExpected = hasCode(error, 'NOT_LEADER') || hasCode(error, 'QUORUM_AT_RISK');
        const fields = { reason: messageOf(error) };
        if (isExpected) this.#options.log.debug('roles wait', fields);
        else this.#options.log.warn('roles could not be settled', fields);
        this.#later();
      }
    }
  }

  #later(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(retryMs, () => this.#bell.ring());
  }

  /** One pass; true when nothing is left to do. */
  async #reconcile(): Promise<boolean> {
    const { store, replicator, membership } = this.#options;
    let isDone = true;
    // Who has no vote yet gets it before another's goes: fewer may fail in between.
    const members = replicator
      .status()
      .members.toSorted((a, b) => Number(a.isVoter) - Number(b.isVoter));
    for (const member of members) {
      const node = store.view((tx) => tx.get('node', member.nodeId));
      if (node === undefined || node.spec?.role === NodeRole.WORKER) {
        isDone = (await this.#letGo(member)) && isDone;
      } else if (!member.isVoter) {
        isDone = (await membership.promote(member.raftId)) && isDone;
      }
    }
    // A member that is replaced by a newer one of its node is not one that was let go.
    await membership.undisturbed(() => this.#settleNodes());
    return isDone;
  }

  async #letGo(member: MemberStatus): Promise<boolean> {
    const { store, replicator, membership, clock, log } = this.#options;
    if (member.raftId !== replicator.status().raftId) {
      await this.#markMember(member);
      await membership.remove(member.raftId, false);
      // Also when it was promoted again meanwhile: only so does it hear that its member is gone.
      await store.update((tx) => {
        const node = tx.get('node', member.nodeId);
        if (node === undefined) return;
        tx.update('node', letGo(node, clock.now()));
      });
      log.info('manager let go', { ...member });
      return true;
    }
    // The next leader does the rest.
    await membership.handOver();
    return false;
  }

  /**
   * Before its member goes, the node carries it: when this leader is lost in between, the next one
   * sees a node whose member is gone, and can tell it from one that has not joined yet.
   */
  async #markMember({ nodeId, raftId, address }: MemberStatus): Promise<void> {
    const isMarked = (node: Node | undefined): boolean =>
      node === undefined || node.managerStatus?.raftId === raftId;
    const { store } = this.#options;
    if (isMarked(store.view((tx) => tx.get('node', nodeId)))) return;
    await store.update((tx) => {
      const node = tx.get('node', nodeId);
      if (node === undefined || isMarked(node)) return;
      tx.update('node', { ...node, managerStatus: ManagerStatus.create({ raftId, address }) });
    });
  }

  /** Looks at the nodes that have changed, and at all when the members have: thousands come and go beside a few managers. */
  async #settleNodes(): Promise<void> {
    const { store, replicator, clock } = this.#options;
    const nowMs = clock.now();
    const members = new Map(replicator.status().members.map((one) => [one.nodeId, one]));
    const changed = this.#changed;
    this.#changed = new Set();
    const wrong = store.view((tx) => {
      const nodes = changed === undefined ? tx.list('node') : nodesOf(tx, changed);
      return [...nodes].filter((node) => settled(node, members.get(node.id), nowMs) !== node);
    });
    if (wrong.length === 0) return;
    await store.batch(
      wrong.map((node) => node.id),
      (tx, id) => settleNode(tx, id, members, nowMs),
    );
  }
}

function* nodesOf(tx: ReadTransaction, ids: ReadonlySet<string>): Generator<Node> {
  for (const id of ids) {
    const node = tx.get('node', id);
    if (node !== undefined) yield node;
  }
}

function settleNode(
  tx: WriteTransaction,
  id: string,
  members: ReadonlyMap<string, MemberStatus>,
  nowMs: Ms,
): void {
  const node = tx.get('node', id);
  if (node === undefined) return;
  const next = settled(node, members.get(id), nowMs);
  if (next !== node) tx.update('node', next);
}

/** The node of a manager that is none any more: it hears so, and gives up its log. */
function letGo(node: Node, nowMs: Ms): Node {
  return { ...node, role: NodeRole.WORKER, managerStatus: undefined, demotedAtMs: nowMs };
}

/** The node as it should be beside its member of Raft; the same object when it is already. */
function settled(node: Node, member: MemberStatus | undefined, nowMs: Ms): Node {
  const { managerStatus } = node;
  if (member === undefined) {
    // Also when it is to be a manager again: only so does it hear that its member is gone.
    if (managerStatus !== undefined) return letGo(node, nowMs);
    const isToBeManager = node.spec?.role === NodeRole.MANAGER;
    return isToBeManager || node.role === NodeRole.WORKER ? node : letGo(node, nowMs);
  }
  const isSame =
    managerStatus?.raftId === member.raftId && managerStatus.address === member.address;
  if (isSame) return node;
  const { raftId, address } = member;
  return { ...node, managerStatus: ManagerStatus.create({ raftId, address }) };
}

/** Members whose nodes are to be workers, by the applied state: they do not count for a quorum. */
export function leavingMembers(
  store: Store,
  members: readonly MemberStatus[],
): ReadonlySet<MemberId> {
  return store.view((tx) => {
    const leaving = members.filter(
      (member) => tx.get('node', member.nodeId)?.spec?.role !== NodeRole.MANAGER,
    );
    return new Set(leaving.map((member) => member.raftId));
  });
}
