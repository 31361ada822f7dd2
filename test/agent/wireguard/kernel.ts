/** Tunnels of one real host, in namespaces of its own: with the kernel's WireGuard or wireguard-go. */
import test from 'ava';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { LiveNetworkView } from '#agent/network-view/view';
import { fileKeyStore, kernelWireGuard, WireGuard } from '#agent/wireguard/index';
import { NetworkChanges } from '#proto';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { poll } from '#test/_support/poll';
import { base64, hostWith, keyOf, peerOf, told, tunnelKey } from '#test/_support/wireguard-world';

const sh = (script: string): string =>
  execFileSync('sh', ['-c', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });

/** Of this network namespace: by pid, the words of the command line. */
function processes(): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, readonly string[]>();
  const own = readlinkSync('/proc/self/ns/net');
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      if (readlinkSync(`/proc/${name}/ns/net`) !== own) continue;
      found.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0'));
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}

const tunnelProcesses = (): readonly number[] =>
  [...processes()].filter(([, words]) => words[0] === 'wireguard-go').map(([pid]) => pid);

if (runsInOwnNamespaces(test, import.meta.url, 'ava.config.js')) {
  let directory: string;
  let wireGuard: WireGuard;
  let view = new LiveNetworkView();
  const open = (): Promise<WireGuard> =>
    WireGuard.open({
      nodeId: 'self',
      host: kernelWireGuard(),
      store: fileKeyStore(directory, silentLogger),
      keyPeriodMs: 86_400_000,
      clock: systemClock(),
      random: systemRandom(),
      log: silentLogger,
      metrics: silentMetrics,
    });
  const apply = (changes: NetworkChanges): Promise<void> =>
    wireGuard.apply(view, view.apply(changes));

  test.before(async () => {
    // As this network namespace has it.
    sh('mount -t sysfs sysfs /sys');
    sh(
      'ip link add eth0 mtu 1400 type veth peer name wire; ip link set eth0 up; ip link set wire up',
    );
    sh('ip address add 192.168.0.1/24 dev eth0');
    // IPv6 that is switched off on the wire is none of the tunnels' matter.
    sh('echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6');
    sh('echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6');
    directory = await mkdtemp(join(tmpdir(), 'tessera-wireguard-'));
    wireGuard = await open();
  });
  test.after.always(async () => {
    await apply(NetworkChanges.create({ isFull: true }));
    await wireGuard.stop();
    await rm(directory, { recursive: true });
  });

  const isWhole = (): boolean => {
    const own = wireGuard.address;
    const key = base64(wireGuard.toldKeys[0]?.publicKey ?? new Uint8Array(0));
    return (
      sh('wg show tswg0 public-key').trim() === key &&
      sh('wg show tswg0 listen-port').trim() === '24789' &&
      sh('wg show tswg0 endpoints').includes(`${base64(keyOf(101))}\t192.168.0.2:24789`) &&
      sh('wg show tswg0 allowed-ips').includes(peerOf(101, '')[1].trim()) &&
      sh('ip -6 address show dev tswg0').includes(`inet6 ${own}/128`) &&
      sh('ip link show dev tswg0').includes('mtu 1340') &&
      sh(`ip -6 route get fd5c:7a1e:93b4:e2d0::1 from ${own}`).includes('dev tswg0') &&
      sh('ip -6 rule').includes(`from ${own} lookup 24789`)
    );
  };

  test.serial('a tunnel stands as it is told, and no argument has its key', async (t) => {
    await apply(told(wireGuard.toldKeys));
    t.is(wireGuard.problem, '');
    t.true(isWhole());
    const kept = JSON.parse(await readFile(join(directory, 'wireguard.json'), 'utf8')) as {
      readonly used: { readonly privateKey: string };
    };
    const words = [...processes().values()].flat().join(' ');
    t.false(words.includes(kept.used.privateKey));
  });

  test.serial('the next agent takes it over: not one change, the same process', async (t) => {
    await wireGuard.stop();
    const before = tunnelProcesses();
    const index = sh('cat /sys/class/net/tswg0/ifindex');
    wireGuard = await open();
    view = new LiveNetworkView();
    await apply(told(wireGuard.toldKeys));
    t.true(isWhole());
    t.deepEqual(tunnelProcesses(), before);
    t.is(sh('cat /sys/class/net/tswg0/ifindex'), index);
    const more = [hostWith('n1', 2, [tunnelKey(101)]), hostWith('n2', 3, [tunnelKey(103)])];
    await apply(told(wireGuard.toldKeys, more));
    t.is(sh('wg show tswg0 peers').trim().split('\n').length, 2);
    await apply(told(wireGuard.toldKeys));
    t.is(sh('wg show tswg0 peers').trim(), base64(keyOf(101)));
  });

  test.serial('what is broken is mended; meanwhile nothing has another way out', async (t) => {
    const { address } = wireGuard;
    const index = sh('cat /sys/class/net/tswg0/ifindex');
    const pids = tunnelProcesses();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    if (pids.length === 0) sh('ip link delete tswg0');
    const ways = new Set<string>();
    await poll(
      'it is made again',
      () => {
        const to = `fd5c:7a1e:93b4:e2d0::1 from ${address}`;
        ways.add(/ dev (\S+)/.exec(sh(`ip -6 route get ${to} 2>/dev/null || :`))?.[1] ?? 'none');
        return sh('cat /sys/class/net/tswg0/ifindex') !== index && isWhole();
      },
      { everyMs: 5 },
    );
    // ip names a device by its number when it has gone between the kernel's answer and the look at its name.
    const numbers = [index, sh('cat /sys/class/net/tswg0/ifindex')];
    const tunnel = ['tswg0', ...numbers.map((number) => `if${number.trim()}`)];
    t.deepEqual(
      [...ways].filter((way) => way !== 'none' && !tunnel.includes(way)),
      [],
    );
    for (const damage of [
      `ip -6 rule delete from ${address} lookup 24789`,
      'ip -6 route flush table 24789',
      'ip link set tswg0 mtu 1000',
      `wg set tswg0 peer ${base64(keyOf(101))} remove`,
    ]) {
      sh(damage);
      t.false(isWholeOrThrown(isWhole), damage);
      await apply(
        told(wireGuard.toldKeys, [hostWith('n1', 2, [tunnelKey(101)]), hostWith(damage, 9, [])]),
      );
      t.true(isWhole(), damage);
    }
  });

  test.serial('nothing of it is left when it goes', async (t) => {
    await apply(NetworkChanges.create({ isFull: true }));
    await poll('the process is gone', () => tunnelProcesses().length === 0);
    t.notRegex(sh('ip link'), /tswg/);
    t.notRegex(sh('ip -6 rule'), /24789/);
    t.is(
      sh('ip -6 route show table 24789 2>&1 || :').replace(
        /.*does not exist.*\n?|Dump terminated\n?/g,
        '',
      ),
      '',
    );
  });
}

/** A tool that fails says so too. */
function isWholeOrThrown(isWhole: () => boolean): boolean {
  try {
    return isWhole();
  } catch {
    return false;
  }
}
