/** TLS with client certificates, users and roles, on a real etcd. */
import test from 'ava';
import type { EtcdTls } from '#manager/etcd/etcd-endpoint-node';
import { EtcdCertificates } from '../../_support/etcd-certificates.ts';
import { EtcdCluster, runCommand } from '../../_support/etcd-cluster.ts';
import { bytes, leaderOf, startManager } from '../../_support/etcd-world.ts';
import { poll } from '../../_support/poll.ts';

test('etcd and managers know each other by certificates', async (t) => {
  const authority = await EtcdCertificates.make();
  t.teardown(() => authority.remove());
  await authority.issue('server', 'IP:127.0.0.1');
  await authority.issue('tessera');
  const etcd = await EtcdCluster.start(t, {
    size: 1,
    scheme: 'https',
    args: [
      ...['--cert-file', authority.path('server.pem')],
      ...['--key-file', authority.path('server-key.pem')],
      ...['--trusted-ca-file', authority.path('ca.pem'), '--client-cert-auth'],
    ],
  });
  const tls = await authority.tls('tessera');
  await etcd.ready({ tls });
  const manager = await startManager(t, etcd, 1, { etcd: etcd.client({ tls }) });
  await leaderOf([manager]);
  t.is((await manager.replicator.propose(bytes('a'))).kind, 'committed');

  const strange = await EtcdCertificates.make();
  t.teardown(() => strange.remove());
  await strange.issue('tessera');
  const foreign = { ...(await strange.tls('tessera')), rootPem: tls.rootPem };
  const wrong: Readonly<Record<string, EtcdTls>> = {
    'without a certificate': await authority.tls(),
    'a certificate of another authority': foreign,
    'an etcd of another authority': await strange.tls('tessera'),
  };
  for (const [name, own] of Object.entries(wrong))
    await t.throwsAsync(
      startManager(t, etcd, 1, { etcd: etcd.client({ tls: own }) }),
      { code: 'UNAVAILABLE', message: /^etcd does not answer/ },
      name,
    );
  // The certificate is for the address alone.
  const endpoints = etcd.endpoints.map((one) => one.replace('127.0.0.1', 'localhost'));
  await t.throwsAsync(startManager(t, etcd, 1, { etcd: etcd.client({ tls, endpoints }) }), {
    code: 'UNAVAILABLE',
    message: /does not match certificate/,
  });
});

test('a user needs its password, and a role for the prefix', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 1 });
  await etcd.ready();
  const control = (...args: string[]): Promise<string> =>
    runCommand('etcdctl', [`--endpoints=${etcd.endpoints[0]}`, ...args]);
  await control('user', 'add', 'root:secret');
  await control('user', 'grant-role', 'root', 'root');
  await control('role', 'add', 'tessera');
  await control('role', 'grant-permission', 'tessera', '--prefix', 'readwrite', '/tessera/');
  await control('user', 'add', 'tessera:rightful');
  await control('user', 'grant-role', 'tessera', 'tessera');
  await control('auth', 'enable');
  const client = (password: string) => etcd.client({ login: { username: 'tessera', password } });
  const manager = await startManager(t, etcd, 1, { etcd: client('rightful') });
  await leaderOf([manager]);
  t.is((await manager.replicator.propose(bytes('a'))).kind, 'committed');

  const denied = { code: 'UNAVAILABLE', message: /^etcd denies access: check --store-auth/ };
  await t.throwsAsync(startManager(t, etcd, 1, { etcd: client('wrong') }), denied);
  await t.throwsAsync(startManager(t, etcd, 1, { etcd: etcd.client() }), denied);
  const elsewhere = { etcd: client('rightful'), prefix: 'other' };
  await t.throwsAsync(startManager(t, etcd, 1, elsewhere), denied);

  // With etcd its tokens are gone: new ones are fetched, for calls and for the watch.
  await etcd.kill(0);
  etcd.boot(0);
  await leaderOf([manager]);
  const outcome = await poll('it writes', async () => {
    const { kind } = await manager.replicator.propose(bytes('b'));
    return kind === 'committed' && kind;
  });
  t.is(outcome, 'committed');
  const again = await startManager(t, etcd, 1, { etcd: client('rightful') });
  t.deepEqual(again.state.texts, ['a', 'b']);
  await poll('the watch is back', async () => {
    await leaderOf([again]);
    await again.replicator.propose(bytes('c'));
    return manager.state.texts.includes('c');
  });
});
