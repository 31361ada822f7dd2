import { newId } from '#lib';
import type { Clock, Ms, Random } from '#lib';
import { checkedClusterSpec } from '#manager';
import { formatUnlockKey, lockFor, makeJoinToken, newUnlockKey, validateNodeSpec } from '#manager';
import type { CertificateSigner, RootKeyPair } from '#manager';
import {
  Cluster,
  ClusterSpec,
  InitResponse,
  JoinTokens,
  ManagerStatus,
  Node,
  NodeDescription,
} from '#proto';
import { NodeRole, NodeSpec, NodeState, NodeStatus, RootCa } from '#proto';
import type { ClusterLock, InitRequest } from '#proto';
import type { NodeRecord } from './node-record.ts';
import type { TlsMaterial } from './peer-identity.ts';
import type { FirstObjects } from './ports.ts';

/** X.509 as founding and joining need it; real: `#manager/ca/certificates-node`. */
export interface CertificateMaker {
  readonly signer: CertificateSigner;
  makeRoot(clusterId: string, nowMs: number): Promise<RootKeyPair>;
  makeKeyAndRequest(): Promise<{ readonly keyPem: Uint8Array; readonly csrDer: Uint8Array }>;
  digestOf(certificatePem: Uint8Array): string;
}

export interface FoundOptions {
  readonly request: InitRequest;
  readonly hostname: string;
  readonly advertiseAddress: string;
  readonly listenAddress: string;
  readonly dataPathAddress: string;
  readonly storeName: string;
  readonly certificates: CertificateMaker;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Founded {
  readonly record: NodeRecord;
  readonly material: TlsMaterial;
  readonly first: FirstObjects;
}

/** What the only manager of a cluster is known by: a new key, and a certificate that `root` signs. */
export async function firstManager(
  options: FoundOptions,
  root: RootKeyPair,
  clusterId: string,
  lifeMs: Ms,
): Promise<Pick<Founded, 'record' | 'material'>> {
  const { certificates, clock, advertiseAddress, listenAddress, storeName: store } = options;
  const { dataPathAddress } = options;
  const { keyPem, csrDer } = await certificates.makeKeyAndRequest();
  const nodeId = await certificates.signer.nodeIdOf(csrDer);
  const role = NodeRole.MANAGER;
  const nowMs = clock.now();
  const certificatePem = await certificates.signer.sign({
    root,
    csrDer,
    nodeId,
    clusterId,
    role,
    nowMs,
    lifeMs,
  });
  const managerAddresses = [advertiseAddress];
  return {
    record: {
      nodeId,
      clusterId,
      role,
      advertiseAddress,
      listenAddress,
      dataPathAddress,
      managerAddresses,
      store,
    },
    material: { keyPem, certificatePem, rootPem: root.certificatePem },
  };
}

/** Everything a new cluster of one manager begins with; nothing is stored yet. */
export async function found(options: FoundOptions): Promise<Founded> {
  const { request, certificates, clock, random } = options;
  const spec = clusterSpec(request.spec);
  const clusterId = newId(random);
  const root = await certificates.makeRoot(clusterId, clock.now());
  const own = await firstManager(options, root, clusterId, spec.certificateLifeMs);
  const digest = certificates.digestOf(root.certificatePem);
  const joinTokens = JoinTokens.create({
    worker: makeJoinToken(digest, random),
    manager: makeJoinToken(digest, random),
  });
  return {
    record: own.record,
    material: own.material,
    first: {
      cluster: Cluster.create({
        id: clusterId,
        spec,
        lock: lockFor(undefined, spec, newUnlockKey(random)),
        rootCa: RootCa.create({ ...root, digest, joinTokens }),
      }),
      node: firstNode(own.record.nodeId, options),
    },
  };
}

/** The node object of a first manager. INVALID_ARGUMENT for what the request says of it. */
export function firstNode(id: string, options: FoundOptions): Node {
  const { request, hostname, advertiseAddress, clock } = options;
  const { availability, nodeLabels: labels } = request;
  const spec = NodeSpec.create({ role: NodeRole.MANAGER, availability, labels });
  validateNodeSpec(spec);
  return Node.create({
    id,
    role: NodeRole.MANAGER,
    spec,
    description: NodeDescription.create({ hostname }),
    status: NodeStatus.create({
      state: NodeState.DISCONNECTED,
      message: 'starting',
      changedAtMs: clock.now(),
    }),
    managerStatus: ManagerStatus.create({ address: advertiseAddress }),
  });
}

/** Finished tasks kept per slot in a new cluster; an update may say 0 and means it. */
const taskHistoryLimitDefault = 5;

function clusterSpec(wanted: ClusterSpec | undefined): ClusterSpec {
  const given = wanted ?? ClusterSpec.create();
  const taskHistoryLimit = given.taskHistoryLimit || taskHistoryLimitDefault;
  return checkedClusterSpec({ ...given, taskHistoryLimit });
}

/** What `init` answers. */
export function initResponse(
  record: NodeRecord,
  tokens: JoinTokens | undefined,
  notes: readonly string[],
  lock?: ClusterLock,
): InitResponse {
  const { nodeId, clusterId, advertiseAddress } = record;
  const unlockKey = lock === undefined ? '' : formatUnlockKey(lock.unlockKey);
  return InitResponse.create({ nodeId, clusterId, advertiseAddress, tokens, notes, unlockKey });
}
