/**
 * Published ports as callers outside meet them: on every node, with their own address, through
 * updates, scaling, a killed agent and a lost host. One story told in order on one lab.
 */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { gatewayAddress, gatewayAddressV6, hostAddress, hostAddressV6 } from '#cli/lab/names';
import { readLab } from '#cli/lab/state-node';
import { endsLab, Lab, labsRoot } from '#test/_support/lab';
import type { RuntimeTask } from '#test/_support/lab';
import { LabFaults } from '#test/_support/lab-faults';
import { poll } from '#test/_support/poll';
import { askWho, Load, parseWho, webServer } from '#test/_support/requests';

const port = 8080;
const hostPort = 8081;

let lab: Lab;
let faults: LabFaults;
/** Of the hosts, in order. */
let addresses: readonly string[];
/** This machine's on the lab's network: it is the caller outside. */
let outside: string;
let addressesV6: readonly string[];
let outsideV6: string;
let asker: RuntimeTask;
let execs = 0;

test.before('a lab of three hosts', async () => {
  lab = await Lab.up('ports', 3, 1);
  faults = new LabFaults(lab);
  const index = readLab(labsRoot, 'ports')?.index ?? 0;
  addresses = [1, 2, 3].map((host) => hostAddress(index, host));
  outside = gatewayAddress(index);
  addressesV6 = [1, 2, 3].map((host) => hostAddressV6(index, host));
  outsideV6 = gatewayAddressV6(index);
});

endsLab(test, () => lab);

const create = (name: string, more: readonly string[], argv: readonly string[] = webServer) =>
  lab.tsctl(['service', 'create', '--name', name, ...more, 'busybox:latest', ...argv]);

async function inside({ host, id }: RuntimeTask, argv: readonly string[]): Promise<string> {
  const exec = ['ctr', '-n', 'tessera', 'tasks', 'exec', '--exec-id', `p${++execs}`, id];
  return await lab.exec(host, [...exec, ...argv]);
}

/** The answers of `count` tasks that were asked through this address, each with its caller's. */
async function askedBy(count: number, askOne: () => Promise<readonly [string, string]>) {
  const callers = new Map<string, string>();
  await poll(`${count} tasks answer`, async () => {
    const [name, caller] = await askOne();
    callers.set(name, caller);
    return callers.size === count;
  });
  return callers;
}

test.serial('a published port answers on every node with the caller’s own address', async (t) => {
  await lab.tsctl(['network', 'create', '--ipv6', 'front']);
  const more = ['--publish', `${port}:80`, '--network', 'front', '--update-monitor', '0s'];
  await create('web', ['--replicas', '2', ...more]);
  const running = await lab.awaitRunning('web', 2);
  t.is(new Set(running.map(({ host }) => host)).size, 2, 'one host has none');
  for (const address of [...addresses, ...addressesV6]) {
    const own = address.includes(':') ? outsideV6 : outside;
    const callers = await askedBy(2, () => askWho(address, port));
    t.deepEqual([...callers.values()], [own, own], address);
  }
});

