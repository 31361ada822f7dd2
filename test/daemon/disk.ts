import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { lockDirectory } from '#daemon/local-server-node';
import { DiskNodeFiles } from '#daemon/node-files-node';
import type { NodeRecord } from '#daemon/node-record';
import { decodeFirst, encodeFirst } from '#daemon/first-objects';
import { readNodeCertificate } from '#manager/ca/certificates-node';
import { Cluster, InfoRequest, InitRequest, JoinRequest, LeaveRequest, LocalService } from '#proto';
import { LocalState, Node, NodeRole } from '#proto';
import { LeanManagers } from '../_support/lean-manager.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const record: NodeRecord = {
  nodeId: 'node1',
  clusterId: 'cluster1',
  role: NodeRole.MANAGER,
  advertiseAddress: '192.0.2.1:7377',
  dataPathAddress: '',
  listenAddress: '0.0.0.0:7377',
  store: 'raft',
  managerAddresses: ['192.0.2.1:7377'],
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;

async function files(t: ExecutionContext) {
  const directory = await mkdtemp(join(tmpdir(), 'tessera-files-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return { directory, files: await DiskNodeFiles.open(directory, systemRandom()) };
}

test('what is saved is loaded again, and what is wiped is gone', async (t) => {
  const { directory, files: disk } = await files(t);
  const material = {
    keyPem: bytes(block('PRIVATE KEY')),
    certificatePem: bytes(block('CERTIFICATE')),
    rootPem: bytes(block('CERTIFICATE')),
  };
  const first = { cluster: Cluster.create({ id: 'c' }), node: Node.create({ id: 'n' }) };
  t.is(await disk.openKeys(), 'open');
  t.is(await disk.loadNode(), undefined);
  await disk.saveNode(record);
  await disk.saveMaterial(material);
  await disk.saveFirst(encodeFirst(first));
  t.deepEqual(await disk.loadNode(), record);
  const loaded = await disk.loadMaterial();
  t.deepEqual(loaded?.keyPem, material.keyPem);
  t.deepEqual(loaded?.certificatePem, material.certificatePem);
  t.deepEqual(new Uint8Array(loaded?.rootPem ?? []), material.rootPem);
  const bytesOfFirst = await disk.loadFirst();
  t.deepEqual(bytesOfFirst && decodeFirst(bytesOfFirst), first);
  for (const name of ['node.json', 'first.bin', 'keys.json'])
    t.is((await stat(join(directory, name))).mode & 0o777, 0o600, name);
  t.notRegex(await readFile(join(directory, 'certificates/node.pem'), 'utf8'), /PRIVATE KEY/);
  t.false((await readdir(directory)).some((name) => name.endsWith('.tmp')));
  // Killed in the middle of a write: the temporary file holds the key too.
  for (const name of ['first.bin.tmp', 'join.json.tmp', 'certificates/node.pem.tmp'])
    await writeFile(join(directory, name), block('PRIVATE KEY'));
  await disk.wipe();
  t.deepEqual(await readdir(directory), ['certificates']);
  t.deepEqual(await readdir(join(directory, 'certificates')), []);
});

test('one daemon holds a directory at a time', async (t) => {
  const { directory } = await files(t);
  const unlock = await lockDirectory(directory, systemClock());
  await t.throwsAsync(lockDirectory(directory, systemClock()), {
    code: 'FAILED_PRECONDITION',
    message: /--data-dir/,
  });
  const waiting = lockDirectory(directory, systemClock());
  unlock();
  (await waiting)();
  t.pass();
});

test('a second daemon on the same socket is refused, and a socket left behind is replaced', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  await t.throwsAsync(one.start(), { code: 'FAILED_PRECONDITION' });
  await one.stop();
  await writeFile(one.socket, '');
  await one.start();
  const info = await one.call(LocalService.info, InfoRequest.create());
  t.is(info.state, LocalState.INACTIVE);
});

test('a damaged record is told, and can be left by force', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  const request = { advertiseAddress: one.address, listenAddress: one.address };
  await one.call(LocalService.init, InitRequest.create(request));
  await one.stop();
  await writeFile(join(one.dataDirectory, 'node.json'), '{"format"');
  await one.start();
  const info = await poll('the damage is told', async () => {
    const seen = await one.call(LocalService.info, InfoRequest.create());
    return seen.state === LocalState.ERROR && seen;
  });
  t.regex(info.error, /node\.json is damaged: /);
  const health = await fetch(`http://127.0.0.1:${one.httpPort}/healthz`);
  t.is(health.status, 503);
  await t.throwsAsync(one.call(LocalService.init, InitRequest.create(request)), {
    code: 'ALREADY_IN_CLUSTER',
  });
  await one.call(LocalService.leave, LeaveRequest.create({ force: true }));
  await one.call(LocalService.init, InitRequest.create(request));
});

