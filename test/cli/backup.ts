import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ClusterError } from '#lib';
import { BackupChunk, BackupHeader, ControlService } from '#proto';
import { packBackup } from '#proto/backup-node';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

const header = BackupHeader.create({
  clusterId: 'cluster1',
  clusterName: 'default',
  version: 42,
  createdAtMs: 1_800_000_000_000,
  tesseraVersion: '0.1.0',
  counts: { cluster: 1, node: 3, service: 2 },
});

async function* image(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1_000);
}

test('a backup is written, checked, and tells what it is without a daemon', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-backup-cli-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'b');
  const chunks: BackupChunk[] = [];
  for await (const chunk of packBackup(header, image())) chunks.push(BackupChunk.create({ chunk }));
  const daemon = new FakeDaemon().on(ControlService.backupCluster, () => chunks);
  const made = await tsctl(daemon, ['cluster', 'backup', path]);
  t.is(made.code, 0, made.err);
  t.regex(
    made.out,
    /^Backup of cluster cluster1 at version 42 written to .*: 1\.\d+kB, checked, SHA-256 [0-9a-f]{64}\.\nIt holds the key/,
  );

  const shown = await tsctl(new FakeDaemon(), ['cluster', 'backup', '--verify', path]);
  t.is(shown.code, 0, shown.err);
  t.regex(
    shown.out,
    /^Cluster: {3}cluster1\nName: {6}default\nVersion: {3}42\nMade: {6}2027-01-15T08:00:00.000Z\n/,
  );
  t.regex(shown.out, /Objects: {3}1 cluster, 3 nodes, 2 services\n/);
  t.regex(shown.out, /Encrypted: no\n/);

  daemon.on(ControlService.backupCluster, () => {
    throw new ClusterError('NO_LEADER', 'The cluster does not have a leader: too few managers.');
  });
  const refused = await tsctl(daemon, ['cluster', 'backup', join(folder, 'c')]);
  t.is(refused.code, 1);
  t.regex(refused.err, /^tsctl: The cluster does not have a leader/);
  t.deepEqual(await readdir(folder), ['b']);
});

test('a backup is not written to a terminal, and a missing file is told', async (t) => {
  const terminal = await tsctl(new FakeDaemon(), ['cluster', 'backup', '-'], { isTty: true });
  t.is(terminal.code, 2);
  t.regex(terminal.err, /not written to a terminal/);
  const missing = await tsctl(new FakeDaemon(), ['cluster', 'backup', '--verify', '/no/such']);
  t.is(missing.code, 1);
  t.regex(missing.err, /^tsctl: \/no\/such: ENOENT/);
});
