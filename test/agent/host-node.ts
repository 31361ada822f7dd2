/** What the agent keeps on the host's disk. */
import test from 'ava';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError, silentLogger } from '#lib';
import { AgentState } from '#proto';
import { fileStorage, hostFiles } from '#agent';
import { assigned } from '#test/_support/agent-world';

async function directory(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'agent-test-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('what was saved is loaded; the file is for its owner alone', async (t) => {
  const path = join(await directory(t), 'agent');
  const storage = fileStorage(path, silentLogger);
  t.is(await storage.load(), undefined);
  const state = AgentState.create({ nodeId: 'n', tasks: [assigned('t1')] });
  await storage.save(state);
  await storage.save(state);
  t.deepEqual(await fileStorage(path, silentLogger).load(), state);
  const [name = ''] = await readdir(path);
  t.is((await stat(join(path, name))).mode & 0o777, 0o600);
  await storage.clear();
  t.is(await storage.load(), undefined);
});

test('damaged assignments are as none', async (t) => {
  const path = await directory(t);
  await writeFile(join(path, 'assignments.pb'), Buffer.from([0xff, 0xff, 0xff]));
  t.is(await fileStorage(path, silentLogger).load(), undefined);
});

test('a disk that refuses is told with its reason', async (t) => {
  const path = join(await directory(t), 'file');
  await writeFile(path, '');
  const error = await t.throwsAsync(fileStorage(path, silentLogger).save(AgentState.create()), {
    instanceOf: ClusterError,
  });
  t.is(error?.code, 'RUNTIME_ERROR');
});

test('files of a task name the task and go with it', async (t) => {
  const files = hostFiles(await directory(t));
  const paths = await files.prepareTask({
    taskId: 't1',
    hostname: 'web',
    addresses: ['10.0.0.9'],
    gateways: [],
    dns: undefined,
    hosts: [],
  });
  t.regex(await readFile(paths.hostsPath, 'utf8'), /^127\.0\.0\.1\tlocalhost$/m);
  t.regex(await readFile(paths.hostsPath, 'utf8'), /^10\.0\.0\.9\tweb$/m);
  t.is(await readFile(paths.hostnamePath, 'utf8'), 'web\n');
  t.notRegex(await readFile(paths.resolverPath, 'utf8'), /nameserver 127\./);
  const anonymous = await files.anonymousVolume('t1', 'main//data');
  t.true(await files.exists(anonymous));
  t.deepEqual(await files.listTasks(), ['t1']);
  t.deepEqual(await files.listVolumes(), []);
  await files.volume('logs');
  await files.volume('data');
  t.deepEqual(await files.listVolumes(), ['data', 'logs']);
  await files.removeTask('t1');
  await files.removeTask('t1');
  t.false(await files.exists(anonymous));
  t.deepEqual(await files.listTasks(), []);
});

test('a named volume outlives tasks; names cannot lead elsewhere', async (t) => {
  const files = hostFiles(await directory(t));
  const path = await files.volume('data');
  await writeFile(join(path, 'kept'), 'yes');
  t.is(await files.volume('data'), path);
  t.true(await files.exists(join(path, 'kept')));
  for (const name of ['../x', '/etc', '', 'a/b', '.hidden'])
    await t.throwsAsync(files.volume(name), { instanceOf: ClusterError });
});

test('what tasks keep cannot be reached by other users of the host', async (t) => {
  const path = await directory(t);
  const files = hostFiles(path);
  await files.volume('data');
  await files.anonymousVolume('t1', 'main//data');
  await files.prepareTask({
    taskId: 't2',
    hostname: 'web',
    addresses: [],
    gateways: [],
    dns: undefined,
    hosts: [],
  });
  for (const name of ['volumes', 'tasks'])
    t.is((await stat(join(path, name))).mode & 0o077, 0, name);
});