test('when the port is taken, init says so and leaves nothing behind', async (t) => {
  const managers = new LeanManagers();
  const one = await TestDaemon.start(t, 'one', managers.make);
  const two = await TestDaemon.start(t, 'two', managers.make);
  const at = (address: string) =>
    InitRequest.create({ advertiseAddress: address, listenAddress: address });
  await one.call(LocalService.init, at(one.address));
  await t.throwsAsync(two.call(LocalService.init, at(one.address)), {
    code: 'FAILED_PRECONDITION',
    message: /^could not listen on .*: choose another address with --listen-addr$/,
  });
  const info = await two.call(LocalService.info, InfoRequest.create());
  t.is(info.state, LocalState.INACTIVE);
  await two.call(LocalService.init, at(two.address));
});

test('a certificate that is due is renewed at the start, and is used at once', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  await one.stop();
  one.clockShiftMs = -80 * 24 * 3_600_000;
  await one.start();
  const request = { advertiseAddress: one.address, listenAddress: one.address };
  await one.call(LocalService.init, InitRequest.create(request));
  const path = join(one.dataDirectory, 'certificates/node.pem');
  const validity = async () => {
    const text = await readFile(path, 'utf8');
    return readNodeCertificate(bytes(text.slice(text.indexOf('-----BEGIN CERTIFICATE'))));
  };
  const before = await validity();
  await one.stop();
  one.clockShiftMs = 0;
  await one.start();
  const after = await poll('a new certificate', async () => {
    const present = await validity();
    return present.notAfterMs > before.notAfterMs && present;
  });
  t.is(after.nodeId, before.nodeId);
  await poll('the new end is shown', async () => {
    const seconds = await one.metric('tessera_certificate_expiry_seconds');
    return seconds === after.notAfterMs / 1000;
  });
});

test('joining goes on in the background and after a restart, until it succeeds or is ended', async (t) => {
  const managers = new LeanManagers();
  const one = await TestDaemon.start(t, 'one', managers.make);
  const two = await TestDaemon.start(t, 'two', managers.make);
  const three = await TestDaemon.start(t, 'three', managers.make);
  const made = await one.call(
    LocalService.init,
    InitRequest.create({ advertiseAddress: one.address, listenAddress: one.address }),
  );
  await one.stop();
  for (const daemon of [two, three]) {
    const address = daemon.address;
    const request = JoinRequest.create({
      token: made.tokens?.worker ?? '',
      remoteAddress: one.address,
      advertiseAddress: address,
      listenAddress: address,
    });
    const joining = daemon.call(LocalService.join, request);
    const seen = await poll('an attempt has failed', async () => {
      const info = await daemon.call(LocalService.info, InfoRequest.create());
      return info.error !== '' && info;
    });
    t.is(seen.state, LocalState.PENDING);
    t.regex(seen.error, /no manager can be reached at 127\.0\.0\.1:/);
    if (daemon === two) await two.stop();
    else await three.call(LocalService.leave, LeaveRequest.create());
    await t.throwsAsync(joining);
  }
  await two.start();
  await one.start();
  await poll('the second host has joined', async () => {
    const info = await two.call(LocalService.info, InfoRequest.create());
    return info.state === LocalState.ACTIVE;
  });
  const ended = await three.call(LocalService.info, InfoRequest.create());
  t.is(ended.state, LocalState.INACTIVE);
});

test('the HTTP face gives figures and health', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${one.httpPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  t.deepEqual(await get('/healthz'), { status: 200, text: 'ok\n' });
  t.is((await get('/nothing')).status, 404);
  const metrics = await get('/metrics');
  t.is(metrics.status, 200);
  t.regex(metrics.text, /^tessera_nodejs_eventloop_lag_seconds /m);
});
