/** Three managers on real hosts: the leader is lost again and again, and no acknowledged write with it. */
import test from 'ava';
import { ControlService, ListServicesRequest } from '#proto';
import { endsLab, Lab } from '#test/_support/lab';
import { LabFaults } from '#test/_support/lab-faults';
import { ManagerLine } from '#test/_support/manager-line';
import { poll } from '#test/_support/poll';
import { WriteLog } from '#test/_support/write-log';

let lab: Lab;

test.before('a lab of three managers', async () => {
  lab = await Lab.up('managers', 3, 3);
});

endsLab(test, () => lab);

/** The leader, as a manager that is alive sees it. */
async function leader(from: string): Promise<string> {
  const text = await lab.exec(from, ['tsctl', 'node', 'ls']);
  const line = text.split('\n').find((row) => /Leader/.test(row)) ?? '';
  return /host\d/.exec(line)?.[0] ?? '';
}

/** The node that leads, by the word of a manager other than the old leader. */
async function leads(lines: readonly ManagerLine[], old: ManagerLine): Promise<string | undefined> {
  const others = lines.filter((line) => line !== old);
  const told = await Promise.all(others.map((line) => line.info()));
  return told.find(({ isLeader }) => isLeader)?.nodeId;
}

async function namesAt(line: ManagerLine): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let afterId = ''; ; ) {
    const request = ListServicesRequest.create({ afterId });
    const { services, nextAfterId } = await line.call(ControlService.listServices, request);
    for (const { spec } of services) names.add(spec?.name ?? '');
    if (nextAfterId === '') return names;
    afterId = nextAfterId;
  }
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

/** The host that leads, once every manager says the same. */
function agreedLeader(lines: readonly ManagerLine[]): Promise<ManagerLine> {
  return poll('all managers know one leader', async () => {
    const told = await Promise.all(lines.map((line) => line.info()));
    const leading = lines.filter((_, i) => told[i]?.isLeader);
    const isOne = leading.length === 1 && new Set(told.map(({ leaderId }) => leaderId)).size === 1;
    return isOne && leading[0];
  });
}

const losses = ['kill -9', 'power cut', 'pause', 'cut', 'kill -9'] as const;

async function lose(kind: (typeof losses)[number], host: string): Promise<() => Promise<unknown>> {
  const faults = new LabFaults(lab);
  if (kind === 'cut') {
    await faults.cut(host);
    return () => faults.heal(host);
  }
  if (kind === 'power cut') {
    faults.cutPower(host);
    return () => faults.boot(host);
  }
  faults.signal(host, kind === 'pause' ? 'SIGSTOP' : 'SIGKILL');
  return async () => kind === 'pause' && faults.signal(host, 'SIGCONT');
}

test.serial(
  'a leader lost ten times: the next write within 2 s, none of the old one',
  async (t) => {
    const times: number[] = [];
    const told: string[] = [];
    const writes = new WriteLog();
    const lines = lab.hosts.map((host) => new ManagerLine(host, lab.socketOf(host), 20_000));
    const offers = lab.hosts.map((host) => new ManagerLine(host, lab.socketOf(host), 8_000));
    for (const [round, kind] of [...losses, ...losses].entries()) {
      const old = await agreedLeader(lines);
      const other = lines.find((line) => line !== old) as ManagerLine;
      await poll('a write', async () => (await writes.write(other, 'calm')) === 'acknowledged');
      let isOver = false;
      // Before, in and after the loss the old leader is offered writes, which only it has at first.
      const onOld = offers
        .filter(({ host }) => host === old.host)
        .flatMap((line) => [1, 2, 3].map(() => writes.offer(line, `old${round}`, () => isOver)));
      const enough = writes.count('acknowledged') + 20;
      await poll('writes on the leader', () => writes.count('acknowledged') >= enough);
      const mend = await lose(kind, old.host);
      const lostAt = performance.now();
      await poll(
        'the next write',
        async () => (await writes.write(other, `next${round}`)) === 'acknowledged',
        { everyMs: 5 },
      );
      const tookMs = Math.round(performance.now() - lostAt);
      times.push(tookMs);
      told.push(`${kind} ${tookMs}`);
      const isBack = kind === 'pause' || kind === 'cut';
      const next = isBack ? await poll('the next leader', () => leads(lines, old)) : '';
      await mend();
      if (isBack)
        await poll('the old leader follows', async () => {
          const { isLeader, leaderId } = await old.info();
          return !isLeader && leaderId === next;
        });
      isOver = true;
      await Promise.all(onOld);
    }
    const [low = 0, high = 0] = times.toSorted((a, b) => a - b).slice(4, 6);
    const median = (low + high) / 2;
    t.log(`next write after ${told.join(', ')} ms; median ${median} ms`);
    const counted = (['acknowledged', 'refused', 'unknown'] as const).map(
      (outcome) => `${writes.count(outcome)} ${outcome}`,
    );
    t.log(`writes: ${counted.join(', ')}`);
    t.deepEqual(writes.wrong, []);
    await agreedLeader(lines);
    for (const line of lines) t.deepEqual(writes.faultsOf(await namesAt(line)), [], line.host);
    for (const line of [...lines, ...offers]) line.close();
    t.true(median <= 2_000, `median ${median} ms`);
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
