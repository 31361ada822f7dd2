/** Who gets through the port of a manager, and in whose name. */
import test from 'ava';
import { ClusterError } from '#lib';
import { Channels, anonymousClient } from '#daemon/channels-node';
import type { TlsMaterial } from '#daemon/peer-identity';
import { CertificateAuthorityService, NodeRole } from '#proto';
import { IssueCertificateRequest, ListNodesRequest } from '#proto';
import { ControlService, GetServiceRequest, ListNodesResponse } from '#proto';
import { Node } from '#proto';
import { callUnary, grpc } from '#proto/rpc';
import {
  clientOf,
  deadline,
  getRoot,
  listNodes,
  materialOf,
  openPort,
  root,
  strangeRoot,
} from '../_support/tls-port.ts';
import { poll } from '../_support/poll.ts';

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

test('of many who come at once each has its turn', async (t) => {
  const port = await openPort(t);
  const material = await materialOf('w1', NodeRole.WORKER);
  const clients = Array.from({ length: 60 }, () => clientOf(t, material, port.address));
  const answers = await Promise.all(clients.map((client) => listNodes(client)));
  t.is(answers.length, 60);
  t.is(port.contexts.length, 60);
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

test('a sweep closes the connections of a node that was removed, and no others', async (t) => {
  const port = await openPort(t);
  for (const nodeId of ['w1', 'w2'])
    await listNodes(clientOf(t, await materialOf(nodeId, NodeRole.WORKER), port.address));
  const isOpen = (count: number) => async (): Promise<boolean> =>
    (await port.metric('tessera_tls_connections', '')) === count;
  await poll('both are connected', isOpen(2));
  port.listener.sweep();
  port.removed.add('w1');
  port.listener.sweep();
  await poll('one of them is gone', isOpen(1));
  t.is(await port.metric('tessera_tls_refused_total', 'removed'), 1);
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
