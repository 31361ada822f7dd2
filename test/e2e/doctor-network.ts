/**
 * `tsctl doctor network` on real hosts: says that all is well where it is, and names each fault that is
 * planted, with the way to mend it. One story told in order on one lab.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { gatewayAddress, hostAddress } from '#cli/lab/names';
import { readLab } from '#cli/lab/state-node';
import { endsLab, Lab, labsRoot } from '#test/_support/lab';
import { poll } from '#test/_support/poll';
import { webServer } from '#test/_support/requests';

const port = 8080;
/** By its whole path: a folder of npm's may have another one of that name. */
const nft = '/usr/sbin/nft';

let lab: Lab;
let addresses: readonly string[];
let silent: string;
/** The hosts' name server for the outside: answers everything with NXDOMAIN. */
const outside = createSocket('udp4');

interface Problem {
  readonly check: string;
  readonly what: string;
  readonly evidence: string;
  readonly remedy: string;
}

test.before('a lab of three hosts with a service on all of them', async () => {
  lab = await Lab.up('doctor', 3, 1);
  const index = readLab(labsRoot, 'doctor')?.index ?? 0;
  addresses = [1, 2, 3].map((host) => hostAddress(index, host));
  silent = hostAddress(index, 99);
  outside.on('message', (asked, from) => {
    const answer = Buffer.from(asked);
    answer.writeUInt16BE(0x8183, 2);
    outside.send(answer, from.port, from.address);
  });
  outside.bind(53, gatewayAddress(index));
  await once(outside, 'listening');
  for (const host of lab.hosts) {
    const text = `nameserver ${gatewayAddress(index)}\n`;
    writeFileSync(`${lab.stateOf(host)}/run/lab/resolv.conf`, text);
    await lab.exec(host, ['mount', '--bind', '/run/lab/resolv.conf', '/etc/resolv.conf']);
  }
  await lab.tsctl(['network', 'create', '--ipv6', 'front']);
  const more = ['--mode', 'global', '--network', 'front', '--publish', `${port}:80`];
  await lab.tsctl(['service', 'create', '--name', 'web', ...more, 'busybox:latest', ...webServer]);
  await lab.awaitRunning('web', 3);
});

test.after.always('nobody asks any more', () => outside.close());

endsLab(test, () => lab);

/** Asks until the problems are what is waited for: nodes follow changes of their links within 15 s. */
async function problems(
  t: ExecutionContext,
  what: string,
  isSeen: (found: readonly Problem[]) => boolean,
  more: readonly string[] = [],
): Promise<readonly Problem[]> {
  let seen = '';
  const found = await poll(
    what,
    async () => {
      const { code, stdout, stderr } = await lab.tryTsctl([
        'doctor',
        'network',
        '--format',
        'json',
        ...more,
      ]);
      seen = stdout + stderr;
      if (!stdout.startsWith('{')) return undefined;
      const list = (JSON.parse(stdout) as { problems: readonly Problem[] }).problems;
      t.is(code, list.length === 0 ? 0 : 1, seen);
      return isSeen(list) ? list : undefined;
    },
    { deadlineMs: 60_000, describe: () => seen },
  );
  t.log(
    found.map(({ what: text, evidence, remedy }) => `${text}\n${evidence}\n${remedy}`).join('\n'),
  );
  return found;
}

const healthy = (t: ExecutionContext) => problems(t, 'all is well', (found) => found.length === 0);

const only = (check: string) => (found: readonly Problem[]) =>
  found.length === 1 && found[0]?.check === check;

/** Drops what `match` says on its way into the host; resolves to the way back. */
async function drop(host: string, match: readonly string[]): Promise<() => Promise<string>> {
  await lab.exec(host, [nft, 'add table inet fault']);
  const chain = 'add chain inet fault in { type filter hook prerouting priority -300; }';
  await lab.exec(host, [nft, chain]);
  await lab.exec(host, [nft, `add rule inet fault in ${match.join(' ')} drop`]);
  return () => lab.exec(host, [nft, 'delete table inet fault']);
}

async function deviceOf(host: string, prefix: string): Promise<string> {
  const text = await lab.exec(host, ['ip', '-br', 'link']);
  return new RegExp(`^${prefix}[0-9a-z]+`, 'm').exec(text)?.[0] ?? `none in ${text}`;
}

/** Takes the fault of the present test back. */
let mend: (() => Promise<unknown>) | undefined;

async function mended(): Promise<void> {
  const own = mend;
  mend = undefined;
  await own?.();
}

test.beforeEach((t) => t.timeout(120_000));

test.afterEach.always('no fault outlives its test', mended);

test.serial('a healthy cluster has no problems, and every check has looked', async (t) => {
  await healthy(t);
  const { code, stdout } = await lab.tryTsctl(['doctor', 'network']);
  t.is(code, 0, stdout);
  for (const host of lab.hosts)
    t.regex(stdout, new RegExp(`^${host} +(?:ok [1-9]\\d* +){6}ok [1-9]\\d*$`, 'm'));
  t.regex(stdout, /\nno problems\n$/);
  t.log(stdout);
});

