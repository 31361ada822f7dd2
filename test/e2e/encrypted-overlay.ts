/**
 * Encrypted networks on real hosts with real containers: what tasks say to each other is never seen on
 * the wire, while keys change, wireguard-go is killed and an agent is. One story.
 */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { shortId } from '#lib';
import { run } from '#test/_support/command';
import { endsLab, Lab } from '#test/_support/lab';
import type { RuntimeTask } from '#test/_support/lab';
import { bridgeOf, captured, isVxlanOf } from '#test/_support/packet-capture';
import { poll } from '#test/_support/poll';

let lab: Lab;
let execs = 0;
const marker = 'the-quick-brown-marker-of-the-test';

test.before('a lab of three hosts, whose keys change all the time', async () => {
  lab = await Lab.up('sealed', 3, 1, ['--network-key-period=10s']);
});

endsLab(test, () => lab);

/** Ends at once when it is told to: httpd as process 1 would take ten seconds of grace. */
const serve = `trap 'exit 0' TERM
mkdir -p /www; echo ${marker} >/www/index.html; httpd -f -p 80 -h /www & wait`;

/** What a program in the task prints; '' when it fails. */
async function inside({ host, id }: RuntimeTask, argv: readonly string[]): Promise<string> {
  const exec = ['ctr', '-n', 'tessera', 'tasks', 'exec', '--exec-id', `e${++execs}`, id];
  const { code, stdout } = await lab.tryExec(host, [...exec, ...argv]);
  return code === 0 ? stdout : '';
}

const fetched = (task: RuntimeTask, name: string): Promise<string> =>
  inside(task, ['timeout', '5', 'wget', '-q', '-O', '-', `http://${name}/`]);

async function addressesOf(service: string): Promise<readonly string[]> {
  const tasks = (await lab.tasks(service)).filter(({ status }) => status.state === 'RUNNING');
  const shown = tasks as unknown as {
    readonly networks?: readonly { readonly address: string }[];
  }[];
  return shown.map(({ networks }) => networks?.[0]?.address ?? '').toSorted();
}

interface Told {
  readonly vni: number;
  readonly isEncrypted: boolean;
}

async function networkOf(name: string): Promise<Told> {
  const text = await lab.tsctl(['network', 'inspect', name]);
  const shown = JSON.parse(text) as unknown;
  const [one] = (Array.isArray(shown) ? shown : [shown]) as {
    readonly network?: unknown;
    readonly spec?: { readonly isEncrypted?: boolean };
    readonly allocation?: { readonly vni?: number };
  }[];
  return { vni: one?.allocation?.vni ?? 0, isEncrypted: one?.spec?.isEncrypted === true };
}

/** Tasks of the network's service, one on each host, that reach each other. */
async function people(network: string): Promise<readonly RuntimeTask[]> {
  const what = ['-d', '--name', `${network}-web`, '--mode', 'global', '--network', network];
  await lab.tsctl(['service', 'create', ...what, 'busybox:latest', 'sh', '-c', serve]);
  const tasks = await lab.awaitRunning(`${network}-web`, 3);
  for (const task of tasks)
    await poll(`${task.host} is answered by all`, async () => {
      const addresses = await addressesOf(`${network}-web`);
      const answers = await Promise.all(addresses.map((address) => fetched(task, address)));
      return addresses.length === 3 && answers.every((text) => text.includes(marker));
    });
  return tasks;
}

/** What is on the wire of host2 while everybody asks everybody, by name, virtual address and address. */
async function wire(network: string, tasks: readonly RuntimeTask[]): Promise<readonly Buffer[]> {
  const addresses = await addressesOf(`${network}-web`);
  const virtual = /Address: (\S+)\s*$/.exec(
    (await inside(tasks[0] as RuntimeTask, ['nslookup', '-type=a', `${network}-web`])).trim(),
  );
  const names = [`${network}-web`, virtual?.[1] ?? '', ...addresses];
  return await captured(lab.name, 'host2', async () => {
    for (const task of tasks)
      for (const name of names)
        if (!(await fetched(task, name)).includes(marker))
          throw new Error(`${task.host} is not answered by ${name}`);
  });
}

