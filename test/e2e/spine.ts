/**
 * The whole way on real hosts: one manager, two workers, real containerd. Every assertion about what
 * runs is made on containerd itself. The tests are one story told in order on one lab.
 */
import anyTest from 'ava';
import type { TestFn } from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import type { RuntimeTask } from '#test/_support/lab';
import { attempt } from '#test/_support/command';
import { poll } from '#test/_support/poll';

const test = anyTest as TestFn<Record<string, never>>;
let lab: Lab;

test.before('a lab of three hosts', async () => {
  lab = await Lab.up('spine', 3, 1);
});

endsLab(test, () => lab);

const pids = (tasks: readonly RuntimeTask[]): string[] =>
  tasks.map((task) => `${task.host}/${task.id}/${task.pid}`).toSorted();
const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];

async function addressOf(host: string): Promise<string> {
  const text = await lab.exec(host, ['ip', '-4', '-br', 'addr', 'show', 'eth0']);
  return /(\d+\.\d+\.\d+\.\d+)/.exec(text)?.[1] ?? '';
}

test.serial('three replicas run on at least two hosts and each answers over HTTP', async (t) => {
  const page = 'mkdir -p /tmp/www; hostname >/tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www';
  // As process 1 httpd does not listen to SIGTERM: its time is up after two seconds instead of ten.
  const publish = ['--publish', 'mode=host,published=8080,target=80', '--stop-grace-period', '2s'];
  await lab.tsctl([
    ...['service', 'create', '--name', 'web', '--replicas', '3', ...publish],
    ...['busybox:latest', 'sh', '-c', page],
  ]);
  const running = await lab.awaitRunning('web', 3);
  t.true(new Set(running.map((task) => task.host)).size >= 2);
  const answers = new Set<string>();
  for (const host of new Set(running.map((task) => task.host))) {
    const url = `http://${await addressOf(host)}:8080/`;
    const answer = await poll(`${host} answers`, async () => (await fetch(url)).text());
    answers.add(answer.trim());
  }
  t.is(answers.size, 3, 'each replica answered with its own name');
});

test.serial('scale 3 to 10 to 1 leaves exactly the oldest slot running', async (t) => {
  await lab.tsctl([
    'service',
    'create',
    '--name',
    'scaled',
    '--replicas',
    '3',
    'busybox:latest',
    ...loop,
  ]);
  const first = await lab.awaitRunning('scaled', 3);
  await lab.tsctl(['service', 'scale', 'scaled=10']);
  const ten = pids(await lab.awaitRunning('scaled', 10));
  for (const pid of pids(first)) t.true(ten.includes(pid), 'a scale-up restarts nothing');
  await lab.tsctl(['service', 'scale', 'scaled=1']);
  const [last] = await lab.awaitRunning('scaled', 1);
  t.true(ten.includes(pids([last as RuntimeTask])[0] as string), 'what stays was not restarted');
  await lab.tsctl(['service', 'rm', 'scaled']);
  t.is((await lab.awaitRunning('scaled', 0)).length, 0);
});

test.serial('a task whose process is killed is replaced', async (t) => {
  const before = await lab.awaitRunning('web', 3);
  const victim = before[0] as RuntimeTask;
  await lab.exec(victim.host, [
    'ctr',
    '-n',
    'tessera',
    'tasks',
    'kill',
    '-s',
    'SIGKILL',
    victim.id,
  ]);
  const after = await poll('a new container runs in its place', async () => {
    const now = await lab.runningOf('web');
    return now.length === 3 && !now.some((task) => task.id === victim.id) ? now : undefined;
  });
  t.is(after.length, 3);
  const history = await lab.tsctl(['service', 'ps', 'web', '--no-trunc']);
  t.regex(history, /Failed/i);
  t.regex(history, /137|SIGKILL/);
});

test.serial('kill -9 of tesserad stops no container and they are adopted again', async (t) => {
  const before = pids(await lab.awaitRunning('web', 3));
  const daemon = (await lab.exec('host2', ['cat', '/run/lab/tesserad.pid'])).trim();
  await lab.exec('host2', ['kill', '-9', daemon]);
  t.deepEqual(pids(await lab.runningOf('web')), before);
  await poll('another tesserad answers on host2', async () => {
    const info = JSON.parse(await lab.exec('host2', ['tsctl', 'info', '--format', 'json']));
    return info.state === 'ACTIVE' && String(info.pid) !== daemon;
  });
  await lab.tsctl([
    'service',
    'create',
    '--detach',
    '--name',
    'after',
    '--mode',
    'global',
    'busybox:latest',
    ...loop,
  ]);
  await lab.awaitRunning('after', 3);
  t.deepEqual(pids(await lab.runningOf('web')), before);
  await lab.tsctl(['service', 'rm', 'after']);
  await lab.awaitRunning('after', 0);
});

