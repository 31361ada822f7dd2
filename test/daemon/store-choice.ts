import test from 'ava';
import { resolveOptions } from '#daemon/options';
import { requireSameStore, storeName } from '#daemon/store-choice';
import type { StoreChoice } from '#daemon/store-choice';

const choice = (flags: Readonly<Record<string, string>>): StoreChoice =>
  resolveOptions(flags, {}).store;

test('Raft is the default', (t) => {
  t.deepEqual(choice({}), { kind: 'raft' });
  t.is(storeName(choice({ store: 'raft' })), 'raft');
});

test('an etcd has addresses, a prefix and files', (t) => {
  const none = {
    caFile: undefined,
    certificateFile: undefined,
    keyFile: undefined,
    authFile: undefined,
  };
  t.deepEqual(choice({ store: 'etcd://localhost,127.0.0.1:23790,[::1]:1' }), {
    kind: 'etcd',
    endpoints: ['localhost:2379', '127.0.0.1:23790', '[::1]:1'],
    prefix: 'tessera',
    ...none,
  });
  const far = choice({
    store: 'etcd://e1:2379,e2:2379/teams/a/',
    'store-ca': '/ca.pem',
    'store-cert': '/cert.pem',
    'store-key': '/key.pem',
    'store-auth': '/auth',
  });
  t.deepEqual(far, {
    kind: 'etcd',
    endpoints: ['e1:2379', 'e2:2379'],
    prefix: 'teams/a',
    caFile: '/ca.pem',
    certificateFile: '/cert.pem',
    keyFile: '/key.pem',
    authFile: '/auth',
  });
  t.is(storeName(far), 'etcd/teams/a');
});

test('what is wrong is told in one line', (t) => {
  const local = { store: 'etcd://localhost' };
  const many = Array.from({ length: 10 }, () => 'localhost').join(',');
  const cases: [Readonly<Record<string, string>>, RegExp][] = [
    [{ store: 'consul://x' }, /^--store: 'consul:\/\/x' is not valid: use raft or etcd:/],
    [{ store: 'etcd://' }, /^--store: 'etcd:\/\/' is not valid/],
    [{ store: 'etcd://root:secret@localhost:1' }, /^--store: no user or password here/],
    [{ store: 'etcd://localhost/a b' }, /^--store: prefix 'a b' is not valid/],
    [{ store: 'etcd://localhost/a//b' }, /^--store: prefix 'a\/\/b' is not valid/],
    [{ store: 'etcd://localhost:99999' }, /^--store: 'localhost:99999' is not an address/],
    [{ store: `etcd://${many}` }, /^--store: 10 members of etcd are given, 9 at most/],
    [{ store: 'etcd://localhost,10.0.0.1' }, /10\.0\.0\.1:2379 is not this host.*--store-ca$/],
    [{ store: 'etcd://127.0.0.1.example.org' }, /is not this host/],
    [{ ...local, 'store-ca': '/ca', 'store-cert': '/c' }, /give both or none$/],
    [{ ...local, 'store-cert': '/c', 'store-key': '/k' }, /^--store-cert: needs --store-ca/],
    [{ ...local, 'store-ca': 'ca.pem' }, /^--store-ca: 'ca\.pem' .* an absolute path$/],
    [{ 'store-auth': '/auth' }, /^--store-auth: is only for --store etcd:/],
  ];
  for (const [flags, message] of cases)
    t.throws(() => choice(flags), { code: 'INVALID_ARGUMENT', message }, JSON.stringify(flags));
});

test('a password in the address is not repeated in the message', (t) => {
  const error = t.throws(() => choice({ store: 'etcd://root:secret@localhost' }));
  t.notRegex(error.message, /secret/);
});

test('one cluster has one store', (t) => {
  t.notThrows(() => requireSameStore('etcd/a', 'etcd/a'));
  t.throws(() => requireSameStore('raft', 'etcd/a'), {
    code: 'FAILED_PRECONDITION',
    message: /in the managers \(--store raft\), but .* for etcd below \/a/,
  });
});
