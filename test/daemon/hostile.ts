/** What strangers on the network, and former members, try at a daemon's doors. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { ClusterError, limitedLogger, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { anonymousClient } from '#daemon/channels-node';
import { HttpFace } from '#daemon/http-node';
import { callerOf } from '#daemon/identify';
import { requestCertificate } from '#daemon/joining-node';
import { Strangers, strangersMax, strangersPerAddressMax } from '#daemon/strangers';
import { TlsListener } from '#daemon/tls-listener-node';
import { makeJoinToken, managerServerName } from '#manager';
import {
  certificateDigest,
  certificateSigner,
  makeKeyAndRequest,
  makeRootCa,
} from '#manager/ca/certificates-node';
import { Availability, CertificateAuthorityService, GetRootCertificateResponse } from '#proto';
import { InitRequest, IssueCertificateRequest, JoinRequest, LocalService } from '#proto';
import { NodeRole } from '#proto';
import { callUnary, grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';
import { LeanManagers } from '../_support/lean-manager.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

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
        dataPathAddress: '',
        listenAddress: '127.0.0.1:1',
        availability: Availability.ACTIVE,
        keyPem: Buffer.from(own.keyPem).toString(),
        csrDerBase64: Buffer.from(own.csrDer).toString('base64'),
      },
      hostname: 'victim',
      storeName: 'raft',
      digestOf: certificateDigest,
      signal: new AbortController().signal,
    }),
    { instanceOf: ClusterError },
  );
  t.deepEqual(tokens, []);
});

async function manager(t: ExecutionContext): Promise<TestDaemon & { readonly token: string }> {
  const daemon = await TestDaemon.start(t, 'one', new LeanManagers().make);
  const { address } = daemon;
  const request = InitRequest.create({ advertiseAddress: address, listenAddress: address });
  const { tokens } = await daemon.call(LocalService.init, request);
  return Object.assign(daemon, { token: tokens?.worker ?? '' });
}

const localClaim = { caller: { kind: 'local' }, address: '' } as const;
const manager2 = { nodeId: 'm2', role: NodeRole.MANAGER, notBeforeMs: 0 };

function identify(path: string, roles: Readonly<Record<string, NodeRole>>, claim = false) {
  return callerOf(path, manager2, claim ? localClaim : undefined, {
    roleOf: (nodeId) => roles[nodeId],
    isOutdated: () => false,
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

test('strangers of one address, and all strangers together, are bounded', (t) => {
  const strangers = new Strangers();
  for (let port = 1; port <= strangersPerAddressMax; port++)
    t.true(strangers.admit('192.0.2.1', port));
  t.false(strangers.admit('192.0.2.1', 60_000));
  t.true(strangers.admit('192.0.2.2', 1));
  strangers.forget('192.0.2.1', 60_000);
  t.false(strangers.admit('192.0.2.1', 60_000), 'what was not admitted frees no place');
  strangers.forget('192.0.2.1', 7);
  strangers.forget('192.0.2.1', 7);
  t.true(strangers.admit('192.0.2.1', 60_000));
  t.false(strangers.admit('192.0.2.1', 60_001));
  for (let i = strangersPerAddressMax + 1; i < strangersMax; i++)
    t.true(strangers.admit(`host${i}`, 1));
  t.false(strangers.admit('192.0.2.3', 1));
});

test('a stranger cannot send a large message, hold many calls or stay', async (t) => {
  const { address } = await manager(t);
  const client = anonymousClient(address, undefined);
  t.teardown(() => client.close());
  const request = IssueCertificateRequest.create({ csrDer: new Uint8Array(100_000) });
  await t.throwsAsync(
    callUnary(client, CertificateAuthorityService.issueCertificate, request, {
      deadlineMs: 10_000,
    }),
    { code: 'LIMIT_EXCEEDED' },
  );
  const [host, port] = address.split(':');
  const socket = tls.connect({
    host,
    port: Number(port),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  const session = http2.connect(`https://${address}`, { createConnection: () => socket });
  t.teardown(() => session.destroy());
  const [settings] = (await once(session, 'remoteSettings')) as [http2.Settings];
  t.is(settings.maxConcurrentStreams, 16);
});

test('warnings that strangers cause are counted, not all written', async (t) => {
  const lines: string[] = [];
  const collecting = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  let nowMs = 0;
  const log = limitedLogger(
    { ...silentLogger, warn: collecting },
    { ...clock, monotonic: () => nowMs },
  );
  for (let i = 0; i < 1_000; i++) log.warn('refused', { i });
  t.is(lines.length, 20);
  nowMs = 10_000;
  log.warn('refused');
  t.deepEqual(lines.slice(20), ['warnings were left out {"count":980}', 'refused {}']);
});

test('what a daemon keeps is for root alone, and its log tells no secret', async (t) => {
  const one = await manager(t);
  const two = await TestDaemon.start(t, 'two', new LeanManagers().make);
  const { address } = two;
  const join2 = { advertiseAddress: address, listenAddress: address, remoteAddress: one.address };
  const wrong = JoinRequest.create({ ...join2, token: makeJoinToken('0'.repeat(50), random) });
  await t.throwsAsync(two.call(LocalService.join, wrong));
  await two.call(LocalService.join, JoinRequest.create({ ...join2, token: one.token }));
  t.is((await stat(one.socket)).mode & 0o077, 0);
  const materials = [await one.material(), await two.material()];
  // Nothing is written any more while it is looked at.
  for (const daemon of [one, two]) await daemon.stop();
  let fileCount = 0;
  const secrets = [one.token, wrong.token];
  for (const { dataDirectory } of [one, two])
    for (const entry of await readdir(dataDirectory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const { mode } = await stat(path);
      t.is(mode & (entry.isDirectory() ? 0o066 : 0o077), 0, `${path} ${mode.toString(8)}`);
      if (!entry.isFile()) continue;
      fileCount++;
      t.false(/PRIVATE KEY/.test(await readFile(path, 'utf8')), path);
    }
  for (const { keyPem } of materials) {
    const key = new TextDecoder().decode(keyPem);
    secrets.push(/PRIVATE KEY-----\n([^-\n]+)/.exec(key)?.[1] ?? '');
  }
  t.true(fileCount >= 6, String(fileCount));
  t.true(secrets.every((secret) => secret.length > 20));
  for (const line of [...one.lines, ...two.lines])
    for (const secret of secrets) t.false(line.includes(secret), line);
});

test('a port that is closed while it opens tells so', async (t) => {
  const root = await makeRootCa('cluster1', clock.now());
  const listener = new TlsListener({
    server: new grpc.Server(),
    material: {
      keyPem: root.keyPem,
      certificatePem: root.certificatePem,
      rootPem: root.certificatePem,
    },
    clusterId: 'cluster1',
    isRemoved: () => false,
    clock,
    log: silentLogger,
    metrics: silentMetrics,
  });
  const opening = t.throwsAsync(listener.listen('127.0.0.1', 0), { code: 'CANCELLED' });
  await listener.close();
  await opening;
});
