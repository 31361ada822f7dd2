/** `tsctl why` on real hosts: what it says of a service that waits is so, and what it advises helps. */
import anyTest from 'ava';
import type { TestFn } from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import { LabFaults } from '#test/_support/lab-faults';
import { poll } from '#test/_support/poll';

const test = anyTest as TestFn<Record<string, never>>;
const loop = ['busybox:latest', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
let lab: Lab;

test.before('a lab of three hosts', async () => {
  lab = await Lab.up('why', 3, 1, ['--node-generic-resource=gpu=uuid1,gpu=uuid2']);
});

endsLab(test, () => lab);

/** What `why` says once it says `pattern`. */
function why(ref: string, pattern: RegExp): Promise<string> {
  let seen = '';
  return poll(
    `why ${ref} says ${String(pattern)}`,
    async () => {
      seen = await lab.tsctl(['why', ref]);
      return pattern.test(seen) ? seen : undefined;
    },
    { deadlineMs: 30_000, describe: () => seen },
  );
}

/** Which devices the containers of a service got, by what they print; as `host device`, in order. */
async function devices(service: string, count: number): Promise<readonly string[]> {
  const running = await lab.awaitRunning(service, count);
  const seen = await Promise.all(
    running.map(async ({ host, pid }) => {
      const env = await lab.exec(host, ['cat', `/proc/${pid}/environ`]);
      return `${host} ${/DOCKER_RESOURCE_GPU=([^\0]*)/.exec(env)?.[1] ?? 'none'}`;
    }),
  );
  return seen.toSorted();
}

test.serial('devices of a host go to one task each, whatever happens to its agent', async (t) => {
  const every = ['host1', 'host2', 'host3'].flatMap((host) => [`${host} uuid1`, `${host} uuid2`]);
  const asked = ['--generic-resource', 'gpu=1', '--replicas', '7'];
  await lab.tsctl(['service', 'create', '-d', '--name', 'learn', ...asked, ...loop]);
  t.deepEqual(await devices('learn', 6), every);
  const said = await why('learn', /nodes are available/);
  t.log(said);
  t.regex(said, /^0\/3 nodes are available: 3 Insufficient gpu\.$/m);
  const old = new Set((await lab.runningOf('learn')).map(({ id }) => id));
  new LabFaults(lab).signal('host2', 'SIGKILL');
  await lab.tsctl(['service', 'update', '-d', '--force', '--replicas', '6', 'learn']);
  await poll('all are new', async () => {
    const running = await lab.runningOf('learn');
    return running.length === 6 && running.every(({ id }) => !old.has(id));
  });
  t.deepEqual(await devices('learn', 6), every);
  t.regex(await lab.tsctl(['node', 'inspect', '--pretty', 'host2']), /^Resources: +gpu=2$/m);
  await lab.tsctl(['service', 'rm', 'learn']);
  await lab.awaitRunning('learn', 0);
});

test.serial('a volume that must exist brings its service to the host that has it', async (t) => {
  const on = (more: string) => ['--mount', `source=data,target=/data${more}`];
  const waits = 'trap "exit 0" TERM; while :; do sleep 1; done';
  await lab.tsctl([
    ...['service', 'create', '-d', '--name', 'reader', ...on(',existing')],
    ...['busybox:latest', 'sh', '-c', `cat /data/word; ${waits}`],
  ]);
  const said = await why('reader', /nodes are available/);
  t.regex(said, /^0\/3 nodes are available: 3 node\(s\) had volume node affinity conflict\.$/m);
  await lab.tsctl([
    ...['service', 'create', '-d', '--name', 'writer', ...on('')],
    ...['--constraint', 'node.hostname==host3'],
    ...['busybox:latest', 'sh', '-c', `echo kept > /data/word; ${waits}`],
  ]);
  const [reader] = await lab.awaitRunning('reader', 1);
  t.is(reader?.host, 'host3', 'once its node has told of the volume');
  await poll(
    'it reads what was written',
    async () => (await lab.tsctl(['service', 'logs', '--raw', 'reader'])) === 'kept\n',
  );
  for (const name of ['reader', 'writer']) await lab.tsctl(['service', 'rm', name]);
});

test.serial(
  'a pending service names the true causes, node by node, and what would place it',
  async (t) => {
    await lab.tsctl(['node', 'update', '--taint', 'disk=slow:NoSchedule', 'host3']);
    await lab.tsctl(['node', 'update', '--availability', 'drain', 'host2']);
    await lab.tsctl([
      ...['service', 'create', '-d', '--name', 'big', '--reserve-cpu', '1000', ...loop],
    ]);
    const said = await why('big', /0\/3 nodes are available/);
    t.log(said);
    t.regex(
      said,
      /^0\/3 nodes are available: 1 Insufficient cpu, 1 node\(s\) had untolerated taint \{disk: slow\}, 1 node\(s\) were unschedulable \(drained\)\.$/m,
    );
    t.regex(said, /^host1 +Insufficient cpu +1000 +\d/m);
    t.regex(said, /^host2 +node\(s\) were unschedulable \(drained\)/m);
    t.regex(said, /^host3 +node\(s\) had untolerated taint \{disk: slow\}/m);
    const [task] = await lab.tasks('big');
    t.is(task?.status.error, /^0\/3.*$/m.exec(said)?.[0], 'service ps has the same line');
    const command = /^ +tsctl (service update --reserve-cpu .*)$/m.exec(said)?.[1] ?? '';
    t.not(command, '', said);
    await lab.tsctl(command.split(' '));
    await lab.awaitRunning('big', 1);
    t.regex(await lab.tsctl(['why', 'big']), /^big: 1 of 1 tasks run\.$/m);
  },
);

test.serial('a task that runs says where it could be', async (t) => {
  const said = await lab.tsctl(['why', 'big.1']);
  t.log(said);
  t.regex(said, /^it runs on host1$/m);
  t.regex(said, /^host1 .*it is here$/m);
  t.regex(said, /^host3 +node\(s\) had untolerated taint/m);
});

test.serial('a task that keeps failing says until when it waits and what went wrong', async (t) => {
  await lab.tsctl([
    ...['service', 'create', '-d', '--name', 'bad', '--restart-delay', '20s'],
    ...['busybox:latest', 'sh', '-c', 'exit 3'],
  ]);
  const said = await why('bad', /restart back-off/);
  t.log(said);
  t.regex(said, /^bad: 0 of 1 tasks run\.$/m);
  t.regex(said, /^restart back-off after (?:one failure|\d+ failures in a row); the last: .*3/m);
  t.regex(said, /^not before \d+s from now$/m);
});