test.serial('a drained node gives its tasks away and takes none', async (t) => {
  await lab.tsctl([
    'service',
    'create',
    '--detach',
    '--name',
    'moving',
    '--replicas',
    '6',
    'busybox:latest',
    ...loop,
  ]);
  await lab.awaitRunning('moving', 6);
  await lab.tsctl(['node', 'update', '--availability', 'drain', 'host3']);
  await lab.awaitRunning('moving', 0, { hosts: ['host3'] });
  await lab.awaitRunning('moving', 6, { hosts: ['host1', 'host2'] });
  await poll('nothing runs on host3', async () => (await lab.running(['host3'])).length === 0);
  await lab.tsctl(['node', 'update', '--availability', 'active', 'host3']);
  await lab.tsctl(['service', 'scale', 'moving=9']);
  const [first] = await poll('host3 takes tasks again', async () => {
    const there = await lab.runningOf('moving', ['host3']);
    return there.length > 0 ? there : undefined;
  });
  t.is(first?.host, 'host3');
});

test.serial('a lost worker: its tasks run elsewhere within 6 s', async (t) => {
  await lab.awaitRunning('moving', 9);
  const startedAt = performance.now();
  await lab.fault('kill', 'host3');
  await lab.awaitRunning('moving', 9, { hosts: ['host1', 'host2'] });
  const tookMs = performance.now() - startedAt;
  t.log(`running elsewhere after ${Math.round(tookMs)} ms`);
  t.true(tookMs <= 6_000, `took ${tookMs} ms`);
  await lab.start('host3');
  await poll('host3 is Ready again', async () =>
    /host3.*Ready/.test(await lab.tsctl(['node', 'ls'])),
  );
  await poll(
    'nothing of before runs twice',
    async () => (await lab.runningOf('moving')).length === 9,
  );
});

test.serial('after a power cut of every host everything comes back', async (t) => {
  await lab.awaitRunning('moving', 9);
  for (const host of lab.hosts) await lab.fault('kill', host);
  for (const host of lab.hosts) await lab.start(host);
  await lab.awaitRunning('moving', 9, { deadlineMs: 120_000 });
  await lab.awaitRunning('web', 3, { deadlineMs: 120_000 });
  t.is((await lab.tsctl(['node', 'ls'])).match(/Ready/g)?.length, 3);
});

test.serial('bad input gets one line, the right exit code, and leaves nothing', async (t) => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['service', 'create', '--replicas', 'x', 'busybox'], 2, /replicas/],
    [['service', 'create', '--no-such-flag', 'busybox'], 2, /no-such-flag/],
    [['service', 'create', '--name', '-bad-', 'busybox:latest'], 1, /name/],
    [['service', 'create', '--name', 'web', 'busybox:latest'], 1, /web.*exists|exists.*web/],
    [['service', 'create', '--constraint', 'node.role=worker', 'busybox:latest'], 1, /constraint/],
    [['service', 'inspect', 'nothing'], 1, /nothing.*not found/],
    [['service', 'scale', 'web=-1'], 2, /-1/],
    [['node', 'rm', 'host1'], 1, /host1/],
    [['node', 'demote', 'host1'], 1, /last manager/],
  ];
  for (const [args, code, text] of cases) {
    const result = await lab.tryTsctl(args);
    t.is(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    t.regex(result.stderr, text, args.join(' '));
    t.is(result.stderr.trim().split('\n').length, 1, `${args.join(' ')}: ${result.stderr}`);
  }
  const services = await lab.tsctl(['service', 'ls', '-q']);
  t.is(services.trim().split('\n').length, 2, 'only web and moving');
});

test.serial('a missing image is rejected with words that say so', async (t) => {
  const publish = ['service', 'create', '-d', '--name', 'ghost', '--restart-condition', 'none'];
  await lab.tsctl([...publish, 'localhost:1/ghost:1']);
  await poll('the task says what is wrong', async () =>
    /ghost:1/.test((await lab.tasks('ghost')).map((task) => task.status.error ?? '').join()),
  );
  t.is((await lab.runningOf('ghost')).length, 0);
  await lab.tsctl(['service', 'rm', 'ghost']);
});

test.serial(
  'a wrong token and a wrong digest are refused and leave the host as it was',
  async (t) => {
    const worker = (await lab.tsctl(['join-token', '-q', 'worker'])).trim();
    await lab.exec('host2', ['tsctl', 'leave', '--force']);
    const remote = `${await addressOf('host1')}:7377`;
    const join = (token: string): ReturnType<Lab['tryTsctl']> =>
      lab.tryTsctl([
        ...['lab', 'exec', '--name', lab.name, 'host2', '--'],
        ...['tsctl', 'join', '--token', token, remote],
      ]);
    const wrongSecret = await join(worker.replace(/.{5}$/, 'zzzzz'));
    t.is(wrongSecret.code, 1);
    t.regex(wrongSecret.stderr, /token/);
    const parts = worker.split('-');
    const wrongDigest = await join([...parts.slice(0, 2), '0'.repeat(50), parts[3]].join('-'));
    t.is(wrongDigest.code, 1);
    t.regex(wrongDigest.stderr, /fingerprint|digest/);
    t.is((await join(worker)).code, 0);
    await poll('host2 is Ready again', async () =>
      /host2.*Ready/.test(await lab.tsctl(['node', 'ls'])),
    );
  },
);

test.serial('the metrics of every daemon are valid', async (t) => {
  for (const host of lab.hosts) {
    const text = await lab.exec(host, ['busybox', 'wget', '-qO-', 'http://127.0.0.1:7378/metrics']);
    t.regex(text, /tessera_nodejs_eventloop_lag/);
    const check = await attempt(['promtool', 'check', 'metrics'], { input: text });
    t.is(check.code, 0, check.stderr + check.stdout);
  }
});
