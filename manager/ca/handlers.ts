import { ClusterError, limitedLogger } from '#lib';
import type { Clock, Counter, Logger, Metrics } from '#lib';
import { AvailabilityNames, CertificateResponse, GetRootCertificateResponse } from '#proto';
import { Node, NodeDescription } from '#proto';
import { NodeRole, NodeSpec, NodeState, NodeStatus } from '#proto';
import type { CallContext, CertificateAuthorityService, Cluster, Handlers } from '#proto';
import type { IssueCertificateRequest, RenewCertificateRequest, RootCa } from '#proto';
import type { Store, WriteTransaction } from '../store/types.ts';
import { parseJoinToken, tokensEqual } from './join-token.ts';
import { effectiveRole } from './roles.ts';
import { certificateLifeDefaultMs, certificateLifeMinMs } from './signer.ts';
import type { CertificateSigner, NodeIdentity } from './signer.ts';

export interface CertificateHandlersOptions {
  readonly clusterId: string;
  readonly store: Store;
  readonly signer: CertificateSigner;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Where the managers keep the state; default "raft". A manager that joins must do the same. */
  readonly storeName?: string;
  /** host:port of the managers, the leader first; sent along with every certificate. */
  readonly managerAddresses: () => readonly string[];
}

const defaultStore = 'raft';

/** The certificate authority. Issuing and renewing work on the leader only: others pass them on. */
export function certificateHandlers(
  options: CertificateHandlersOptions,
): Handlers<typeof CertificateAuthorityService> {
  const counters = {
    issued: options.metrics.counter(
      'tessera_ca_certificates_issued_total',
      'Node certificates signed, by role.',
      ['role'],
    ),
    refused: options.metrics.counter(
      'tessera_ca_refused_total',
      'Requests for a certificate that were refused, by error code.',
      ['code'],
    ),
  };
  const authority = new Authority(options, counters.issued);
  const log = limitedLogger(options.log, options.clock);
  const counted = async <T>(context: CallContext, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof ClusterError) {
        counters.refused.inc({ code: error.code });
        const { code, message } = error;
        log.warn('certificate refused', {
          address: context.address,
          code,
          reason: message,
        });
      }
      throw error;
    }
  };
  return {
    getRootCertificate: () => Promise.resolve(authority.root()),
    issueCertificate: (request, context) => counted(context, authority.issue(request)),
    renewCertificate: (request, context) => counted(context, authority.renew(request, context)),
  };
}

class Authority {
  readonly #options: CertificateHandlersOptions;
  readonly #issued: Counter;

  constructor(options: CertificateHandlersOptions, issued: Counter) {
    this.#options = options;
    this.#issued = issued;
  }

  root(): GetRootCertificateResponse {
    const { rootCa } = this.#cluster();
    return GetRootCertificateResponse.create({ certificatePem: rootCa.certificatePem });
  }

