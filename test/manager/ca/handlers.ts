import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { certificateHandlers, makeJoinToken } from '#manager';
import {
  certificateDigest,
  certificateSigner,
  makeKeyAndRequest,
  makeRootCa,
  readNodeCertificate,
} from '#manager/ca/certificates-node';
import { Availability, Cluster, IssueCertificateRequest, JoinTokens, NodeRole } from '#proto';
import { NodeSpec, NodeState, RemovedNode, RenewCertificateRequest, RootCa } from '#proto';
import type { CallContext, Caller } from '#proto';
import { makeTestStore } from '../../_support/test-store.ts';

const clock = systemClock();

async function authority() {
  const { store } = makeTestStore();
  const root = await makeRootCa('cluster1', clock.now());
  const digest = certificateDigest(root.certificatePem);
  const tokens = {
    worker: makeJoinToken(digest, seededRandom(1)),
    manager: makeJoinToken(digest, seededRandom(2)),
  };
  const rootCa = RootCa.create({ ...root, digest, joinTokens: JoinTokens.create(tokens) });
  await store.update((tx) => tx.create('cluster', Cluster.create({ id: 'cluster1', rootCa })));
  const refusals: string[] = [];
  const handlers = certificateHandlers({
    clusterId: 'cluster1',
    store,
    signer: certificateSigner,
    clock,
    log: silentLogger,
    metrics: {
      ...silentMetrics,
      counter: (name) => ({
        inc: (labels) => {
          if (name === 'tessera_ca_refused_total') refusals.push(labels?.['code'] ?? '');
        },
      }),
    },
    managerAddresses: () => ['192.0.2.1:7377'],
  });
  return { store, root, tokens, handlers, refusals };
}

function from(caller: Caller): CallContext {
  return { caller, address: '192.0.2.9:5', signal: new AbortController().signal };
}
const anonymous = from({ kind: 'anonymous' });
const node = (nodeId: string, role: NodeRole): CallContext => from({ kind: 'node', nodeId, role });

test('the token decides the role, and the node has its record before it has its certificate', async (t) => {
  const { store, tokens, handlers, root } = await authority();
  for (const [token, role] of [
    [tokens.worker, NodeRole.WORKER],
    [tokens.manager, NodeRole.MANAGER],
  ] as const) {
    const { csrDer } = await makeKeyAndRequest();
    const request = IssueCertificateRequest.create({
      token,
      csrDer,
      hostname: 'host9',
      availability: Availability.DRAIN,
    });
    const response = await handlers.issueCertificate(request, anonymous);
    t.is(response.role, role);
    t.is(readNodeCertificate(response.certificatePem).role, role);
    t.is(readNodeCertificate(response.certificatePem).nodeId, response.nodeId);
    t.deepEqual(response.rootCertificatePem, root.certificatePem);
    t.deepEqual(response.managerAddresses, ['192.0.2.1:7377']);
    const record = store.view((tx) => tx.get('node', response.nodeId));
    t.is(record?.role, role);
    t.is(record?.spec?.role, role);
    t.is(record?.spec?.availability, Availability.DRAIN);
    t.is(record?.description?.hostname, 'host9');
    t.is(record?.status?.state, NodeState.DISCONNECTED);
  }
});

test('the same request sent again makes no second node', async (t) => {
  const { store, tokens, handlers } = await authority();
  const { csrDer } = await makeKeyAndRequest();
  const request = IssueCertificateRequest.create({ token: tokens.worker, csrDer });
  const first = await handlers.issueCertificate(request, anonymous);
  const second = await handlers.issueCertificate(request, anonymous);
  t.is(first.nodeId, second.nodeId);
  t.is(
    store.view((tx) => tx.count('node')),
    1,
  );
});

test('a wrong, an old and a foreign token are refused and counted, and make no node', async (t) => {
  const { store, root, handlers, refusals } = await authority();
  const { csrDer } = await makeKeyAndRequest();
  const issue = (token: string) =>
    handlers.issueCertificate(IssueCertificateRequest.create({ token, csrDer }), anonymous);
  const rotated = makeJoinToken(certificateDigest(root.certificatePem), seededRandom(9));
  const foreign = makeJoinToken('0'.repeat(50), seededRandom(1));
  await t.throwsAsync(issue('abc'), { code: 'INVALID_TOKEN' });
  await t.throwsAsync(issue(rotated), { code: 'INVALID_TOKEN', message: /may have been rotated/ });
  await t.throwsAsync(issue(foreign), { code: 'WRONG_CA_DIGEST' });
  t.deepEqual(refusals, ['INVALID_TOKEN', 'INVALID_TOKEN', 'WRONG_CA_DIGEST']);
  t.is(
    store.view((tx) => tx.count('node')),
    0,
  );
});

