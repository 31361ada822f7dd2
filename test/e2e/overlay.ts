/**
 * Overlay networks on real hosts with real containers: three hosts, two networks, everybody to
 * everybody, through an agent that is killed, a host that is lost and one that comes back. One story.
 */
import test from 'ava';
import { shortId } from '#lib';
import { endsLab, Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

let lab: Lab;

test.before('a lab of three hosts', async () => {
  lab = await Lab.up('overlay', 3, 1);
});

endsLab(test, () => lab);

interface Place {
  readonly host: string;
  readonly namespace: string;
  readonly address: string;
}

const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];

async function placesOf(service: string, count: number): Promise<readonly Place[]> {
  const running = await lab.awaitRunning(service, count);
  return await poll(`the managers know where ${service} is`, async () => {
    const tasks = await lab.tasks(service);
    const places = running.flatMap(({ host, id }) => {
      const task = tasks.find((one) => id === `${one.id}.main`);
      const address = task?.status.address ?? '';
      if (task === undefined || address === '') return [];
      return [{ host, namespace: `/run/netns/ts-${shortId(task.id)}`, address }];
    });
    return places.length === count ? places : undefined;
  });
}

async function pings(from: Place, to: string, more: readonly string[] = []): Promise<boolean> {
  const argv = ['nsenter', `--net=${from.namespace}`, 'ping', '-c', '1', '-W', '2', ...more, to];
  const { code } = await lab.tryExec(from.host, argv);
  return code === 0;
}

test.serial('all pairs of two networks reach each other, and nobody across', async (t) => {
  for (const name of ['red', 'blue']) {
    await lab.tsctl(['network', 'create', name]);
    const what = ['--detach', '--name', name, '--mode', 'global', '--network', name];
    await lab.tsctl(['service', 'create', ...what, 'busybox:latest', ...loop]);
  }
  const red = await placesOf('red', 3);
  const blue = await placesOf('blue', 3);
  for (const [own, other] of [
    [red, blue],
    [blue, red],
  ] as const)
    for (const from of own) {
      for (const to of own) {
        t.true(await pings(from, to.address), `${from.host} to ${to.host}`);
        t.true(await pings(from, to.address, ['-M', 'do', '-s', '1422']), 'at full size');
      }
      const [near] = other.filter(({ host }) => host === from.host);
      const [far] = other.filter(({ host }) => host !== from.host);
      t.false(await pings(from, near?.address ?? ''), 'the other network, same host');
      t.false(await pings(from, far?.address ?? ''), 'the other network, another host');
    }
});

test.serial('an agent that is killed comes back without a packet lost', async (t) => {
  const red = await placesOf('red', 3);
  const from = red.find(({ host }) => host === 'host2');
  const to = red.find(({ host }) => host === 'host3');
  const net = `--net=${from?.namespace}`;
  const pinging = lab.tryExec('host2', [
    ...['nsenter', net, 'ping', '-i', '0.02', '-c', '500', to?.address ?? ''],
  ]);
  await lab.exec('host2', ['sh', '-c', 'kill -9 $(cat /run/lab/tesserad.pid)']);
  const { stdout } = await pinging;
  t.regex(stdout, /500 packets transmitted, 500 received/);
});

test.serial(
  'of a lost host nothing is left in the tables, and one that comes back is whole',
  async (t) => {
    const create = ['--detach', '--name', 'moves', '--replicas', '3', '--network', 'red'];
    await lab.tsctl(['service', 'create', ...create, 'busybox:latest', ...loop]);
    const before = await placesOf('moves', 3);
    const lost = before.filter(({ host }) => host === 'host3').map(({ address }) => address);
    t.true(lost.length > 0, 'one of them is on the host that goes');
    await lab.fault('kill', 'host3');
    await lab.awaitRunning('moves', 3, { hosts: ['host1', 'host2'], deadlineMs: 120_000 });
    const goneMs = performance.now();
    await poll('their addresses are gone', async () => {
      const neighbours = await lab.exec('host1', ['ip', 'neigh', 'show', 'nud', 'permanent']);
      return lost.every((address) => !neighbours.includes(`${address} `));
    });
    t.log(`gone ${(performance.now() - goneMs).toFixed(0)} ms after their successors ran`);
    t.true(performance.now() - goneMs < 2_000);
    await lab.start('host3');
    const red = await poll('red is whole again', async () => {
      const places = await placesOf('red', 3);
      return places.some(({ host }) => host === 'host3') ? places : undefined;
    });
    for (const from of red)
      for (const to of red)
        await poll(`${from.host} reaches ${to.host}`, () => pings(from, to.address), {
          deadlineMs: 20_000,
        });
    t.pass();
  },
);