  async issue(request: IssueCertificateRequest): Promise<CertificateResponse> {
    const { store, signer } = this.#options;
    await store.readBarrier();
    const role = this.#roleOfToken(request.token);
    if (role === NodeRole.MANAGER) this.#requireSameStore(request.store || defaultStore);
    if (!Object.hasOwn(AvailabilityNames, request.availability))
      throw new ClusterError('INVALID_ARGUMENT', `availability ${request.availability}: not known`);
    const nodeId = await signer.nodeIdOf(request.csrDer);
    await store.update((tx) => {
      refuseRemoved(tx.get('cluster', this.#options.clusterId), nodeId);
      if (tx.get('node', nodeId) === undefined)
        tx.create('node', newNode(nodeId, role, request, this.#options.clock));
    });
    const node = store.view((tx) => tx.get('node', nodeId));
    return this.#sign(request.csrDer, nodeId, node === undefined ? role : effectiveRole(node));
  }

  async renew(
    request: RenewCertificateRequest,
    context: CallContext,
  ): Promise<CertificateResponse> {
    const { caller } = context;
    if (caller.kind !== 'node')
      throw new ClusterError('UNAUTHENTICATED', 'renewing a certificate needs the present one');
    const { value: role } = await this.#options.store.update((tx) => {
      refuseRemoved(tx.get('cluster', this.#options.clusterId), caller.nodeId);
      return settleRole(tx, caller.nodeId);
    });
    return this.#sign(request.csrDer, caller.nodeId, role);
  }

  #cluster(): Cluster & { readonly rootCa: RootCa } {
    const cluster = this.#options.store.view((tx) => tx.get('cluster', this.#options.clusterId));
    if (cluster?.rootCa === undefined)
      throw new ClusterError(
        'UNAVAILABLE',
        'this manager does not have the state of the cluster yet: try again in a moment',
      );
    return { ...cluster, rootCa: cluster.rootCa };
  }

  #requireSameStore(store: string): void {
    const { storeName = defaultStore } = this.#options;
    if (store === storeName) return;
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `the managers of this cluster keep its state in '${storeName}', this tesserad would in '${store}': ` +
        'start it with the --store that they have, then join again',
    );
  }

  #roleOfToken(token: string): NodeRole {
    const { rootCa } = this.#cluster();
    const { rootDigest } = parseJoinToken(token);
    if (rootDigest !== rootCa.digest)
      throw new ClusterError(
        'WRONG_CA_DIGEST',
        "the join token is of another cluster: print one with 'tsctl join-token' on a manager of this cluster",
      );
    const isManager = tokensEqual(token.trim(), rootCa.joinTokens?.manager ?? '');
    const isWorker = tokensEqual(token.trim(), rootCa.joinTokens?.worker ?? '');
    if (isManager) return NodeRole.MANAGER;
    if (isWorker) return NodeRole.WORKER;
    throw new ClusterError(
      'INVALID_TOKEN',
      "the join token is not valid (it may have been rotated): print the present one with 'tsctl join-token worker' on a manager",
    );
  }

  async #sign(csrDer: Uint8Array, nodeId: string, role: NodeRole): Promise<CertificateResponse> {
    const { clusterId, clock, log, signer, managerAddresses } = this.#options;
    const { storeName = defaultStore } = this.#options;
    const { rootCa, spec } = this.#cluster();
    const identity: NodeIdentity = { nodeId, clusterId, role };
    const certificatePem = await signer.sign({
      ...identity,
      root: rootCa,
      csrDer,
      nowMs: clock.now(),
      lifeMs: Math.max(certificateLifeMinMs, spec?.certificateLifeMs || certificateLifeDefaultMs),
    });
    const roleName = role === NodeRole.MANAGER ? 'manager' : 'worker';
    this.#issued.inc({ role: roleName });
    log.info('certificate issued', { nodeId, role: roleName });
    return CertificateResponse.create({
      ...identity,
      certificatePem,
      rootCertificatePem: rootCa.certificatePem,
      managerAddresses: [...managerAddresses()],
      store: storeName,
    });
  }
}

function refuseRemoved(cluster: Cluster | undefined, nodeId: string): void {
  if (cluster?.removedNodes.some((removed) => removed.nodeId === nodeId) ?? false)
    throw new ClusterError(
      'PERMISSION_DENIED',
      `node ${nodeId} was removed from the cluster: run 'tsctl leave --force' there, then join again`,
    );
}

function newNode(id: string, role: NodeRole, request: IssueCertificateRequest, clock: Clock): Node {
  return Node.create({
    id,
    role,
    spec: NodeSpec.create({ role, availability: request.availability }),
    // Shown on terminals: no control characters.
    description: NodeDescription.create({
      hostname: request.hostname.replaceAll(/\p{Cc}/gu, '').slice(0, 253),
    }),
    status: NodeStatus.create({
      state: NodeState.DISCONNECTED,
      message: 'joining',
      changedAtMs: clock.now(),
    }),
  });
}

/** Writes down that a promoted node now has a manager's certificate; demotions are the role manager's. */
function settleRole(tx: WriteTransaction, nodeId: string): NodeRole {
  const node = tx.get('node', nodeId);
  if (node === undefined)
    throw new ClusterError(
      'PERMISSION_DENIED',
      `node ${nodeId} is not in the cluster: run 'tsctl leave --force' there, then join again`,
    );
  const role = effectiveRole(node);
  if (role !== node.role) tx.update('node', { ...node, role });
  return role;
}