async function joined(setup: Awaited<ReturnType<typeof authority>>) {
  const { csrDer } = await makeKeyAndRequest();
  const request = IssueCertificateRequest.create({ token: setup.tokens.worker, csrDer });
  const { nodeId } = await setup.handlers.issueCertificate(request, anonymous);
  return nodeId;
}

test('renewal gives the role that the cluster now wants, and writes a promotion down', async (t) => {
  const setup = await authority();
  const { store, handlers } = setup;
  const nodeId = await joined(setup);
  const want = (role: NodeRole) =>
    store.update((tx) => {
      const present = tx.get('node', nodeId);
      if (present !== undefined) tx.update('node', { ...present, spec: NodeSpec.create({ role }) });
    });
  const renew = async () => {
    const { csrDer } = await makeKeyAndRequest();
    const request = RenewCertificateRequest.create({ csrDer });
    const response = await handlers.renewCertificate(request, node(nodeId, NodeRole.WORKER));
    return readNodeCertificate(response.certificatePem).role;
  };
  t.is(await renew(), NodeRole.WORKER);
  await want(NodeRole.MANAGER);
  t.is(await renew(), NodeRole.MANAGER);
  t.is(store.view((tx) => tx.get('node', nodeId))?.role, NodeRole.MANAGER);
  await want(NodeRole.WORKER);
  t.is(await renew(), NodeRole.MANAGER, 'it is still one of the members');
  t.is(store.view((tx) => tx.get('node', nodeId))?.role, NodeRole.MANAGER);
});

test('a removed node gets no certificate, neither by its old one nor by its key and a token', async (t) => {
  const setup = await authority();
  const { store, handlers, tokens } = setup;
  const { csrDer } = await makeKeyAndRequest();
  const request = IssueCertificateRequest.create({ token: tokens.worker, csrDer });
  const { nodeId } = await handlers.issueCertificate(request, anonymous);
  await store.update((tx) => {
    tx.remove('node', nodeId);
    const cluster = tx.get('cluster', 'cluster1');
    const removedNodes = [RemovedNode.create({ nodeId, untilMs: clock.now() + 1e9 })];
    if (cluster !== undefined) tx.update('cluster', { ...cluster, removedNodes });
  });
  const refused = { code: 'PERMISSION_DENIED', message: /was removed from the cluster/ };
  await t.throwsAsync(handlers.issueCertificate(request, anonymous), refused);
  const renewal = RenewCertificateRequest.create({ csrDer });
  const caller = node(nodeId, NodeRole.WORKER);
  await t.throwsAsync(handlers.renewCertificate(renewal, caller), refused);
});

test('renewal needs a certificate, and a node that the cluster knows', async (t) => {
  const { handlers } = await authority();
  const { csrDer } = await makeKeyAndRequest();
  const request = RenewCertificateRequest.create({ csrDer });
  await t.throwsAsync(handlers.renewCertificate(request, anonymous), { code: 'UNAUTHENTICATED' });
  await t.throwsAsync(handlers.renewCertificate(request, node('nobody', NodeRole.MANAGER)), {
    code: 'PERMISSION_DENIED',
  });
});

test('what a joining host says of itself is checked before it is kept', async (t) => {
  const { store, handlers, tokens } = await authority();
  const { csrDer } = await makeKeyAndRequest();
  const own = { csrDer, token: tokens.worker, hostname: 'evil\u001b[2J\n' };
  const wrong = IssueCertificateRequest.create({ ...own, availability: 9 as Availability });
  await t.throwsAsync(handlers.issueCertificate(wrong, anonymous), { code: 'INVALID_ARGUMENT' });
  t.is(
    store.view((tx) => tx.count('node')),
    0,
  );
  await handlers.issueCertificate(IssueCertificateRequest.create(own), anonymous);
  const [node] = store.view((tx) => [...tx.list('node')]);
  t.is(node?.description?.hostname, 'evil[2J');
});
