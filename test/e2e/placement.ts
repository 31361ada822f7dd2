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

test.serial('a drain is held by a budget of 0 until it is told to ignore it', async (t) => {
  await create('kept', '--replicas', '3', '--max-unavailable', '0');
  const before = idsOn(await lab.awaitRunning('kept', 3), 'host3');
  t.is(before.length, 1);
  const held = await lab.tryTsctl(['node', 'drain', 'host3', '--wait', '--timeout', '2s']);
  t.is(held.code, 1, held.stdout);
  t.regex(held.stderr, /kept may have no task missing \(--max-unavailable 0\): its task stays/);
  t.deepEqual(idsOn(await lab.runningOf('kept', ['host3']), 'host3'), before);
  const drain = ['node', 'drain', 'host3', '--ignore-budgets', '--wait', '--timeout', '30s'];
  t.regex(await lab.tsctl(drain, { deadlineMs: 60_000 }), /host3: empty\n$/);
  t.is((await lab.running(['host3'])).length, 0);
  await lab.awaitRunning('kept', 3, { hosts: ['host1', 'host2'] });
  await lab.tsctl(['node', 'uncordon', 'host3']);
  await lab.tsctl(['service', 'rm', 'kept']);
});

test.serial(
  'tasks leave a lost node after the seconds they tolerate, and not before',
  async (t) => {
    const unreachable = (name: string, suffix: string) =>
      create(
        name,
        '--replicas',
        '3',
        '--toleration',
        `node.tessera.io/unreachable:NoExecute${suffix}`,
      );
    await create('plain', '--replicas', '3');
    await unreachable('patient', ':6');
    await unreachable('faithful', '');
    const onHost3 = new Map<string, string | undefined>();
    for (const name of ['plain', 'patient', 'faithful'])
      onHost3.set(name, idsOn(await lab.awaitRunning(name, 3), 'host3')[0]);
    const others = ['host1', 'host2'];
    const isDown = async () => /host3 +Down/.test(await lab.tsctl(['node', 'ls']));
    const cutAt = performance.now();
    await lab.fault('cut', 'host3');
    await poll('host3 is down', isDown);
    await lab.awaitRunning('plain', 3, { hosts: others });
    t.is((await lab.runningOf('patient', others)).length, 2, 'not before');
    await lab.awaitRunning('patient', 3, { hosts: others });
    const movedMs = performance.now() - cutAt;
    t.true(movedMs >= 6_000, `${movedMs} ms`);
    t.is((await lab.runningOf('faithful', others)).length, 2);

    // What it was to lose it loses when it is back; what it was to keep was never stopped.
    await lab.fault('heal', 'host3');
    for (const name of ['plain', 'patient'])
      await poll(`${name} runs three times`, async () => {
        const running = await lab.runningOf(name);
        return running.length === 3 && !running.some(({ id }) => id === onHost3.get(name));
      });
    t.deepEqual(idsOn(await lab.awaitRunning('faithful', 3), 'host3'), [onHost3.get('faithful')]);
    for (const name of onHost3.keys()) await lab.tsctl(['service', 'rm', name]);
  },
);
