/** `tsctl why` on real hosts: what it says of a service that waits is so, and what it advises helps. */
import anyTest from 'ava';
import type { TestFn } from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const test = anyTest as TestFn<Record<string, never>>;
const loop = ['busybox:latest', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
let lab: Lab;

test.before('a lab of three hosts', async () => {
  lab = await Lab.up('why', 3, 1);
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
