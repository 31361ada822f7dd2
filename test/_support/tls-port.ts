/** The TLS port of a manager, with handlers of a test behind it, and certificates to come with. */
import type { ExecutionContext } from 'ava';
import { ClusterError, silentLogger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { prometheusMetrics } from '#lib/metrics-node';
import { systemRandom } from '#lib/random-node';
import { Channels } from '#daemon/channels-node';
import { forwardedCaller, forwarding } from '#daemon/forwarding-node';
import { callerOf } from '#daemon/identify';
import type { TlsMaterial } from '#daemon/peer-identity';
import { TlsListener } from '#daemon/tls-listener-node';
import type { RootKeyPair } from '#manager';
import { certificateSigner, makeKeyAndRequest, makeRootCa } from '#manager/ca/certificates-node';
import { CertificateAuthorityService, GetRootCertificateRequest, NodeRole } from '#proto';
import { GetRootCertificateResponse, ListNodesRequest } from '#proto';
import { ControlService, ListNodesResponse } from '#proto';
import type { CallContext, Handlers } from '#proto';
import { callUnary, grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';

export const clock = systemClock();
export const hourMs = 3_600_000;
export const root = await makeRootCa('cluster1', clock.now());
export const strangeRoot = await makeRootCa('cluster1', clock.now());

export async function materialOf(
  nodeId: string,
  role: NodeRole,
  init: { root?: RootKeyPair; clusterId?: string; lifeMs?: number } = {},
): Promise<TlsMaterial> {
  const { keyPem, csrDer } = await makeKeyAndRequest();
  const issuer = init.root ?? root;
  const certificatePem = await certificateSigner.sign({
    root: issuer,
    csrDer,
    nodeId,
    role,
    clusterId: init.clusterId ?? 'cluster1',
    nowMs: clock.now(),
    lifeMs: init.lifeMs ?? hourMs,
  });
  return { keyPem, certificatePem, rootPem: root.certificatePem };
}

/** Handlers in which every method that is not given fails. */
function only<Service extends Readonly<Record<string, unknown>>>(
  service: Service,
  given: Partial<Handlers<Service>>,
): Handlers<Service> {
  const missing = Object.keys(service).map((name) => [
    name,
    () => Promise.reject(new ClusterError('UNIMPLEMENTED', name)),
  ]);
  return { ...Object.fromEntries(missing), ...given } as Handlers<Service>;
}

export interface Port {
  readonly address: string;
  readonly listener: TlsListener;
  readonly removed: Set<string>;
  readonly roles: Map<string, NodeRole>;
  readonly contexts: CallContext[];
  metric(name: string, label: string): Promise<number>;
}

export async function openPort(
  t: ExecutionContext,
  init: {
    control?: (contexts: CallContext[]) => Partial<Handlers<typeof ControlService>>;
    leader?: () => { nodeId: string; address: string } | undefined;
    isLeader?: () => boolean;
    nodeId?: string;
  } = {},
): Promise<Port> {
  const metrics = prometheusMetrics();
  const server = new grpc.Server();
  const removed = new Set<string>();
  const roles = new Map<string, NodeRole>();
  const contexts: CallContext[] = [];
  const basics = { clock, random: systemRandom(), log: silentLogger, metrics };
  const material = await materialOf(init.nodeId ?? 'manager1', NodeRole.MANAGER);
  const listener = new TlsListener({
    ...basics,
    server,
    material,
    clusterId: 'cluster1',
    isRemoved: (nodeId) => removed.has(nodeId),
  });
  const refused = metrics.counter('tessera_rpc_refused_total', 'Refused.', ['reason']);
  const identifying = {
    log: silentLogger,
    refused,
    roleOf: (id: string) => roles.get(id),
    isOutdated: () => false,
  };
  const options = {
    ...basics,
    identify: (
      call: Parameters<typeof listener.identify>[0] & {
        path: string;
        peer: string;
        metadata: grpc.Metadata;
      },
    ) => {
      const claim = forwardedCaller(call.metadata);
      const caller = callerOf(call.path, listener.identify(call), claim, identifying);
      return { caller, address: claim?.address ?? call.peer, isForwarded: claim !== undefined };
    },
  };
  const channels = new Channels(material);
  const control = only(
    ControlService,
    init.control?.(contexts) ?? {
      listNodes: (_request, context) => {
        contexts.push(context);
        return Promise.resolve(ListNodesResponse.create());
      },
    },
  );
  serve(
    server,
    ControlService,
    forwarding(ControlService, control, {
      clock,
      metrics,
      channelFor: channels.channelFor,
      isLeader: init.isLeader ?? (() => true),
      leader: init.leader ?? (() => undefined),
    }),
    options,
  );
  serve(
    server,
    CertificateAuthorityService,
    only(CertificateAuthorityService, {
      getRootCertificate: () =>
        Promise.resolve(GetRootCertificateResponse.create({ certificatePem: root.certificatePem })),
      issueCertificate: () => Promise.reject(new ClusterError('INVALID_TOKEN', 'wrong token')),
    }),
    options,
  );
  const port = await listener.listen('127.0.0.1', 0);
  t.teardown(async () => {
    channels.close();
    await listener.close();
    server.forceShutdown();
  });
  return {
    address: `127.0.0.1:${port}`,
    listener,
    removed,
    roles,
    contexts,
    metric: async (name, label) => {
      const lines = (await metrics.render()).split('\n');
      const found = lines.filter((line) => line.startsWith(name) && line.includes(label));
      return found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
}

export function clientOf(t: ExecutionContext, material: TlsMaterial, address: string): grpc.Client {
  const channels = new Channels(material);
  t.teardown(() => channels.close());
  return channels.channelFor(address);
}

export const deadline = { deadlineMs: 10_000 };
export const listNodes = (client: grpc.Client) =>
  callUnary(client, ControlService.listNodes, ListNodesRequest.create(), deadline);
export const getRoot = (client: grpc.Client) =>
  callUnary(
    client,
    CertificateAuthorityService.getRootCertificate,
    GetRootCertificateRequest.create(),
    deadline,
  );
