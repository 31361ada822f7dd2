import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { checkBackup, saveBackup } from '#cli/backup-file-node';
import { decodeSnapshot } from '#manager/store/snapshot';
import { NodeRole } from '#proto';
import { readBackup } from '#proto/backup-node';
import { awaitReady, backupOf, cluster, createService } from '../_support/daemon-cluster.ts';
import { serviceNames } from '../_support/daemon-cluster.ts';

const { MANAGER, WORKER } = NodeRole;

async function directory(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tessera-backup-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test('any manager gives a backup of one version while writes go on; a worker does not', async (t) => {
  const [one, two, three, four] = await cluster(t, [MANAGER, MANAGER, WORKER]);
  if (two === undefined || three === undefined || four === undefined) return t.fail();
  await awaitReady(one, 4);
  await createService(one, 'before');
  const writes = Promise.all(Array.from({ length: 20 }, (_, i) => createService(three, `w${i}`)));
  const path = join(await directory(t), 'cluster.tsbackup');
  const saved = await saveBackup(path, backupOf(two));
  await writes;
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.deepEqual(await checkBackup(path), saved);

  const image: Uint8Array[] = [];
  const bytes = await readFile(path);
  const { header } = await readBackup(once(bytes), { onImage: (part) => void image.push(part) });
  const state = await decodeSnapshot(once(Buffer.concat(image)), (object) => object);
  t.is(state.version, header.version);
  t.true([...state.list('service')].some((service) => service.spec?.name === 'before'));
  for (const table of ['cluster', 'node', 'service', 'task'] as const)
    t.is(header.counts[table], state.count(table), table);
  t.is(header.counts['node'], 4);
  t.truthy(state.get('cluster', header.clusterId)?.rootCa?.keyPem.length);
  t.is((await serviceNames(one)).length, 21);
  t.is(await one.metric('tessera_control_backups_total', 'whole'), 1);
  await t.throwsAsync(saveBackup(path, backupOf(four)), { code: 'NOT_MANAGER' });
});

test('a backup that is cut off on its way leaves the one before in its place', async (t) => {
  const [one] = await cluster(t, []);
  const folder = await directory(t);
  const path = join(folder, 'cluster.tsbackup');
  const first = await saveBackup(path, backupOf(one));
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    let isFirst = true;
    for await (const chunk of backupOf(one)) {
      yield isFirst ? chunk : chunk.subarray(0, chunk.length / 2);
      isFirst = false;
    }
  };
  await t.throwsAsync(saveBackup(path, cut()), { code: 'DATA_LOSS' });
  t.deepEqual(await checkBackup(path), first);
  t.deepEqual(await readdir(folder), ['cluster.tsbackup']);
  const missing = join(folder, 'no', 'such', 'folder');
  await t.throwsAsync(saveBackup(missing, backupOf(one)), { code: 'FAILED_PRECONDITION' });
  await writeFile(path, 'something else');
  await t.throwsAsync(checkBackup(path), { code: 'INVALID_ARGUMENT', message: /not a backup/ });
});