test.serial('a task calls the virtual address with its own address', async (t) => {
  const taken = (await lab.runningOf('web')).map(({ host }) => host);
  const free = lab.hosts.find((host) => !taken.includes(host));
  const placed = ['--constraint', `node.hostname==${free}`, '--network', 'front'];
  await create('asker', placed, ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done']);
  [asker] = (await lab.awaitRunning('asker', 1)) as [RuntimeTask];
  const shown = await inside(asker, [
    'ip',
    '-o',
    'address',
    'show',
    'dev',
    'eth0',
    'scope',
    'global',
  ]);
  const own = (family: string): string =>
    new RegExp(`${family} (\\S+)/`).exec(shown)?.[1] ?? `none of ${shown}`;
  const look = async (type: string): Promise<string> => {
    const text = await inside(asker, ['nslookup', `-type=${type}`, 'web']);
    return [...text.matchAll(/Address: (\S+)/g)].at(-1)?.[1] ?? '';
  };
  const v4 = await look('a');
  const v6 = await look('aaaa');
  for (const [at, caller] of [
    [v4, own('inet')],
    [`[${v6}]`, own('inet6')],
  ] as const) {
    const url = `http://${at}/cgi-bin/who`;
    const callers = await askedBy(2, async () =>
      parseWho(await inside(asker, ['wget', '-qO-', url])),
    );
    t.deepEqual([...callers.values()], [caller, caller], url);
  }
});

test.serial(
  'a port of mode host answers where its task is, with the caller’s address',
  async (t) => {
    const published = `mode=host,published=${hostPort},target=80`;
    // The node's own bridge has IPv4 alone.
    for (const [more, asked] of [
      [[], addresses],
      [
        ['--network', 'front'],
        [...addresses, ...addressesV6],
      ],
    ] as const) {
      await create('near', ['--mode', 'global', '--publish', published, ...more]);
      await lab.awaitRunning('near', 3);
      for (const address of asked) {
        const [, caller] = await poll(`${address} answers`, () => askWho(address, hostPort));
        t.is(caller, address.includes(':') ? outsideV6 : outside, address);
      }
      await lab.tsctl(['service', 'rm', 'near']);
      await lab.awaitRunning('near', 0);
    }
  },
);

const scale = (count: number) => lab.tsctl(['service', 'scale', `web=${count}`]);
const roll = (order: string) =>
  lab.tsctl(['service', 'update', '--force', '--update-order', order, 'web']);

/** The daemon alone; until its next one has a session. Its containers live on. */
async function killAgent(host: string): Promise<void> {
  const sessions = (): number =>
    readFileSync(`${lab.stateOf(host)}/tesserad.log`, 'utf8').split('"session opened"').length;
  const before = sessions();
  faults.signal(host, 'SIGKILL');
  await poll('the agent is back', () => sessions() > before);
}

function told(t: ExecutionContext, load: Load, what: string): void {
  t.log(`${what}: requests ${load.begun} failures ${load.failures.length}`);
  for (const one of load.failures.slice(0, 10))
    t.log(`${new Date(one.atMs).toISOString()} ${one.target} ${one.reason}`);
}

test.serial('no request is lost by updates, scaling and a killed agent', async (t) => {
  t.timeout(180_000);
  await scale(3);
  const load = new Load({ targets: addresses, port, width: 8, perSecond: 400 });
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['start-first update', () => roll('start-first')],
    ['stop-first update', () => roll('stop-first')],
    ['agent killed', () => killAgent('host2')],
    ['scale to 9', () => scale(9)],
    ['scale to 3', () => scale(3)],
  ];
  try {
    for (const [what, step] of steps) {
      await step();
      told(t, load, what);
    }
    await poll('10,000 requests', () => load.begun >= 10_000);
  } finally {
    await load.end();
  }
  told(t, load, 'in all');
  t.deepEqual(load.failures, []);
});

test.serial('when a host is lost its ports go on elsewhere, without its tasks', async (t) => {
  t.timeout(120_000);
  const dead = (await lab.runningOf('web', ['host3'])).map(({ id }) => id);
  t.true(dead.length > 0, 'one of them is on the host that goes');
  const load = new Load({ targets: addresses.slice(0, 2), port, width: 8, perSecond: 200 });
  try {
    faults.cutPower('host3');
    await poll('host3 is known to be down', async () =>
      /host3 +Down/.test(await lab.tsctl(['node', 'ls'])),
    );
    const downMs = performance.now();
    await lab.awaitRunning('web', 3, { hosts: ['host1', 'host2'] });
    await poll('down for 2 s', () => performance.now() - downMs > 2_000);
    told(t, load, 'until then');
    await load.forget();
    const seen = load.begun;
    await poll('1,000 requests', () => load.begun - seen >= 1_000);
  } finally {
    await load.end();
  }
  told(t, load, 'afterwards');
  t.deepEqual(load.failures, []);
  t.is(load.answers.size, 3, 'all tasks answer');
  for (const name of load.answers.keys())
    t.false(
      dead.some((id) => id.startsWith(name)),
      name,
    );
});
