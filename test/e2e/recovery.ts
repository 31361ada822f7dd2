/** The worst days of a cluster, on real hosts: what a user types, and what containerd then runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
const create = ['tsctl', 'service', 'create', '-d', '--name'];

let lab: Lab;

test.beforeEach('a lab of three managers', async () => {
  lab = await Lab.up('recovery', 3, 3);
});

test.afterEach.always('the lab goes', async (t) => {
  if (lab === undefined) return;
  if (!t.passed) t.log(await lab.evidence());
  await lab.close();
});

test.serial('two of three managers are lost for good: the third goes on alone', async (t) => {
  await lab.exec('host1', [...create, 'web', '--replicas', '6', 'busybox:latest', ...loop]);
  await lab.awaitRunning('web', 6);
  const status = await lab.exec('host3', ['tsctl', 'cluster', 'status']);
  t.log(status);
  t.regex(
    status,
    /3 of 3 managers with a vote can be reached, 2 are needed: tolerates the loss of 1/,
  );
  await lab.fault('kill', 'host1');
  await lab.fault('kill', 'host2');
  const lost = await poll('the loss is seen', async () => {
    const seen = await lab.tryExec('host3', ['tsctl', 'cluster', 'status']);
    return /1 of 3/.test(seen.stdout) && seen;
  });
  t.is(lost.code, 1);
  t.log(lost.stdout);
  const refused = await lab.tryExec('host3', [...create, 'never', 'busybox:latest', ...loop]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /does not have a leader/);

  const forced = await lab.exec('host3', ['tsctl', 'init', '--force-new-cluster']);
  t.log(forced);
  t.regex(forced, /This node is now the only manager\. Kept: everything up to entry \d+/);
  await lab.exec('host3', [...create, 'after', '--replicas', '1', 'busybox:latest', ...loop]);
  await lab.awaitRunning('after', 1, { hosts: ['host3'] });
  // Most nodes are lost at once: their tasks are replaced when an operator says that one is gone.
  await lab.exec('host3', ['tsctl', 'node', 'rm', '--force', 'host1']);
  await lab.awaitRunning('web', 6, { hosts: ['host3'], deadlineMs: 120_000 });
  const alone = await lab.exec('host3', ['tsctl', 'cluster', 'status']);
  t.log(alone);
  t.regex(alone, /1 of 1 managers/);

  await lab.start('host2');
  await poll('the old manager is a worker', async () => {
    const text = await lab.exec('host2', ['tsctl', 'info']);
    return /Role: +Worker/.test(text);
  });
  await lab.awaitRunning('web', 6, { hosts: ['host2', 'host3'], deadlineMs: 120_000 });
  t.log(await lab.exec('host3', ['tsctl', 'node', 'ls']));
});

test.serial('all hosts lose power and all disks: one host brings the cluster back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-recovery-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'cluster.tsbackup');
  await lab.exec('host1', [...create, 'web', '--replicas', '3', 'busybox:latest', ...loop]);
  await lab.awaitRunning('web', 3);
  t.log(await lab.exec('host2', ['tsctl', 'cluster', 'backup', path]));
  t.log(await lab.exec('host2', ['tsctl', 'cluster', 'backup', '--verify', path]));
  for (const host of lab.hosts) await lab.fault('kill', host);

  // One host with a new disk; what the others had is gone.
  await rm(join(lab.stateOf('host1'), 'tessera'), { recursive: true, force: true });
  await lab.start('host1');
  await poll('the daemon answers', () => lab.exec('host1', ['tsctl', 'info']));
  const made = await lab.exec('host1', ['tsctl', 'init', '--restore', path]);
  t.log(made);
  t.regex(made, /what was changed after it is lost/);
  await lab.awaitRunning('web', 3, { hosts: ['host1'], deadlineMs: 120_000 });
  const status = await lab.exec('host1', ['tsctl', 'cluster', 'status']);
  t.log(status);
  t.regex(status, /1 of 1 managers/);
});
