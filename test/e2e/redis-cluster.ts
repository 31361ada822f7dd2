/**
 * A Redis cluster as people run it: six containers with fixed addresses on a network of their own, made
 * with redis-cli, on hosts that lose their power and their network.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Lab, labsRoot } from '#test/_support/lab';
import type { TaskView } from '#test/_support/lab';
import { LabFaults } from '#test/_support/lab-faults';
import { poll } from '#test/_support/poll';
import { redisArchive } from '#test/_support/redis-image';

const keyCount = 1_000;
const addresses = [1, 2, 3, 4, 5, 6].map((slot) => `10.77.0.${10 + slot}`);
const server = [
  'redis-server',
  ...['--dir', '/data', '--save', '', '--protected-mode', 'no'],
  ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'],
];

let lab: Lab;
let faults: LabFaults;

test.before('a lab with the image, and six servers', async () => {
  lab = await Lab.up('e2e-redis', 3, 1);
  faults = new LabFaults(lab);
  const archive = join(labsRoot, lab.name, 'redis.tar');
  writeFileSync(archive, await redisArchive('redis:7'));
  await lab.tsctl(['image', 'load', archive]);
});

test.afterEach.always('what is worth seeing', async (t) => {
  if (!t.passed && lab !== undefined) t.log(await lab.evidence());
});

test.after.always(async () => lab?.close());

/** A server that runs, with what is needed to type into it. */
interface Server {
  readonly slot: number;
  readonly address: string;
  readonly host: string;
  readonly container: string;
}

/** A task on a lost host may be said to run; nobody wants it to. */
const isRunning = ({ status, desiredState }: TaskView): boolean =>
  status.state === 'RUNNING' && desiredState === 'RUNNING';

/** Those that the managers and containerd say to run, on hosts that are on. */
async function servers(hosts: readonly string[]): Promise<readonly Server[]> {
  const [tasks, containers] = await Promise.all([
    lab.tasks('redis'),
    lab.runningOf('redis', hosts),
  ]);
  return tasks.filter(isRunning).flatMap(({ id, slot }) => {
    const container = containers.find((one) => one.id.startsWith(id));
    const address = addresses[slot - 1];
    if (container === undefined || address === undefined) return [];
    return [{ slot, address, host: container.host, container: container.id }];
  });
}

const awaitSix = (hosts: readonly string[] = lab.hosts): Promise<readonly Server[]> =>
  poll(
    'six servers run',
    async () => {
      const all = await servers(hosts);
      return all.length === 6 && all;
    },
    { deadlineMs: 120_000 },
  );

let execCount = 0;

/** In the server's container, as `docker exec` does. */
async function inside(one: Server, argv: readonly string[]): Promise<string> {
  const id = `e2e${++execCount}`;
  const exec = ['ctr', '-n', 'tessera', 'tasks', 'exec', '--exec-id', id, one.container];
  return await lab.exec(one.host, [...exec, ...argv]);
}

/** What redis-cli prints, typed in the server's container. */
const cli = (one: Server, ...words: readonly string[]): Promise<string> =>
  inside(one, ['redis-cli', ...words]);

/** Through the service's own name, as clients of the cluster do. */
async function ask(one: Server, commands: string): Promise<readonly string[]> {
  const loop = `i=0; while [ $i -lt ${keyCount} ]; do echo "${commands}"; i=$((i+1)); done`;
  const text = await inside(one, ['sh', '-c', `${loop} | redis-cli -c -h redis`]);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('-> '));
}

const keysReadBy = async (one: Server): Promise<number> =>
  (await ask(one, 'GET key:$i')).filter((line, i) => line === `value:${i}`).length;

const isOk = async (one: Server): Promise<boolean> =>
  (await cli(one, 'cluster', 'info')).includes('cluster_state:ok');

interface Member {
  readonly id: string;
  readonly address: string;
  readonly flags: readonly string[];
  readonly masterId: string;
  readonly slots: readonly string[];
}

/** As the server sees the cluster. */
async function members(one: Server): Promise<readonly Member[]> {
  const text = await cli(one, 'cluster', 'nodes');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', masterId = '', , , , , ...slots] = line.split(' ');
      return { id, address: address.split(':')[0] ?? '', flags: flags.split(','), masterId, slots };
    });
}

const isMaster = ({ flags }: Member): boolean => flags.includes('master');
const isHealthy = ({ flags }: Member): boolean => !flags.some((flag) => flag.startsWith('fail'));
const on = (all: readonly Server[], ...hosts: readonly string[]): readonly Server[] =>
  all.filter(({ host }) => hosts.includes(host));

