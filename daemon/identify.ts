import { ClusterError } from '#lib';
import { NodeRole } from '#proto';
import type { Caller, Node } from '#proto';
import { backdateMs } from '#manager';
import type { Counter, Logger } from '#lib';
import type { PeerIdentity } from './peer-identity.ts';

export interface Claim {
  readonly caller: Caller;
  readonly address: string;
}

/** Certificates know whole seconds. */
const secondMs = 1_000;

export type Peer = Pick<PeerIdentity, 'nodeId' | 'role' | 'notBeforeMs'>;

export interface IdentifyOptions {
  /** The role the cluster's state gives the node; undefined when it does not know the node. */
  readonly roleOf: (nodeId: string) => NodeRole | undefined;
  /** Whether the certificate is one of a manager that was demoted after it was made. */
  readonly isOutdated: (peer: Peer) => boolean;
  readonly log: Logger;
  readonly refused: Counter;
}

/** Services that a caller without a certificate may use. */
const anonymousPaths = new Set([
  '/tessera.v1.CertificateAuthority/GetRootCertificate',
  '/tessera.v1.CertificateAuthority/IssueCertificate',
]);

const raftTransport = '/tessera.v1.RaftTransport/';

/** Services that a follower passes on to the leader; on all others a caller speaks for itself only. */
const forwardedServices = ['Control', 'CertificateAuthority', 'RaftMembership'];
const isForwarded = (path: string): boolean =>
  forwardedServices.some((service) => path.startsWith(`/tessera.v1.${service}/`));

/**
 * Who a call is from, out of what the certificate proves and what a forwarding manager claims.
 * A manager's certificate of a node that has been demoted counts as a worker's. Between members of Raft
 * only one that was made before the demotion does: a manager that is behind could otherwise refuse the
 * vote of a newly promoted one.
 */
export function callerOf(
  path: string,
  peer: Peer | undefined,
  claim: Claim | undefined,
  options: IdentifyOptions,
): Caller {
  const caller = peer === undefined ? anonymous(path, options) : nodeCaller(path, peer, options);
  if (claim === undefined) return caller;
  const isManager = caller.kind === 'node' && caller.role === NodeRole.MANAGER;
  if (isManager && isForwarded(path)) return claim.caller;
  options.refused.inc({ reason: 'forwarding' });
  options.log.warn('forwarded call refused', { path, nodeId: peer?.nodeId });
  throw new ClusterError(
    'PERMISSION_DENIED',
    'only a manager may pass on the call of another: call with your own certificate only',
  );
}

function anonymous(path: string, options: IdentifyOptions): Caller {
  if (anonymousPaths.has(path)) return { kind: 'anonymous' };
  options.refused.inc({ reason: 'no-certificate' });
  options.log.warn('call without a certificate refused', { path });
  throw new ClusterError(
    'UNAUTHENTICATED',
    `${path} needs a node's certificate: join the cluster first, or use tsctl on a manager`,
  );
}

function nodeCaller(path: string, peer: Peer, options: IdentifyOptions): Caller {
  const { nodeId } = peer;
  if (peer.role === NodeRole.WORKER) return { kind: 'node', nodeId, role: peer.role };
  if (path.startsWith(raftTransport)) return raftCaller(peer, options);
  return { kind: 'node', nodeId, role: options.roleOf(nodeId) ?? peer.role };
}

/** Who speaks in Raft: by the certificate alone, unless it is older than the node's last demotion. */
export function raftCaller(peer: Peer, options: Pick<IdentifyOptions, 'isOutdated'>): Caller {
  const role = options.isOutdated(peer) ? NodeRole.WORKER : peer.role;
  return { kind: 'node', nodeId: peer.nodeId, role };
}

/**
 * Whether a manager's certificate was made before its node was demoted, and the node is no manager by
 * the state here. One who is behind may take a node for a worker that was promoted since: the newer
 * certificate tells.
 */
export function isOutdated(
  peer: Peer,
  node: Pick<Node, 'role' | 'demotedAtMs'> | undefined,
): boolean {
  if (node === undefined || peer.role !== NodeRole.MANAGER) return false;
  const madeMs = peer.notBeforeMs + backdateMs;
  return node.role === NodeRole.WORKER && madeMs + secondMs <= node.demotedAtMs;
}
