import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { contextStore } from '#cli/contexts-node';
import { chooseTarget } from '#cli/globals';
import { hostNumber, hostsFile, checkLabName, hostPaths } from '#cli/lab/names';

const withFolder = (use: (dir: string) => void): void => {
  const dir = mkdtempSync(join(tmpdir(), 'tessera-contexts-'));
  try {
    use(join(dir, 'tessera'));
  } finally {
    rmSync(dir, { recursive: true });
  }
};

test('a context is kept, used and removed, readable by its owner alone', (t) => {
  withFolder((dir) => {
    const store = contextStore(dir);
    t.is(store.currentName(), 'default');
    store.save({ name: 'lab', host: 'unix:///x/tessera.sock' });
    store.use('lab');
    t.is(contextStore(dir).currentName(), 'lab');
    t.is(statSync(join(dir, 'contexts/lab.json')).mode & 0o777, 0o600);
    t.deepEqual(
      store.list().map((context) => context.name),
      ['default', 'lab'],
    );
    store.remove('lab');
    t.is(store.currentName(), 'default');
    t.throws(() => store.get('lab'), { message: /context lab not found/ });
  });
});

test('a name that would leave the folder is refused', (t) => {
  withFolder((dir) => {
    const store = contextStore(dir);
    for (const name of ['../x', '', 'a/b', '.hidden', 'default'])
      t.throws(() => store.save({ name, host: 'unix:///x' }), { message: /not valid/ }, name);
    t.throws(() => store.get('../x'), { message: /not found/ });
  });
});

test('a damaged context is shown as such and can be removed', (t) => {
  withFolder((dir) => {
    const store = contextStore(dir);
    store.save({ name: 'lab', host: 'unix:///x' });
    const path = join(dir, 'contexts/lab.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 5));
    t.throws(() => store.get('lab'), { message: /damaged: remove it with 'tsctl context rm lab'/ });
    t.is(store.list()[1]?.description, 'damaged');
    store.remove('lab');
    t.is(store.list().length, 1);
  });
});

test('flags win over the environment, and that over the context in use', (t) => {
  withFolder((dir) => {
    const store = contextStore(dir);
    store.save({ name: 'lab', host: 'unix:///lab.sock' });
    store.use('lab');
    const env = { TESSERA_HOST: 'unix:///env.sock' };
    t.is(chooseTarget({ host: 'unix:///flag.sock' }, env, store).host, 'unix:///flag.sock');
    t.is(chooseTarget({ context: 'default' }, env, store).host, 'unix:///run/tessera/tessera.sock');
    t.is(chooseTarget({}, env, store).host, 'unix:///env.sock');
    t.deepEqual(chooseTarget({}, {}, store), { host: 'unix:///lab.sock', context: 'lab' });
    t.is(
      chooseTarget({}, { TESSERA_CONTEXT: 'default' }, store).host,
      'unix:///run/tessera/tessera.sock',
    );
  });
});

test('a daemon has a socket or a host and a port', (t) => {
  withFolder((dir) => {
    const store = contextStore(dir);
    for (const host of ['localhost', 'host:0', 'host:70000', 'unix://x', 'http://x:1', ''])
      t.throws(
        () => chooseTarget({ host }, {}, store),
        { message: /not a daemon's address/ },
        host,
      );
    t.is(chooseTarget({ host: 'host:7377' }, {}, store).host, 'host:7377');
    t.throws(() => chooseTarget({ host: 'a:1', context: 'b' }, {}, store), {
      message: /give one of them/,
    });
  });
});

test('lab hosts are called by name or number', (t) => {
  t.is(hostNumber('host3', 3), 3);
  t.is(hostNumber('2', 3), 2);
  for (const ref of ['host4', 'host0', '0', 'hosts', '', 'host1x'])
    t.throws(() => hostNumber(ref, 3), { message: /its hosts are host1 to host3/ }, ref);
});

test('a lab name fits into a socket path', (t) => {
  const name = checkLabName('a'.repeat(20));
  const { tesseradSocket } = hostPaths('/var/lib/tessera-lab', name, 100);
  t.true(tesseradSocket.length < 108);
  for (const bad of ['', 'A', '-a', 'a'.repeat(21), 'a/b', 'a b'])
    t.throws(() => checkLabName(bad), { message: /is not valid/ }, bad);
});

test('the hosts of a lab know each other by name', (t) => {
  t.is(hostsFile(2, 2), '127.0.0.1 localhost\n198.18.2.1 host1\n198.18.2.2 host2\n');
});
