/** What strangers on the network, and former members, try at a daemon's doors. */
import test from 'ava';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ClusterError, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { HttpFace } from '#daemon/http-node';
import { callerOf } from '#daemon/identify';
import { requestCertificate } from '#daemon/joining-node';
import { makeJoinToken, managerServerName } from '#manager';
import {
  certificateDigest,
  certificateSigner,
  makeKeyAndRequest,
  makeRootCa,
} from '#manager/ca/certificates-node';
import { Availability, CertificateAuthorityService, GetRootCertificateResponse } from '#proto';
import { NodeRole } from '#proto';
import { grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';

const clock = systemClock();
const random = systemRandom();

test('a root with a second certificate behind it does not win the join token', async (t) => {
  const real = await makeRootCa('cluster1', clock.now());
  const evil = await makeRootCa('cluster1', clock.now());
  const { keyPem, csrDer } = await makeKeyAndRequest();
  const certificatePem = await certificateSigner.sign({
    root: evil,
    csrDer,
    nodeId: managerServerName,
    clusterId: 'cluster1',
    role: NodeRole.MANAGER,
    nowMs: clock.now(),
    lifeMs: 3_600_000,
  });
  const tokens: string[] = [];
  const server = new grpc.Server();
  const bundle = Buffer.concat([real.certificatePem, evil.certificatePem]);
  serve(
    server,
    CertificateAuthorityService,
    {
      getRootCertificate: () =>
        Promise.resolve(GetRootCertificateResponse.create({ certificatePem: bundle })),
      issueCertificate: ({ token }) => {
        tokens.push(token);
        return Promise.reject(new ClusterError('UNAVAILABLE', 'thank you'));
      },
      renewCertificate: () => Promise.reject(new ClusterError('UNIMPLEMENTED', 'no')),
    },
    {
      clock,
      random,
      log: silentLogger,
      metrics: silentMetrics,
      identify: () => ({ caller: { kind: 'anonymous' }, address: '', isForwarded: false }),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(certificatePem) };
    server.bindAsync(
      '127.0.0.1:0',
      grpc.ServerCredentials.createSsl(null, [pair], false),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    );
  });
  t.teardown(() => server.forceShutdown());
  const own = await makeKeyAndRequest();
  await t.throwsAsync(
    requestCertificate({
      join: {
        token: makeJoinToken(certificateDigest(real.certificatePem), random),
        remoteAddress: `127.0.0.1:${port}`,
        advertiseAddress: '127.0.0.1:1',
        listenAddress: '127.0.0.1:1',
        availability: Availability.ACTIVE,
        keyPem: Buffer.from(own.keyPem).toString(),
        csrDerBase64: Buffer.from(own.csrDer).toString('base64'),
      },
      hostname: 'victim',
      digestOf: certificateDigest,
      signal: new AbortController().signal,
    }),
    { instanceOf: ClusterError },
  );
  t.deepEqual(tokens, []);
});

const localClaim = { caller: { kind: 'local' }, address: '' } as const;
const manager2 = { nodeId: 'm2', role: NodeRole.MANAGER };

function identify(path: string, roles: Readonly<Record<string, NodeRole>>, claim = false) {
  return callerOf(path, manager2, claim ? localClaim : undefined, {
    roleOf: (nodeId) => roles[nodeId],
    log: silentLogger,
    refused: silentMetrics.counter('refused', 'Refused.'),
  });
}

test("between members of Raft nobody speaks in another's name, not even a manager", (t) => {
  const path = '/tessera.v1.RaftTransport/Exchange';
  t.like(identify(path, { m2: NodeRole.WORKER }), { kind: 'node', nodeId: 'm2' });
  for (const role of [NodeRole.WORKER, NodeRole.MANAGER])
    t.throws(() => identify(path, { m2: role }, true), { code: 'PERMISSION_DENIED' });
  t.throws(() => identify('/tessera.v1.Dispatcher/Session', { m2: NodeRole.MANAGER }, true), {
    code: 'PERMISSION_DENIED',
  });
});

test("a manager's claim for another is taken where managers pass calls on", (t) => {
  for (const service of ['Control', 'CertificateAuthority', 'RaftMembership']) {
    const path = `/tessera.v1.${service}/Any`;
    t.deepEqual(identify(path, { m2: NodeRole.MANAGER }, true), { kind: 'local' });
    t.throws(() => identify(path, { m2: NodeRole.WORKER }, true), { code: 'PERMISSION_DENIED' });
  }
});

test('a request that is no URL is answered, and does not end the daemon', async (t) => {
  const face = new HttpFace({
    host: '127.0.0.1',
    port: 0,
    contentType: 'text/plain',
    renderMetrics: () => Promise.resolve(''),
    health: () => '',
  });
  const port = await face.listen();
  t.teardown(() => face.close());
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write('GET // HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  t.regex(answer.toString(), /^HTTP\/1.1 404 /);
});