let sealed: readonly RuntimeTask[];

test.serial(
  'what tasks say is on the wire of a network in clear, and not of an encrypted one',
  async (t) => {
    await lab.tsctl(['network', 'create', 'open']);
    await lab.tsctl(['network', 'create', '--opt', 'encrypted', 'shut']);
    const open = await people('open');
    sealed = await people('shut');
    const [openNetwork, shutNetwork] = [await networkOf('open'), await networkOf('shut')];
    t.false(openNetwork.isEncrypted);
    t.true(shutNetwork.isEncrypted);
    t.regex(await lab.tsctl(['network', 'inspect', '--pretty', 'shut']), /Encrypted: +yes/);
    const clear = await wire('open', open);
    t.true(
      clear.some((frame) => frame.includes(marker)),
      'the capture shows what is in clear',
    );
    t.true(clear.some((frame) => isVxlanOf(openNetwork.vni, frame)));
    const secret = await wire('shut', sealed);
    t.log(`${clear.length} and ${secret.length} frames`);
    t.true(secret.length > 20, 'something was on the wire');
    t.false(secret.some((frame) => frame.includes(marker)));
    t.false(secret.some((frame) => isVxlanOf(shutNetwork.vni, frame)));
  },
);

/** In ping's pattern, which is repeated through the packet. */
const pattern = 'sixteen-byte-mrk';

interface Place {
  readonly host: string;
  readonly net: string;
  readonly address: string;
}

/** Of the encrypted network's task on the host. */
async function placeOn(host: string): Promise<Place> {
  const tasks = await lab.tasks('shut-web');
  const id = sealed.find((task) => task.host === host)?.id;
  const task = tasks.find((one) => `${one.id}.main` === id);
  if (task === undefined) throw new Error(`no task on ${host}`);
  return {
    host,
    net: `--net=/run/netns/ts-${shortId(task.id)}`,
    address: task.status.address ?? '',
  };
}

interface Pings {
  readonly sent: number;
  readonly received: number;
}

async function pings(from: Place, to: Place, count: number, everyS: number): Promise<Pings> {
  const hex = Buffer.from(pattern).toString('hex');
  const argv = ['-q', '-p', hex, '-i', String(everyS), '-c', String(count), '-W', '2', to.address];
  const { stdout } = await lab.tryExec(from.host, ['nsenter', from.net, 'ping', ...argv]);
  const [, sent = '', received = ''] =
    /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  return { sent: Number(sent), received: Number(received) };
}

/** Of wireguard-go on the host; none where the kernel has WireGuard. */
const processes = async (host: string): Promise<string> =>
  (await lab.tryExec(host, ['pgrep', '-f', '^wireguard-go tswg'])).stdout.trim();

const keysOf = async (host: string): Promise<readonly string[]> =>
  [...(await lab.exec(host, ['wg', 'show', 'all', 'public-key'])).matchAll(/\S+=/g)].map(String);

test.serial('an agent that is killed costs no packet, and wireguard-go lives on', async (t) => {
  const [from, to] = [await placeOn('host2'), await placeOn('host3')];
  const before = await processes('host2');
  const counted = pings(from, to, 400, 0.02);
  await lab.exec('host2', ['sh', '-c', 'kill -9 $(cat /run/lab/tesserad.pid)']);
  const { sent, received } = await counted;
  t.is(sent, 400);
  t.is(received, 400);
  const after = new Set((await processes('host2')).split('\n'));
  t.true(before === '' || before.split('\n').some((pid) => after.has(pid)));
});

