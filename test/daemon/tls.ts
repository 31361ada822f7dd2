import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ClusterError, silentLogger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { prometheusMetrics } from '#lib/metrics-node';
import { systemRandom } from '#lib/random-node';
import { Channels, anonymousClient } from '#daemon/channels-node';
import { forwardedCaller, forwarding } from '#daemon/forwarding-node';
import { callerOf } from '#daemon/identify';
import type { TlsMaterial } from '#daemon/peer-identity';
import { TlsListener } from '#daemon/tls-listener-node';
import type { RootKeyPair } from '#manager';
import { certificateSigner, makeKeyAndRequest, makeRootCa } from '#manager/ca/certificates-node';
import { CertificateAuthorityService, GetRootCertificateRequest, NodeRole } from '#proto';
import { GetRootCertificateResponse, IssueCertificateRequest, ListNodesRequest } from '#proto';
import { ControlService, GetServiceRequest, ListNodesResponse, WatchRequest } from '#proto';
import { CreateServiceRequest, Node, WatchResponse } from '#proto';
import type { CallContext, Handlers } from '#proto';
import { callServerStream, callUnary, grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';
import { poll } from '../_support/poll.ts';

const clock = systemClock();
const hourMs = 3_600_000;
const root = await makeRootCa('cluster1', clock.now());
const strangeRoot = await makeRootCa('cluster1', clock.now());

async function materialOf(
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

interface Port {
  readonly address: string;
  readonly listener: TlsListener;
  readonly removed: Set<string>;
  readonly roles: Map<string, NodeRole>;
  readonly contexts: CallContext[];
  metric(name: string, label: string): Promise<number>;
}

async function openPort(
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

function clientOf(t: ExecutionContext, material: TlsMaterial, address: string): grpc.Client {
  const channels = new Channels(material);
  t.teardown(() => channels.close());
  return channels.channelFor(address);
}

const deadline = { deadlineMs: 10_000 };
const listNodes = (client: grpc.Client) =>
  callUnary(client, ControlService.listNodes, ListNodesRequest.create(), deadline);
const getRoot = (client: grpc.Client) =>
  callUnary(
    client,
    CertificateAuthorityService.getRootCertificate,
    GetRootCertificateRequest.create(),
    deadline,
  );

test('without a certificate only the root and a certificate can be asked for', async (t) => {
  const port = await openPort(t);
  for (const rootPem of [undefined, root.certificatePem]) {
    const client = anonymousClient(port.address, rootPem);
    t.teardown(() => client.close());
    t.deepEqual(new Uint8Array((await getRoot(client)).certificatePem), root.certificatePem);
    const request = IssueCertificateRequest.create();
    await t.throwsAsync(
      callUnary(client, CertificateAuthorityService.issueCertificate, request, deadline),
      { code: 'INVALID_TOKEN' },
    );
    await t.throwsAsync(listNodes(client), { code: 'UNAUTHENTICATED' });
  }
  t.is(await port.metric('tessera_rpc_refused_total', 'no-certificate'), 2);
});

test('a certificate proves node and role, unless the cluster has taken the role away', async (t) => {
  const port = await openPort(t);
  const manager = clientOf(t, await materialOf('m2', NodeRole.MANAGER), port.address);
  const worker = clientOf(t, await materialOf('w1', NodeRole.WORKER), port.address);
  await listNodes(manager);
  await listNodes(worker);
  port.roles.set('m2', NodeRole.WORKER);
  port.roles.set('w1', NodeRole.MANAGER);
  await listNodes(manager);
  await listNodes(worker);
  t.deepEqual(
    port.contexts.map(({ caller }) => caller),
    [
      { kind: 'node', nodeId: 'm2', role: NodeRole.MANAGER },
      { kind: 'node', nodeId: 'w1', role: NodeRole.WORKER },
      { kind: 'node', nodeId: 'm2', role: NodeRole.WORKER },
      { kind: 'node', nodeId: 'w1', role: NodeRole.WORKER },
    ],
  );
});

test('bad certificates do not get in, and each is counted', async (t) => {
  const port = await openPort(t);
  const cases: [string, TlsMaterial][] = [
    ['untrusted', await materialOf('w1', NodeRole.WORKER, { root: strangeRoot })],
    ['expired', await materialOf('w1', NodeRole.WORKER, { lifeMs: -1000 })],
    ['other-cluster', await materialOf('w1', NodeRole.WORKER, { clusterId: 'cluster2' })],
  ];
  for (const [reason, material] of cases) {
    await t.throwsAsync(
      getRoot(clientOf(t, material, port.address)),
      { code: 'UNAVAILABLE' },
      reason,
    );
    t.true((await port.metric('tessera_tls_refused_total', reason)) >= 1, reason);
  }
  t.deepEqual(port.contexts, []);
});

test('a removed node is refused at its next call, and at the door', async (t) => {
  const port = await openPort(t);
  const material = await materialOf('w1', NodeRole.WORKER);
  const client = clientOf(t, material, port.address);
  await listNodes(client);
  port.removed.add('w1');
  await t.throwsAsync(listNodes(client), {
    code: 'UNAUTHENTICATED',
    message: /node w1 was removed from the cluster: run 'tsctl leave --force'/,
  });
  await t.throwsAsync(listNodes(clientOf(t, material, port.address)), { code: 'UNAVAILABLE' });
  t.true((await port.metric('tessera_tls_refused_total', 'removed')) >= 2);
});

test('a manager of another root, and a node that is no manager, are not believed', async (t) => {
  const port = await openPort(t);
  const strange = {
    ...(await materialOf('w1', NodeRole.WORKER)),
    rootPem: strangeRoot.certificatePem,
  };
  await t.throwsAsync(listNodes(clientOf(t, strange, port.address)), { code: 'UNAVAILABLE' });
  port.listener.rotate(await materialOf('w9', NodeRole.WORKER));
  const client = clientOf(t, await materialOf('w1', NodeRole.WORKER), port.address);
  await t.throwsAsync(listNodes(client), { code: 'UNAVAILABLE' });
});

test('certificates are rotated on both sides while calls go on', async (t) => {
  const port = await openPort(t);
  const channels = new Channels(await materialOf('w1', NodeRole.WORKER));
  t.teardown(() => channels.close());
  await listNodes(channels.channelFor(port.address));
  port.listener.rotate(await materialOf('manager1', NodeRole.MANAGER));
  await listNodes(channels.channelFor(port.address));
  channels.rotate(await materialOf('w1', NodeRole.MANAGER));
  await listNodes(channels.channelFor(port.address));
  t.deepEqual(
    port.contexts.map(({ caller }) => (caller.kind === 'node' ? caller.role : undefined)),
    [NodeRole.WORKER, NodeRole.WORKER, NodeRole.MANAGER],
  );
});

test('a follower passes calls on to the leader in the name of the caller', async (t) => {
  const leader = await openPort(t);
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
  });
  await listNodes(clientOf(t, await materialOf('w1', NodeRole.WORKER), follower.address));
  const [context] = leader.contexts;
  t.deepEqual(context?.caller, { kind: 'node', nodeId: 'w1', role: NodeRole.WORKER });
  t.true(context?.isForwarded);
  t.is(await follower.metric('tessera_rpc_forwarded_total', 'ListNodes'), 1);
});

test("a worker cannot speak in another's name", async (t) => {
  const port = await openPort(t);
  const client = clientOf(t, await materialOf('w1', NodeRole.WORKER), port.address);
  const metadata = new grpc.Metadata();
  metadata.set(
    'tessera-caller-bin',
    Buffer.from(JSON.stringify({ caller: { kind: 'local' }, address: '' })),
  );
  await t.throwsAsync(
    callUnary(client, ControlService.listNodes, ListNodesRequest.create(), {
      ...deadline,
      metadata,
    }),
    { code: 'PERMISSION_DENIED' },
  );
  t.is(await port.metric('tessera_rpc_refused_total', 'forwarding'), 1);
  t.deepEqual(port.contexts, []);
});

test('without a leader the caller is told so, after a short wait for an election', async (t) => {
  const port = await openPort(t, { isLeader: () => false });
  const client = clientOf(t, await materialOf('m2', NodeRole.MANAGER), port.address);
  await t.throwsAsync(listNodes(client), {
    code: 'NO_LEADER',
    message: /^The cluster does not have a leader: /,
  });
});

test('when leadership has just moved the call is tried once more, at the new leader', async (t) => {
  let leads = true;
  const leader = await openPort(t);
  const former = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => leads,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
    control: () => ({
      listNodes: () => {
        leads = false;
        return Promise.reject(new ClusterError('NOT_LEADER', 'not any more'));
      },
    }),
  });
  await listNodes(clientOf(t, await materialOf('m3', NodeRole.MANAGER), former.address));
  t.is(leader.contexts.length, 1);
});

