import { ClusterError } from '#lib';
import type { Clock, Ms } from '#lib';
import { NodeDescription, NodeState, NodeStatus } from '#proto';
import type { AgentHello, Node, TunnelKey } from '#proto';
import type { ReadTransaction, WriteTransaction } from '../store/types.ts';

/** Sessions one node may open within `windowMs`; more are refused with UNAVAILABLE. */
const registrationsMax = 20;
const windowMs: Ms = 10_000;
const descriptionBytesMax = 65_536;
const hostnameLengthMax = 253;
const tunnelKeysMax = 2;
const tunnelKeyBytes = 32;

/** Counts how often nodes open sessions. Bounded by the number of nodes: only members are counted. */
export class RegistrationLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { startedAt: Ms; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** UNAVAILABLE when the node registers too often. */
  require(nodeId: string): void {
    const now = this.#clock.monotonic();
    const window = this.#windows.get(nodeId);
    if (window === undefined || now - window.startedAt >= windowMs) {
      this.#windows.set(nodeId, { startedAt: now, count: 1 });
      return;
    }
    window.count++;
    if (window.count > registrationsMax)
      throw new ClusterError(
        'UNAVAILABLE',
        `node ${nodeId} opened more than ${registrationsMax} sessions in ${windowMs} ms: wait`,
      );
  }

  forget(nodeId: string): void {
    this.#windows.delete(nodeId);
  }
}

/** PERMISSION_DENIED for a node that is not in the cluster, or no longer. */
export function requireMember(tx: ReadTransaction, nodeId: string): Node {
  const node = tx.get('node', nodeId);
  if (node !== undefined) return node;
  throw new ClusterError(
    'PERMISSION_DENIED',
    `node ${nodeId} is not in the cluster: it was removed or never joined; leave and join anew`,
    { details: { nodeId } },
  );
}

export const notRegistered = (): ClusterError =>
  new ClusterError('INTERNAL', 'the node could not be registered: see the log');

/** What the session of a node that was removed ends with. */
export function removedNode(nodeId: string): ClusterError {
  return new ClusterError(
    'PERMISSION_DENIED',
    `node ${nodeId} was removed from the cluster: leave and join anew`,
    { details: { nodeId } },
  );
}

/** The nodes that the leader before had not given up. */
export function nodesThere(tx: ReadTransaction): readonly string[] {
  const ids: string[] = [];
  for (const { id, status } of tx.list('node'))
    if (status?.state === NodeState.READY || status?.state === NodeState.UNKNOWN) ids.push(id);
  return ids;
}

/** INVALID_ARGUMENT for a description no honest agent sends. */
function checkedDescription(description: NodeDescription | undefined): NodeDescription {
  if (description === undefined || description.hostname === '')
    throw new ClusterError('INVALID_ARGUMENT', 'the hello describes no node: send its host name');
  const { hostname } = description;
  if (hostname.length > hostnameLengthMax || /[\s\p{Cc}]/u.test(hostname))
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `the host name of the node is not one: use at most ${hostnameLengthMax} visible characters`,
    );
  const isKey = ({ publicKey, port }: TunnelKey): boolean =>
    publicKey.length === tunnelKeyBytes && port >= 1 && port <= 65_535;
  if (description.tunnelKeys.length > tunnelKeysMax || !description.tunnelKeys.every(isKey))
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `the tunnel keys of the node are not such: send at most ${tunnelKeysMax}, each of ${tunnelKeyBytes} bytes with a port`,
    );
  const bytes = NodeDescription.encode(description).length;
  if (bytes > descriptionBytesMax)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `the description of the node takes ${bytes} bytes: send at most ${descriptionBytesMax}`,
    );
  return description;
}

function isSameDescription(a: NodeDescription | undefined, b: NodeDescription): boolean {
  return (
    a !== undefined && Buffer.compare(NodeDescription.encode(a), NodeDescription.encode(b)) === 0
  );
}

/** The node is there and READY, as described. Writes nothing when it was so already. */
export function register(
  tx: WriteTransaction,
  nodeId: string,
  hello: AgentHello,
  address: string,
  nowMs: number,
): void {
  const node = requireMember(tx, nodeId);
  const description = checkedDescription(hello.description);
  const { status } = node;
  const isReady = status?.state === NodeState.READY && status.address === address;
  if (isReady && isSameDescription(node.description, description)) return;
  tx.update('node', {
    ...node,
    description,
    status: isReady
      ? status
      : NodeStatus.create({ state: NodeState.READY, address, changedAtMs: nowMs }),
  });
}

/** An IP address, a host name, perhaps a port. */
const addressPattern = /^[A-Za-z0-9.:%_[\]-]{1,256}$/;

/** Where other nodes reach this one: what it says, else where it connected from. */
export function addressOf(hello: AgentHello, peerAddress: string): string {
  if (addressPattern.test(hello.address)) return hello.address;
  return peerAddress.replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** A new description of a node that stays READY. */
export function describe(tx: WriteTransaction, nodeId: string, description: NodeDescription): void {
  const node = requireMember(tx, nodeId);
  if (!isSameDescription(node.description, checkedDescription(description)))
    tx.update('node', { ...node, description });
}

/** The node's new state; false when it is gone or in that state already. */
export function setState(
  tx: WriteTransaction,
  nodeId: string,
  state: NodeState,
  message: string,
  nowMs: number,
): boolean {
  const node = tx.get('node', nodeId);
  if (node === undefined || node.status?.state === state) return false;
  const status = { ...(node.status ?? NodeStatus.create()), state, message, changedAtMs: nowMs };
  tx.update('node', { ...node, status });
  return true;
}

/** NOT_LEADER, for agents that are sent away. */
export const lostLeadership = (): ClusterError =>
  new ClusterError('NOT_LEADER', 'this manager is not the leader any more: ask another one');