test.serial('keys change while packets flow', async (t) => {
  const [from, to] = [await placeOn('host1'), await placeOn('host2')];
  const counted = pings(from, to, 5_500, 0.02);
  const before = await Promise.all([keysOf('host1'), keysOf('host2')]);
  await poll(
    'all keys are new',
    async () => {
      const now = await Promise.all([keysOf('host1'), keysOf('host2')]);
      return now.every(
        (keys, i) => keys.length > 0 && !keys.some((key) => before[i]?.includes(key)),
      );
    },
    { deadlineMs: 100_000, everyMs: 500 },
  );
  // The change that was last is not over yet.
  await pings(from, to, 100, 0.02);
  await lab.exec('host1', ['pkill', '-INT', '-x', 'ping']);
  const { sent, received } = await counted;
  t.log(`${sent - received} of ${sent} lost while the keys of both hosts changed`);
  t.true(sent > 100 && sent < 5_500, `${sent} sent`);
  t.true(sent - received <= 4, 'what was under way when a tunnel went');
});

test.serial(
  'wireguard-go that is killed is mended, and nothing leaves in clear meanwhile',
  async (t) => {
    const [from, to] = [await placeOn('host2'), await placeOn('host1')];
    const { vni } = await networkOf('shut');
    const frames = await captured(lab.name, 'host2', async () => {
      const counted = pings(from, to, 300, 0.02);
      // By the end of these the others have begun.
      await pings(from, to, 5, 0.2);
      const kill =
        'pkill -9 -f "^wireguard-go tswg" || ip link delete tswg0 || ip link delete tswg1';
      await lab.exec('host2', ['sh', '-c', kill]);
      const killedMs = performance.now();
      await poll('packets flow again', async () => (await pings(from, to, 1, 0.2)).received === 1);
      t.log(`mended after ${(performance.now() - killedMs).toFixed(0)} ms`);
      const { sent, received } = await counted;
      t.log(`${sent - received} of ${sent} lost`);
      t.true(received > 0 && received < sent, 'it was gone, and came back');
    });
    t.true(frames.length > 50);
    t.false(frames.some((frame) => frame.includes(pattern)));
    t.false(frames.some((frame) => isVxlanOf(vni, frame)));
  },
);

/** A packet in clear of that number, to each of the addresses and ports. */
function forgery(vni: number, ports: readonly number[], addresses: readonly string[]): string {
  const argument = JSON.stringify([vni, ports, addresses]);
  return `
    const [vni, ports, addresses] = ${argument};
    const packet = Buffer.alloc(8 + 60, 255);
    packet.fill(0, 0, 8);
    packet[0] = 8;
    packet.writeUIntBE(vni, 4, 3);
    // A frame for everybody, of somebody: the kernel takes none of nobody.
    packet.set([2, 66, 10, 99, 99, 99], 14);
    let left = ports.length * addresses.length;
    for (const address of addresses) {
      const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4');
      for (const port of ports)
        socket.send(packet, port, address, (error) => {
          if (error) console.log(error.code);
          if (--left === 0) process.exit(0);
        });
    }`;
}

/**
 * As if the network were not encrypted, from the machine that has the lab: to host1's own addresses.
 * Resolves to how many of them are of IPv6, the family of the tunnels.
 */
async function forge(vni: number, ports: readonly number[]): Promise<number> {
  const shown = await lab.exec('host1', ['ip', '-json', 'address', 'show', 'dev', 'eth0']);
  const [link] = JSON.parse(shown) as { readonly addr_info: { readonly local: string }[] }[];
  const bridge = await bridgeOf(lab.name);
  const addresses = (link?.addr_info ?? []).map(({ local }) =>
    local.includes(':') ? `${local}%${bridge}` : local,
  );
  const sixes = addresses.filter((address) => address.includes(':')).length;
  if (sixes === 0) throw new Error('no IPv6 on eth0');
  const said = await run([process.execPath, '-e', forgery(vni, ports, addresses)]);
  if (said !== '') throw new Error(`a forged packet could not be sent: ${said}`);
  return sixes;
}