test('a write whose leader goes away on the way is told as unknown, and is not repeated', async (t) => {
  let calls = 0;
  const leader = await openPort(t, {
    control: () => ({
      createService: () => {
        calls++;
        void leader.listener.close();
        return new Promise(() => undefined);
      },
    }),
  });
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
  });
  const client = clientOf(t, await materialOf('m3', NodeRole.MANAGER), follower.address);
  await t.throwsAsync(
    callUnary(client, ControlService.createService, CreateServiceRequest.create(), deadline),
    { code: 'OUTCOME_UNKNOWN', message: /CreateService, which it may or may not have done/ },
  );
  t.is(calls, 1);
});

test('a stream comes through a follower, and its end reaches the leader', async (t) => {
  let isOver = false;
  const leader = await openPort(t, {
    control: () => ({
      async *watch(_request, context) {
        for (let version = 1; version <= 100; version++) yield WatchResponse.create({ version });
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
        isOver = true;
      },
    }),
  });
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
  });
  const client = clientOf(t, await materialOf('m3', NodeRole.MANAGER), follower.address);
  const stream = callServerStream(client, ControlService.watch, WatchRequest.create(), {
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  let last = 0;
  for await (const { version } of stream) {
    t.is(version, last + 1);
    last = version;
    if (version === 100) break;
  }
  await poll('the leader sees the end', () => isOver);
  t.is(last, 100);
});

