/**
 * Where tasks go and when they leave, on real hosts: taints, spread, anti-affinity, drain. One lab, one story; every
 * assertion about what runs is made on containerd itself.
 */
import anyTest from 'ava';
import type { TestFn } from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import type { RuntimeTask } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const test = anyTest as TestFn<Record<string, never>>;
let lab: Lab;

test.before('a lab of three hosts in two zones', async () => {
  lab = await Lab.up('placement', 3, 1);
  await lab.tsctl(['node', 'update', '--label-add', 'zone=a', 'host1']);
  await lab.tsctl(['node', 'update', '--label-add', 'zone=a', 'host2']);
  await lab.tsctl(['node', 'update', '--label-add', 'zone=b', 'host3']);
});

endsLab(test, () => lab);

const loop = ['busybox:latest', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];

function create(name: string, ...flags: readonly string[]): Promise<string> {
  return lab.tsctl(['service', 'create', '--detach', '--name', name, ...flags, ...loop]);
}

const hostsOf = (tasks: readonly RuntimeTask[]): readonly string[] =>
  tasks.map(({ host }) => host).toSorted();
const idsOn = (tasks: readonly RuntimeTask[], host: string): readonly string[] =>
  tasks
    .filter((task) => task.host === host)
    .map(({ id }) => id)
    .toSorted();

test.serial('a hard spread over zones keeps them even, whatever the number of hosts', async (t) => {
  await create('spread', '--replicas', '6', '--spread', 'node.labels.zone:1');
  const running = await lab.awaitRunning('spread', 6);
  t.is(running.filter(({ host }) => host === 'host3').length, 3);
  await lab.tsctl(['service', 'rm', 'spread']);
});

test.serial(
  'anti-affinity to itself: one on each host, and the one too many says why',
  async (t) => {
    await create('apart', '--replicas', '4', '--anti-affinity', 'self@node.hostname');
    t.deepEqual(hostsOf(await lab.awaitRunning('apart', 3)), ['host1', 'host2', 'host3']);
    const waiting = await poll('the fourth says why it waits', async () => {
      const tasks = await lab.tasks('apart');
      return tasks.find(({ status }) => (status.error ?? '') !== '');
    });
    t.is(
      waiting.status.error,
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    );
    t.is((await lab.runningOf('apart')).length, 3);
    await lab.tsctl(['service', 'rm', 'apart']);
  },
);

test.serial('a NoExecute taint ends real containers after the seconds they tolerate', async (t) => {
  await create('patient', '--replicas', '3', '--toleration', 'work:NoExecute:8');
  await create('tolerant', '--replicas', '3', '--toleration', 'work:NoExecute');
  await create('plain', '--replicas', '3');
  const patient = await lab.awaitRunning('patient', 3);
  const tolerant = await lab.awaitRunning('tolerant', 3);
  await lab.awaitRunning('plain', 3);
  t.is(idsOn(patient, 'host3').length, 1);
  const taintedAt = performance.now();
  await lab.tsctl(['node', 'update', '--taint', 'work=today:NoExecute', 'host3']);
  await lab.awaitRunning('plain', 0, { hosts: ['host3'] });
  const plainMs = performance.now() - taintedAt;
  t.deepEqual(idsOn(await lab.runningOf('patient', ['host3']), 'host3'), idsOn(patient, 'host3'));
  const [patientId] = idsOn(patient, 'host3');
  await poll('the patient one has gone', async () => {
    const left = idsOn(await lab.runningOf('patient', ['host3']), 'host3');
    return !left.some((id) => id === patientId);
  });
  const patientMs = performance.now() - taintedAt;
  t.true(plainMs < patientMs);
  t.true(patientMs >= 8_000, `${patientMs} ms`);
  await lab.awaitRunning('plain', 3, { hosts: ['host1', 'host2'] });
  t.deepEqual(idsOn(await lab.runningOf('tolerant', ['host3']), 'host3'), idsOn(tolerant, 'host3'));
  await lab.tsctl(['node', 'update', '--taint-rm', 'work', 'host3']);
  for (const name of ['patient', 'tolerant', 'plain']) await lab.tsctl(['service', 'rm', name]);
});

test.serial(
  'drain --wait moves one at a time where the budget says so, and returns when it is done',
  async (t) => {
    await create('guarded', '--replicas', '6', '--max-unavailable', '1');
    const before = await lab.awaitRunning('guarded', 6);
    const onHost3 = idsOn(before, 'host3').length;
    t.true(onHost3 > 0);
    let fewest = Infinity;
    let isDraining = true;
    const watching = (async () => {
      while (isDraining) {
        // Where they leave first, where they come to afterwards: one that moves meanwhile is not missed.
        const left = await lab.runningOf('guarded', ['host3']);
        const come = await lab.runningOf('guarded', ['host1', 'host2']);
        fewest = Math.min(fewest, left.length + come.length);
      }
    })();
    const said = await lab.tsctl(['node', 'drain', 'host3', '--wait', '--timeout', '60s'], {
      deadlineMs: 90_000,
    });
    isDraining = false;
    await watching;
    t.regex(said, /host3: empty\n$/);
    t.is((await lab.running(['host3'])).length, 0);
    await lab.awaitRunning('guarded', 6, { hosts: ['host1', 'host2'] });
    t.true(fewest >= 5, `${fewest} ran at the least`);
    await lab.tsctl(['node', 'uncordon', 'host3']);
    await lab.tsctl(['service', 'rm', 'guarded']);
  },
);