test.serial('a key that is thrown away is replaced at once', async (t) => {
  const [from, to] = [await placeOn('host1'), await placeOn('host3')];
  const before = await keysOf('host3');
  const counted = pings(from, to, 750, 0.02);
  const script = 'rm /var/lib/tessera/agent/wireguard.json; kill -9 $(cat /run/lab/tesserad.pid)';
  await lab.exec('host3', ['sh', '-c', script]);
  await poll('it has another key', async () => {
    const keys = await keysOf('host3');
    return keys.length > 0 && !keys.some((key) => before.includes(key));
  });
  await poll('packets flow', async () => (await pings(from, to, 1, 0.2)).received === 1);
  const { sent, received } = await counted;
  t.log(`${sent - received} of ${sent} lost`);
  t.true(received > 0);
  t.is(
    await lab.exec('host3', ['stat', '-c', '%a %U', '/var/lib/tessera/agent/wireguard.json']),
    '600 root\n',
  );
});

test.serial('packets in clear with the number of an encrypted network are dropped', async (t) => {
  const { vni } = await networkOf('shut');
  const find = 'ip -json -details link show type vxlan';
  const links = JSON.parse(await lab.exec('host1', ['sh', '-c', find])) as {
    readonly ifname: string;
    readonly linkinfo: { readonly info_data: { readonly id: number; readonly port: number } };
  }[];
  const device = links.find(({ linkinfo }) => linkinfo.info_data.id === vni);
  const port = device?.linkinfo.info_data.port ?? 0;
  const file = `/sys/class/net/${device?.ifname}/statistics/rx_packets`;
  const taken = async (): Promise<number> => Number(await lab.exec('host1', ['cat', file]));
  const before = await taken();
  await forge(vni, [4_789, port]);
  t.is(await taken(), before);
  // Without the rule it would be taken, until the rules are mended. Not the nft of npm.
  await lab.exec('host1', ['/usr/sbin/nft', 'flush', 'chain', 'inet', 'tessera_overlay', 'guard']);
  const sixes = await forge(vni, [port]);
  t.is(await taken(), before + sixes, 'the rule is what stops it');
  const script = forgery(vni, [port], ['ff02::1%eth0']);
  const said = await lab.exec('host2', [process.execPath, '-e', script]);
  t.is(said.trim(), 'EPERM', 'nor does a host of ours send any');
});

test.serial('a node without WireGuard gets no task of the network, and says why', async (t) => {
  const program = (await processes('host3')) === '' ? '/usr/bin/wg' : '/usr/bin/wireguard-go';
  await lab.exec('host3', ['mount', '--bind', '/dev/null', program]);
  const complaints = (): number =>
    readFileSync(`${lab.stateOf('host3')}/tesserad.log`, 'utf8').split('"complaint"').length;
  const before = complaints();
  await lab.exec('host3', ['sh', '-c', 'ip link delete tswg0; ip link delete tswg1; :']);
  await poll('the agent has noticed', () => complaints() > before);
  const where = ['--network', 'shut', '--constraint', 'node.hostname==host3'];
  await lab.tsctl([
    ...['service', 'create', '--detach', '--name', 'late', ...where],
    ...['busybox:latest', 'sleep', '3600'],
  ]);
  const error = await poll('it says why', async () => {
    const [task] = await lab.tasks('late');
    const text = task?.status.error ?? '';
    return task?.status.state === 'PREPARING' && text.includes('WireGuard') ? text : undefined;
  });
  t.log(error);
  t.regex(error, /network shut is not up on this node: WireGuard: /);
  await lab.exec('host3', ['umount', program]);
  await lab.awaitRunning('late', 1);
  await lab.tsctl(['service', 'rm', 'late']);
});

test.serial('with its last task everything of it goes', async (t) => {
  await lab.tsctl(['service', 'rm', 'shut-web']);
  for (const host of lab.hosts)
    await poll(`${host} has no tunnel`, async () => {
      const links = await lab.exec(host, ['ip', '-o', 'link', 'show']);
      const rules = await lab.exec(host, ['ip', '-6', 'rule']);
      return !links.includes('tswg') && !rules.includes('2479') && (await processes(host)) === '';
    });
  await lab.tsctl(['network', 'rm', 'shut']);
  t.pass();
});