test('a stream through a follower ends when its leader is replaced and stays silent', async (t) => {
  const silent = () => new Promise<void>(() => undefined);
  const former = await openPort(t, {
    control: () => ({
      async *watch() {
        yield WatchResponse.create({ version: 1 });
        await silent();
      },
    }),
  });
  let address = former.address;
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address }),
  });
  const client = clientOf(t, await materialOf('m3', NodeRole.MANAGER), follower.address);
  const stream = callServerStream(client, ControlService.watch, WatchRequest.create(), {
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  const follow = async (): Promise<void> => {
    for await (const { version } of stream) {
      t.is(version, 1);
      address = '127.0.0.1:1';
    }
  };
  await t.throwsAsync(follow(), { code: 'UNAVAILABLE', message: /went away during Watch/ });
});

test('errors keep their code, and what is unexpected stays in the log', async (t) => {
  const port = await openPort(t, {
    control: () => ({
      getService: () =>
        Promise.reject(new ClusterError('NOT_FOUND', 'no service', { details: { ref: 'web' } })),
      listNodes: () => Promise.reject(new Error('a secret of the inside')),
    }),
  });
  const client = clientOf(t, await materialOf('m2', NodeRole.MANAGER), port.address);
  const get = callUnary(client, ControlService.getService, GetServiceRequest.create(), deadline);
  const error = await t.throwsAsync(get, { code: 'NOT_FOUND', message: 'no service' });
  t.true(error instanceof ClusterError);
  t.deepEqual(error instanceof ClusterError ? error.details : {}, { ref: 'web' });
  await t.throwsAsync(listNodes(client), {
    code: 'INTERNAL',
    message: /^internal error \w{8}: see the log$/,
  });
  t.is(await port.metric('tessera_rpc_server_calls_total', 'NOT_FOUND'), 1);
});

test('an answer of 20,000 nodes passes', async (t) => {
  const port = await openPort(t, {
    control: () => ({
      listNodes: (_request, context) => {
        const count = context.address === '' ? 0 : 20_000;
        const nodes = Array.from({ length: count }, (_, i) => Node.create({ id: `node${i}` }));
        return Promise.resolve(ListNodesResponse.create({ nodes }));
      },
    }),
  });
  const client = clientOf(t, await materialOf('m2', NodeRole.MANAGER), port.address);
  const response = await listNodes(client);
  t.is(response.nodes.length, 20_000);
});
