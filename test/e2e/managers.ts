/** Three managers on real hosts: the leader is lost again and again, and no acknowledged write with it. */
import test from 'ava';
import { Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

let lab: Lab;

test.before('a lab of three managers', async () => {
  lab = await Lab.up('managers', 3, 3);
});

test.after.always('the lab goes', async (t) => {
  if (lab === undefined) return;
  if (!t.passed) t.log(await lab.evidence());
  await lab.close();
});

/** The leader, as a manager that is alive sees it. */
async function leader(from: string): Promise<string> {
  const text = await lab.exec(from, ['tsctl', 'node', 'ls']);
  const line = text.split('\n').find((row) => /Leader/.test(row)) ?? '';
  return /host\d/.exec(line)?.[0] ?? '';
}

/** Writes until one is accepted; the name that was. */
async function writeOnce(from: string, prefix: string): Promise<string> {
  let attempts = 0;
  return poll(
    'a write is accepted',
    async () => {
      const name = `${prefix}-${attempts++}`;
      const create = [
        'service',
        'create',
        '-d',
        '--name',
        name,
        '--replicas',
        '0',
        'busybox:latest',
      ];
      await lab.exec(from, ['tsctl', ...create]);
      return name;
    },
    { deadlineMs: 60_000, everyMs: 10 },
  );
}

test.serial(
  'the leader is killed five times: writes go on within 2 s and nothing is lost',
  async (t) => {
    const times: number[] = [];
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const first = await poll('a leader is known', () => leader('host1'));
      acknowledged.push(await writeOnce('host1', `before${round}`));
      const other = lab.hosts.find((host) => host !== first) as string;
      await lab.fault('kill', first);
      const killedAt = performance.now();
      acknowledged.push(await writeOnce(other, `after${round}`));
      times.push(performance.now() - killedAt);
      await lab.start(first);
      await poll(`${first} is back`, async () => {
        const text = await lab.exec(other, ['tsctl', 'node', 'ls']);
        return (text.match(/Ready/g) ?? []).length === 3 && !/Unreachable/.test(text);
      });
    }
    const median = times.toSorted((a, b) => a - b)[2] as number;
    t.log(`next write after ${times.map((time) => Math.round(time)).join(', ')} ms`);
    t.true(median <= 2_000, `median ${median} ms`);
    for (const host of lab.hosts) {
      const names = (await lab.exec(host, ['tsctl', 'service', 'ls', '--format', 'name'])).split(
        '\n',
      );
      for (const name of acknowledged) t.true(names.includes(name), `${name} as seen by ${host}`);
    }
  },
);

test.serial('without a majority nothing is acknowledged and containers run on', async (t) => {
  const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
  await lab.tsctl([
    'service',
    'create',
    '--name',
    'steady',
    '--mode',
    'global',
    'busybox:latest',
    ...loop,
  ]);
  const before = await lab.awaitRunning('steady', 3);
  await lab.fault('cut', 'host2');
  await lab.fault('cut', 'host3');
  const refused = await lab.tryTsctl([
    ...['lab', 'exec', '--name', lab.name, 'host1', '--'],
    ...['tsctl', 'service', 'create', '-d', '--name', 'never', '--replicas', '0', 'busybox:latest'],
  ]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /leader|manager|majority|quorum/i);
  t.deepEqual(await lab.runningOf('steady'), before);
  await lab.fault('heal', 'host2');
  await lab.fault('heal', 'host3');
  await writeOnce('host1', 'healed');
  t.deepEqual(await lab.awaitRunning('steady', 3), before);
});

test.serial('a manager is demoted, promoted again, and a write survives it all', async (t) => {
  const first = await poll('a leader is known', () => leader('host1'));
  const other = lab.hosts.find((host) => host !== first) as string;
  await lab.exec(first, ['tsctl', 'node', 'demote', other]);
  await poll(`${other} is a worker`, async () => {
    const text = await lab.exec(first, ['tsctl', 'node', 'ls']);
    return text.split('\n').some((row) => row.includes(other) && !/Reachable|Leader/.test(row));
  });
  const name = await writeOnce(first, 'two-managers');
  await lab.exec(first, ['tsctl', 'node', 'promote', other]);
  await poll(`${other} is a manager`, async () => {
    const text = await lab.exec(first, ['tsctl', 'node', 'ls']);
    return text.split('\n').some((row) => row.includes(other) && /Reachable/.test(row));
  });
  const names = await poll('it answers as a manager', () =>
    lab.exec(other, ['tsctl', 'service', 'ls', '--format', 'name']),
  );
  t.true(names.split('\n').includes(name));
});
