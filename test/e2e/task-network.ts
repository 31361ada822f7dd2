/** The default task network with the kernel's own bridge and rules, in namespaces of its own. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ClusterError, newId, silentLogger, silentMetrics } from '#lib';
import type { ErrorCode } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { PortConfig, Protocol } from '#proto';
import type { NetworkAttachment } from '#agent';
import { BridgeNetworks } from '#agent/network/index';
import type { BridgeNetworksOptions } from '#agent/network/index';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { poll } from '#test/_support/poll';

const statePath = '/run/tessera/networks.json';
const signal = new AbortController().signal;
const random = systemRandom();
const outside = '192.168.99.1';

function open(init: Partial<BridgeNetworksOptions> = {}): BridgeNetworks {
  return new BridgeNetworks({
    statePath,
    clock: systemClock(),
    log: silentLogger,
    metrics: silentMetrics,
    ...init,
  });
}

function sh(script: string): string {
  const done = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  return `${done.stdout}${done.status === 0 ? '' : `failed: ${done.stderr}`}`.trim();
}

/** Answers every connection with `text`, inside the namespace of a task, until the test ends. */
async function serve(
  t: ExecutionContext,
  task: NetworkAttachment,
  text: string,
  port = 80,
): Promise<() => void> {
  const script =
    `require('node:net').createServer((s) => s.on('error', () => 0).end(` +
    `${JSON.stringify(text)} + ' ' + s.remoteAddress)).listen(${port}, () => console.log('on'))`;
  const net = `--net=${task.namespacePath}`;
  const child = spawn('nsenter', [net, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = (): void => void child.kill('SIGKILL');
  t.teardown(end);
  await once(child.stdout, 'data');
  return end;
}

/** What a client gets from there, or ''. `from`: path of a network namespace. */
function ask(address: string, port: number, from = ''): string {
  const script =
    `const s = require('node:net').connect(${port}, '${address}'); s.setTimeout(3000, () => process.exit(1));` +
    `s.on('error', () => process.exit(1)); s.on('data', (d) => process.stdout.write(d));`;
  const argv = [process.execPath, '-e', script];
  const [file = '', ...args] = from === '' ? argv : ['nsenter', `--net=${from}`, ...argv];
  return spawnSync(file, args, { encoding: 'utf8' }).stdout;
}

const port = (publishedPort: number, init: Partial<PortConfig> = {}) =>
  PortConfig.create({ publishedPort, targetPort: 80, ...init });

if (runsInOwnNamespaces(test, import.meta.url)) {
  test.before(async () => {
    sh(`ip netns add outside
      ip link add o0 type veth peer name eth0 netns outside
      ip address add ${outside}/24 dev o0; ip link set o0 up
      ip -n outside address add 192.168.99.2/24 dev eth0; ip -n outside link set eth0 up`);
    await open().start(signal);
  });

  const attach = (
    networks: BridgeNetworks,
    ports: readonly PortConfig[] = [],
    taskId = newId(random),
  ): Promise<NetworkAttachment> =>
    networks.attach({ taskId, hostname: 'x', mode: 'bridge', networks: [], ports }, signal);

  test.serial('thirty tasks asked for at once get thirty addresses that work', async (t) => {
    const networks = open();
    await networks.start(signal);
    const tasks = await Promise.all(Array.from({ length: 30 }, () => attach(networks)));
    t.is(new Set(tasks.map(({ address }) => address)).size, 30);
    for (const { address } of [...tasks.slice(0, 2), ...tasks.slice(-1)])
      t.regex(sh(`ping -c 1 -W 5 ${address}`), / 0% packet loss/);
    await Promise.all(tasks.map(({ taskId }) => networks.detach(taskId, signal)));
    t.deepEqual(await networks.list(signal), []);
    await poll('no link is left', () => !/: ts/.test(sh('ip link')));
    t.deepEqual(sh('ls /run/netns'), 'outside');
  });

  test.serial('a published port answers on every address of the host, to everyone', async (t) => {
    const networks = open();
    await networks.start(signal);
    const web = await attach(networks, [port(8080), port(0)]);
    const other = await attach(networks);
    const end = await serve(t, web, 'web');
    const chosen = web.ports[1]?.publishedPort ?? 0;
    t.true(chosen >= 30_000);
    t.regex(ask('127.0.0.1', 8080), /^web /);
    t.regex(ask('127.0.0.1', chosen), /^web /);
    t.regex(ask(outside, 8080), /^web /);
    t.regex(
      ask(outside, 8080, '/run/netns/outside'),
      /^web .*192\.168\.99\.2$/,
      'the caller is seen',
    );
    t.regex(ask('10.200.0.1', 8080, other.namespacePath), /^web /, 'another task');
    t.regex(ask('10.200.0.1', 8080, web.namespacePath), /^web /, 'the task itself');
    t.regex(ask(web.address, 80, other.namespacePath), /^web /, 'tasks of a host reach each other');
    end();
    await networks.detach(web.taskId, signal);
    t.is(ask('127.0.0.1', 8080), '');
    await networks.detach(other.taskId, signal);
  });

  test.serial(
    'tasks reach the outside by the address of their host, and nobody comes in unasked',
    async (t) => {
      const networks = open();
      await networks.start(signal);
      const task = await attach(networks);
      const far = { namespacePath: '/run/netns/outside' } as NetworkAttachment;
      const endFar = await serve(t, far, 'far', 81);
      t.regex(ask('192.168.99.2', 81, task.namespacePath), /^far .*192\.168\.99\.1$/);
      endFar();
      const end = await serve(t, task, 'inner');
      sh(`ip -n outside route add 10.200.0.0/16 via ${outside}`);
      t.is(ask(task.address, 80, '/run/netns/outside'), '');
      end();
      await networks.detach(task.taskId, signal);
    },
  );

  test.serial(
    'a port of one address answers there only; UDP and TCP have ports of their own',
    async (t) => {
      const networks = open();
      await networks.start(signal);
      const one = await attach(networks, [port(8081, { hostIp: '127.0.0.1' })]);
      const two = await attach(networks, [
        port(8081, { hostIp: outside }),
        port(8081, { hostIp: outside, protocol: Protocol.UDP }),
      ]);
      const ends = [await serve(t, one, 'one'), await serve(t, two, 'two')];
      t.regex(ask('127.0.0.1', 8081), /^one /);
      t.regex(ask(outside, 8081), /^two /);
      for (const end of ends) end();
      await Promise.all([one, two].map(({ taskId }) => networks.detach(taskId, signal)));
    },
  );

  const refuse = async (
    t: { is(a: unknown, b: unknown): boolean; regex(a: string, b: RegExp): boolean },
    code: ErrorCode,
    pattern: RegExp,
    work: Promise<unknown>,
  ): Promise<void> => {
    const error = await work.then(
      () => new Error('it was not refused'),
      (thrown: unknown) => thrown as Error,
    );
    t.is(error instanceof ClusterError ? error.code : error.message, code);
    t.regex(error.message, pattern);
  };

  test.serial(
    'a port that is taken is refused, whoever has it, and costs the others nothing',
    async (t) => {
      const networks = open();
      await networks.start(signal);
      const first = await attach(networks, [port(8082)]);
      const server = createServer().listen(8083);
      await once(server, 'listening');
      const [again, foreign, fine] = await Promise.allSettled([
        attach(networks, [port(8082)]),
        attach(networks, [port(8083)]),
        attach(networks, [port(8084)]),
      ]);
      const by = (outcome: PromiseSettledResult<unknown> | undefined) =>
        outcome?.status === 'rejected'
          ? Promise.reject(outcome.reason as Error)
          : Promise.resolve();
      await refuse(t, 'FAILED_PRECONDITION', /port 8082\/tcp .* by task/, by(again));
      await refuse(t, 'FAILED_PRECONDITION', /port 8083\/tcp .* by another process/, by(foreign));
      t.is(fine?.status, 'fulfilled');
      server.close();
      for (const { taskId } of await networks.list(signal)) await networks.detach(taskId, signal);
      t.truthy(first);
    },
  );

  test.serial('attaching and detaching twice is doing it once', async (t) => {
    const networks = open();
    await networks.start(signal);
    const task = await attach(networks, [port(8085)]);
    t.deepEqual(await attach(networks, [port(8085)], task.taskId), task);
    const both = await Promise.all([attach(networks, [], 'same0'), attach(networks, [], 'same0')]);
    t.deepEqual(both[0], both[1]);
    for (const taskId of [task.taskId, task.taskId, 'same0', 'nobody'])
      await networks.detach(taskId, signal);
    t.deepEqual(await networks.list(signal), []);
  });

  test.serial(
    'a new agent knows what is attached and repairs what was broken meanwhile',
    async (t) => {
      const before = open();
      await before.start(signal);
      const task = await attach(before, [port(8086)]);
      const end = await serve(t, task, 'still here');
      sh(
        `ip netns add ts-stranger; nft flush ruleset; ip link set dev ${`ts${task.taskId.slice(0, 12)}`} nomaster`,
      );
      sh('ip address flush dev tessera0; echo 0 > /proc/sys/net/ipv4/ip_forward');
      const after = open();
      await after.start(signal);
      t.deepEqual(await after.list(signal), [task]);
      t.regex(ask('127.0.0.1', 8086), /^still here /);
      t.notRegex(sh('ls /run/netns'), /stranger/);
      await refuse(t, 'FAILED_PRECONDITION', /8086/, attach(after, [port(8086)]));
      const fresh = await attach(after);
      t.not(fresh.address, task.address);
      end();
      for (const { taskId } of await after.list(signal)) await after.detach(taskId, signal);
    },
  );

  test.serial('rules that someone flushed come back with the next change', async (t) => {
    const networks = open();
    await networks.start(signal);
    const first = await attach(networks, [port(8087)]);
    const end = await serve(t, first, 'first');
    sh('nft flush ruleset');
    const second = await attach(networks, [port(8088)]);
    t.regex(ask('127.0.0.1', 8087), /^first /);
    end();
    for (const { taskId } of [first, second]) await networks.detach(taskId, signal);
  });

  test.serial('a namespace left over under the same name is replaced', async (t) => {
    const networks = open();
    await networks.start(signal);
    sh(
      'ip netns add ts-leftover0000; ip link add tsleftover0000 type dummy || ip link add tsleftover0000 type veth',
    );
    const task = await attach(networks, [], 'leftover0000');
    t.regex(sh(`ping -c 1 -W 5 ${task.address}`), / 0% packet loss/);
    await networks.detach(task.taskId, signal);
  });

  test.serial(
    'a subnet that a route of the host overlaps is refused, naming the route',
    async (t) => {
      const other = open({
        bridge: 'tessera9',
        subnets: ['192.168.0.0/16'],
        statePath: '/run/tessera/other.json',
      });
      await refuse(
        t,
        'FAILED_PRECONDITION',
        /192\.168\.0\.0\/16 overlaps with route 192\.168\.99\.0\/24 dev o0/,
        other.start(signal),
      );
      await refuse(
        t,
        'INVALID_ARGUMENT',
        /is not a subnet/,
        open({ subnets: ['x'] }).start(signal),
      );
    },
  );
}