function first<T>(all: readonly T[]): T {
  const [one] = all;
  if (one === undefined) throw new Error('there is none');
  return one;
}

/** One of those that the cluster knows: a successor is alone until it is taken in. */
async function memberOf(all: readonly Server[]): Promise<Server> {
  for (const one of all) if ((await members(one)).length > 1) return one;
  throw new Error('no server knows another');
}

/** The run ids that answer at these addresses, as seen from one server; '' = none. */
async function answering(from: Server, at: readonly string[]): Promise<readonly string[]> {
  const look = `timeout 3 redis-cli -h $a info server | sed -n 's/^run_id:\\([0-9a-f]*\\).*/\\1/p'`;
  const text = await inside(from, [
    'sh',
    '-c',
    `for a in ${at.join(' ')}; do echo "=$(${look})"; done`,
  ]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(1));
}

const containersOn = async (host: string): Promise<readonly string[]> =>
  (await lab.exec(host, ['ctr', '-n', 'tessera', 'containers', 'ls', '-q'])).split('\n');

const since = (startedMs: number): string =>
  `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;

test.serial('six servers with fixed addresses, two on each host, become a cluster', async (t) => {
  await lab.tsctl(['network', 'create', '--subnet', '10.77.0.0/24', 'cache']);
  const network = ['--network', ['name=cache', ...addresses.map((ip) => `ip=${ip}`)].join()];
  // Successors with the addresses of lost masters come once the servers have promoted others.
  const placed = [
    ...['--replicas', '6', '--spread', 'node.hostname:1:soft'],
    ...['--toleration', 'node.tessera.io/unreachable:NoExecute:15'],
  ];
  const create = ['service', 'create', '--name', 'redis', ...network, ...placed];
  await lab.tsctl([...create, 'redis:7', ...server], { deadlineMs: 120_000 });
  const all = await awaitSix();
  // redis-cli knows addresses and no hosts. Of the list the first half become masters, and the replica of
  // master i is the one that stands i + 1 after the middle: by turns over the hosts, none shares its master's.
  const turns = [0, 1].flatMap((turn) => lab.hosts.flatMap((host) => on(all, host)[turn] ?? []));
  t.is(turns.length, 6, 'two on each host');
  const listed = turns.map(({ address }) => `${address}:6379`);
  const made = ['--cluster', 'create', ...listed, '--cluster-replicas', '1', '--cluster-yes'];
  const one = first(all);
  t.regex(await cli(one, ...made), /All 16384 slots covered/);
  await poll('the cluster is ok everywhere', async () =>
    (await Promise.all(all.map(isOk))).every(Boolean),
  );
  const hostOf = (address: string) => all.find((each) => each.address === address)?.host;
  const seen = await members(one);
  for (const { masterId, address } of seen.filter((each) => !isMaster(each))) {
    const master = seen.find(({ id }) => id === masterId);
    t.not(hostOf(address), hostOf(master?.address ?? ''), 'a master and its replica on one host');
  }
  t.deepEqual(
    seen.map(({ address }) => address).toSorted(),
    addresses,
    'the addresses that were asked for',
  );
  t.deepEqual([...new Set(await ask(one, 'SET key:$i value:$i'))], ['OK']);
  t.is(await keysReadBy(one), keyCount);
});

test.serial('a host loses power: the cluster is ok again and has every key', async (t) => {
  const before = await awaitSix();
  const lost = on(before, 'host3');
  const one = first(on(before, 'host1'));
  // Replicas follow their masters a moment later: what is not copied yet may be lost by design.
  await poll('all keys are on the replicas too', async () => {
    const counts = await cli(one, '--cluster', 'call', `${one.address}:6379`, 'dbsize');
    const sum = [...counts.matchAll(/:6379: (\d+)/g)].reduce(
      (all, [, count]) => all + Number(count),
      0,
    );
    return sum === 2 * keyCount;
  });
  const masters = (await members(one)).filter(isMaster).map(({ address }) => address);
  t.is(lost.filter(({ address }) => masters.includes(address)).length, 1, 'one of them a master');
  const cutMs = performance.now();
  faults.cutPower('host3');
  await poll(
    'the loss is noticed',
    async () => (await members(one)).filter((each) => !isHealthy(each)).length === 2,
  );
  const serve = (each: Member): boolean =>
    isMaster(each) && isHealthy(each) && each.slots.length > 0;
  await poll(
    'a replica is promoted',
    async () => (await isOk(one)) && (await members(one)).filter(serve).length === 3,
  );
  t.log(`cluster ok again ${since(cutMs)} after the cut`);
  // Others learn of it a moment later, and until the node is DOWN the service's name may lead there.
  await poll('every key can be read', async () => (await keysReadBy(one)) === keyCount);
  t.log(`every key read ${since(cutMs)} after the cut`);
  const after = await awaitSix(['host1', 'host2']);
  t.log(`six servers again ${since(cutMs)} after the cut`);
  t.deepEqual(on(after, 'host3'), []);
  for (const { slot, address } of lost) {
    const successor = after.find((each) => each.slot === slot);
    t.is(await inside(successor ?? one, ['hostname', '-i']), `${address}\n`);
  }
  t.log(await lab.tsctl(['service', 'ps', 'redis']));
});

test.serial('successors are taken in, and the host that is back keeps nothing', async (t) => {
  const all = await awaitSix(['host1', 'host2']);
  const one = await memberOf(all);
  const entry = `${one.address}:6379`;
  const stale = (await members(one)).filter((each) => !isHealthy(each));
  // They have lost their nodes.conf with their host: new members with old addresses.
  for (const { id } of stale) await cli(one, '--cluster', 'call', entry, 'cluster', 'forget', id);
  const known = new Set((await members(one)).map(({ address }) => address));
  for (const address of addresses.filter((each) => !known.has(each))) {
    await cli(one, '--cluster', 'add-node', `${address}:6379`, entry, '--cluster-slave');
    known.add(address);
    const others = all.filter((each) => known.has(each.address));
    await poll(`${address} is a replica for all`, async () =>
      (await Promise.all(others.map(members))).every((seen) =>
        seen.some((each) => each.address === address && each.flags.includes('slave')),
      ),
    );
  }
  const check = await poll('the cluster is whole', async () => {
    const text = await cli(one, '--cluster', 'check', entry);
    return (text.match(/1 slaves/g) ?? []).length === 3 && text;
  });
  t.regex(check, /\[OK\] 1000 keys in 3 masters/);
  const answers = await answering(one, addresses);
  t.is(new Set(answers).size, 6);
  const kept = new Set(all.map(({ container }) => container));
  await faults.boot('host3');
  await poll('host3 is there and has no container', async () => {
    const nodes = await lab.tsctl(['node', 'ls']);
    const old = (await containersOn('host3')).filter((id) => id !== '' && !kept.has(id));
    return /host3 +Ready/.test(nodes) && old.length === 0;
  });
  t.deepEqual(await answering(one, addresses), answers, 'the same answer as before');
  t.true(await isOk(one));
});

test.serial(
  'a host that is cut off comes back: nobody else is led to its old servers',
  async (t) => {
    const before = await awaitSix();
    const old = on(before, 'host2');
    const moved = old.map(({ address }) => address);
    const one = first(on(before, 'host1'));
    const oldIds = await answering(one, moved);
    t.true(oldIds.length > 0 && !oldIds.includes(''));
    const cutMs = performance.now();
    await faults.cut('host2');
    await poll(
      'every address has its successor',
      async () => {
        const slots = (await lab.tasks('redis')).filter(isRunning).map(({ slot }) => slot);
        if (new Set(slots).size < 6) return false;
        const ids = await answering(one, moved);
        return ids.every((id) => id !== '' && !oldIds.includes(id));
      },
      { deadlineMs: 120_000 },
    );
    t.log(`successors answer ${since(cutMs)} after the cut`);
    const successors = await answering(one, moved);
    const stillThere = (await containersOn('host2')).filter((id) =>
      old.some((each) => each.container === id),
    );
    t.is(stillThere.length, old.length, 'the old ones run on, out of reach');
    let isOver = false;
    const comeBack = async (): Promise<void> => {
      await faults.heal('host2');
      await poll('the old ones are gone', async () => {
        const left = await containersOn('host2');
        return !old.some(({ container }) => left.includes(container));
      });
    };
    // From before it is back, without a pause, until after they are gone.
    const look = async (): Promise<void> => {
      let looks = 0;
      for (let isLast = false; !isLast; looks++) {
        isLast = isOver;
        t.deepEqual(await answering(one, moved), successors);
      }
      t.log(`looked ${looks} times`);
    };
    await Promise.all([look(), comeBack().finally(() => (isOver = true))]);
  },
);