test.serial('dropped overlay packets between two nodes are told of, with the port', async (t) => {
  mend = await drop('host1', ['ip saddr', addresses[1] ?? '', 'udp dport 4789']);
  const [problem] = await problems(t, 'the drop shows', only('reach'));
  t.regex(problem?.what ?? '', /host1 and host2 do not reach each other .*UDP port 4789/);
  t.regex(problem?.evidence ?? '', /data-path addresses, are answered$/);
  t.regex(
    problem?.remedy ?? '',
    /^let UDP port 4789 through between 198\.18\.\d+\.1, 198\.18\.\d+\.2/,
  );
  await mended();
  await healthy(t);
});

test.serial('a smaller MTU of one uplink is told of, with the numbers', async (t) => {
  const set = (mtu: string) => lab.exec('host3', ['ip', 'link', 'set', 'eth0', 'mtu', mtu]);
  mend = () => set('1500');
  await set('1400');
  const [problem] = await problems(t, 'the MTU shows', only('mtu'));
  t.regex(problem?.what ?? '', /large packets do not pass between host3 and host1, host2/);
  t.regex(problem?.evidence ?? '', /^1450 bytes .* at most 13\d\d do .* host3 eth0 1400$/);
  t.regex(problem?.remedy ?? '', /^raise eth0 of host3 to 1500 .*--opt mtu=1350$/);
  await mended();
  await healthy(t);
});

test.serial('TCP that does not pass where pings do is told of', async (t) => {
  mend = await drop('host2', ['iifname "tsb*"', 'meta l4proto tcp']);
  const [problem] = await problems(t, 'it shows', only('checksum'));
  t.regex(problem?.what ?? '', /pings pass between host2 and host1, host3, TCP does not/);
  t.regex(problem?.remedy ?? '', /ethtool -K eth0 /);
  await mended();
  await healthy(t);
});

test.serial(
  'a process that has a published port is told of, and a freed port is not',
  async (t) => {
    const script = `setsid busybox httpd -f -p ${port} </dev/null >/dev/null 2>&1 & echo $! >/run/lab/rival`;
    mend = () => lab.exec('host2', ['sh', '-c', 'kill $(cat /run/lab/rival)']);
    await lab.exec('host2', ['sh', '-c', script]);
    const [problem] = await problems(t, 'the clash shows', only('ports'));
    t.regex(problem?.what ?? '', /a process listens on port 8080\/tcp in vain/);
    t.regex(problem?.evidence ?? '', /^busybox \(pid \d+\) listens on it$/);
    t.regex(problem?.remedy ?? '', /give it another port/);
    await mended();
    await healthy(t);
  },
);

test.serial('a forwarding entry that somebody else has put is told of', async (t) => {
  const device = await deviceOf('host2', 'tsv');
  const mac = '02:42:0a:09:09:09';
  const entry = [mac, 'dev', device, 'self', 'permanent', 'dst', '198.18.0.77'];
  const found = await poll('the entry shows', async () => {
    // The node may mend it in between.
    await lab.exec('host2', ['bridge', 'fdb', 'replace', ...entry]);
    const { stdout } = await lab.tryTsctl(['doctor', 'network', '--node', 'host2']);
    return stdout.includes(mac) ? stdout : undefined;
  });
  t.regex(
    found,
    /entries: 1 entry of links, neighbours, forwarding or rules is not as the managers/,
  );
  t.regex(found, new RegExp(`seen: fdb ${device} ${mac}: stale \\(198\\.18\\.0\\.77\\)`));
  await healthy(t);
});

test.serial('a name server that is silent is told of', async (t) => {
  // On the hosts' own wire, where nobody has it.
  const text = `nameserver ${silent}\n`;
  writeFileSync(`${lab.stateOf('host3')}/run/lab/silent.conf`, text);
  mend = () => lab.exec('host3', ['umount', '/etc/resolv.conf']);
  await lab.exec('host3', ['mount', '--bind', '/run/lab/silent.conf', '/etc/resolv.conf']);
  const [problem] = await problems(t, 'it shows', only('names'));
  t.regex(problem?.what ?? '', /tasks of this node look up no names of the outside/);
  t.regex(problem?.evidence ?? '', /^1 of 1 servers .* 198\.18\.\d+\.99$/);
  await mended();
  await healthy(t);
});

test.serial('a node that does not answer in time is a problem of its own', async (t) => {
  mend = () => lab.fault('cont', 'host3');
  await lab.fault('stop', 'host3');
  const [problem] = await problems(
    t,
    'it shows',
    (found) => found.some(({ check }) => check === 'answer'),
    ['--timeout', '3s'],
  );
  t.regex(problem?.what ?? '', /^host3 was not examined$/);
  t.regex(problem?.remedy ?? '', /tsctl node inspect host3/);
  await mended();
  await healthy(t);
});
