import type { ClusterError, Ms } from '#lib';
import { Heartbeat, ManagerMessage, NodeSpec, SessionInfo, StatusesAccepted } from '#proto';
import type { AgentMessage, Assignments, Node } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { AssignmentSet } from './assignment-set.ts';
import type { NetworkFeed } from './network-feed.ts';
import type { SharedInfo } from './shared-info.ts';
import type { StatusSource } from './status-collector.ts';

/** One stream to an agent, without its transport. */
export interface SessionLink {
  /** Never blocks. A link that cannot take more closes itself with LIMIT_EXCEEDED. */
  send(message: ManagerMessage): void;
  /** What was sent is still delivered. */
  close(error: ClusterError): void;
}

/** What the transport calls; both do nothing once the session is over. */
export interface SessionInput {
  receive(message: AgentMessage): void;
  closed(): void;
}

/** Who opened a session, as proven by its certificate. */
export interface SessionPeer {
  readonly nodeId: string;
  /** Where it connected from, host:port; may be empty. */
  readonly address: string;
}

const heartbeatAnswer = ManagerMessage.create({
  body: { kind: 'heartbeat', heartbeat: Heartbeat.create() },
});

function isSameNode(a: Node | undefined, b: Node): boolean {
  if (a === undefined || a.role !== b.role) return false;
  const bytes = (node: Node): Uint8Array => NodeSpec.encode(node.spec ?? NodeSpec.create());
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

/** One agent's session: what it was told, and what is still to be told. */
export class AgentSession implements StatusSource {
  readonly id: string;
  readonly nodeId: string;
  readonly address: string;
  readonly dirtyTaskIds = new Set<string>();
  /** `send`, always the same function. */
  readonly sender = (message: ManagerMessage): void => this.send(message);
  readonly #link: SessionLink;
  readonly #networks: NetworkFeed;
  readonly #assignments: AssignmentSet;
  #state: 'new' | 'registering' | 'active' | 'closed' = 'new';
  #toldNode: Node | undefined;
  #periodMs: Ms = 0;

  constructor(id: string, peer: SessionPeer, link: SessionLink, networks: NetworkFeed) {
    this.id = id;
    this.nodeId = peer.nodeId;
    this.address = peer.address;
    this.#link = link;
    this.#assignments = new AssignmentSet(peer.nodeId, (task) => networks.asTold(task));
    this.#networks = networks;
  }

  get isNew(): boolean {
    return this.#state === 'new';
  }

  get isActive(): boolean {
    return this.#state === 'active';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  get periodMs(): Ms {
    return this.#periodMs;
  }

  registering(): void {
    if (this.#state === 'new') this.#state = 'registering';
  }

  /** The node is registered: tells it everything. */
  activate(tx: ReadTransaction, node: Node, shared: SharedInfo, periodMs: Ms): void {
    if (this.#state !== 'registering') return;
    this.#state = 'active';
    this.tell(node, shared, periodMs);
    this.dirtyTaskIds.clear();
    this.#networks.open(this);
    this.#sendAll(this.#assignments.full(tx.tasksOfNode(this.nodeId)));
  }

  /** Session information, sent again whenever any of it changes. */
  tell(node: Node, shared: SharedInfo, periodMs: Ms): void {
    this.#toldNode = node;
    this.#periodMs = periodMs;
    const session = SessionInfo.create({
      sessionId: this.id,
      node,
      heartbeatPeriodMs: Math.round(periodMs),
      managerAddresses: [...shared.managerAddresses],
      rootCertificatePem: shared.rootCertificatePem,
    });
    this.send(ManagerMessage.create({ body: { kind: 'session', session } }));
  }

  /** Whether the agent must hear of its node's change: its spec or role, not its status. */
  isNews(node: Node): boolean {
    return !isSameNode(this.#toldNode, node);
  }

  /** Tells what changed among the tasks that were marked. */
  flush(tx: ReadTransaction): void {
    if (this.#state !== 'active' || this.dirtyTaskIds.size === 0) return;
    const ids = [...this.dirtyTaskIds];
    this.dirtyTaskIds.clear();
    this.#sendAll(this.#assignments.increments(ids, (id) => tx.get('task', id)));
  }

  accepted(sequence: number): void {
    const statusesAccepted = StatusesAccepted.create({ sequence });
    this.send(ManagerMessage.create({ body: { kind: 'statusesAccepted', statusesAccepted } }));
  }

  /** So that an agent whose line is cut notices, and looks for another leader in time. */
  answerHeartbeat(): void {
    if (this.#state === 'active') this.send(heartbeatAnswer);
  }

  send(message: ManagerMessage): void {
    if (this.#state !== 'closed') this.#link.send(message);
  }

  /** Ends the session from this side. Idempotent. */
  close(error: ClusterError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#link.close(error);
  }

  /** The other side has ended it. */
  ended(): void {
    this.#state = 'closed';
  }

  #sendAll(messages: readonly Assignments[]): void {
    for (const assignments of messages)
      this.send(ManagerMessage.create({ body: { kind: 'assignments', assignments } }));
  }
}
