/** A host that joins takes its share: asked for, and in the automatic mode. */
import anyTest from 'ava';
import type { TestFn } from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const test = anyTest as TestFn<Record<string, never>>;
const loop = ['busybox:latest', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
let lab: Lab;

test.before('a lab of three hosts, the third not in the cluster yet', async () => {
  lab = await Lab.up('rebalance', 3, 1);
  await leave();
});

endsLab(test, () => lab);

async function leave(): Promise<void> {
  await lab.exec('host3', ['tsctl', 'leave']);
  await lab.tsctl(['node', 'rm', '--force', 'host3']);
}

async function join(): Promise<void> {
  const token = (await lab.tsctl(['join-token', '-q', 'worker'])).trim();
  const info = JSON.parse(await lab.tsctl(['info', '--format', 'json'])) as {
    readonly address: string;
  };
  await lab.exec('host3', ['tsctl', 'join', '--token', token, info.address]);
  await poll('host3 is ready', async () => /host3 +Ready/.test(await lab.tsctl(['node', 'ls'])));
}

async function onHosts(service: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = { host1: 0, host2: 0, host3: 0 };
  for (const { host } of await lab.runningOf(service)) counts[host] = (counts[host] ?? 0) + 1;
  return counts;
}

test.serial(
  'after a host has joined, rebalance moves tasks to it, and then there is nothing to move',
  async (t) => {
    await lab.tsctl(['service', 'create', '--name', 'web', '--replicas', '6', ...loop]);
    await lab.awaitRunning('web', 6);
    await join();
    t.deepEqual(await onHosts('web'), { host1: 3, host2: 3, host3: 0 });
    const plan = await lab.tsctl(['cluster', 'rebalance', '--plan']);
    t.log(plan);
    t.regex(plan, /^2 tasks would move:$/m);
    t.deepEqual(await onHosts('web'), { host1: 3, host2: 3, host3: 0 }, 'a plan moves nothing');
    const moved = await lab.tsctl(['cluster', 'rebalance'], { deadlineMs: 120_000 });
    t.log(moved);
    t.regex(moved, /^2 tasks have moved\.$/m);
    t.deepEqual(await onHosts('web'), { host1: 2, host2: 2, host3: 2 });
    t.regex(await lab.tsctl(['cluster', 'rebalance', '--plan']), /^Nothing to move/);
    const slot = /^web\.(\d+) +host1 +host3 /m.exec(plan)?.[1] ?? '';
    t.regex(await lab.tsctl(['why', `web.${slot}`]), /^rebalancing moved it from host1$/m);
  },
);

test.serial('in the automatic mode a host that joins gets tasks after a minute', async (t) => {
  await leave();
  await lab.awaitRunning('web', 6, { hosts: ['host1', 'host2'] });
  await lab.tsctl(['cluster', 'update', '--auto-rebalance', 'on']);
  t.regex(await lab.tsctl(['info']), /^Rebalance: +automatic$/m);
  await join();
  let seen: Record<string, number> = {};
  await poll(
    'tasks are on host3',
    async () => {
      seen = await onHosts('web');
      return seen['host3'] === 2 && seen['host1'] === 2 && seen['host2'] === 2;
    },
    { deadlineMs: 180_000, describe: () => JSON.stringify(seen) },
  );
  t.pass();
});

test.serial(
  'what simulate says of a drained host is what happens when it is drained',
  async (t) => {
    const said = await lab.tsctl(['simulate', '--drain', 'host3']);
    t.log(said);
    t.regex(said, /^2 tasks move\.$/m);
    t.deepEqual(
      await onHosts('web'),
      { host1: 2, host2: 2, host3: 2 },
      'a simulation moves nothing',
    );
    const after = (host: string): number =>
      Number(new RegExp(`^${host} +(?:\\d+ -> )?(\\d+) `, 'm').exec(said)?.[1]);
    const expected = { host1: after('host1'), host2: after('host2'), host3: after('host3') };
    await lab.tsctl(['node', 'update', '--availability', 'drain', 'host3']);
    let seen: Record<string, number> = {};
    await poll(
      'host3 is empty and everything runs',
      async () => {
        seen = await onHosts('web');
        return seen['host3'] === 0 && Object.values(seen).reduce((sum, n) => sum + n, 0) === 6;
      },
      { deadlineMs: 60_000, describe: () => JSON.stringify(seen) },
    );
    t.deepEqual(seen, expected);
  },
);
