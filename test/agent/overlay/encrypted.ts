/** Encrypted networks on a host in memory: through the tunnel, or not at all. */
import test from 'ava';
import { bridgeName, vxlanName } from '#agent/overlay/names';
import { tableText } from '#agent/overlay/rules';
import { addressOfKey, sealedPort } from '#agent/wireguard/tunnel-address';
import type { Tunnel } from '#agent/wireguard/tunnel';
import { NetworkAddress, NetworkChanges } from '#proto';
import type { NetworkHost } from '#proto';
import {
  endpoint,
  first,
  host,
  network,
  noMending,
  start,
  world,
} from '#test/_support/overlay-world';
import { keyOf, tunnelKey } from '#test/_support/wireguard-world';

class ModelTunnel implements Tunnel {
  address = addressOfKey(keyOf(1));
  problem = '';
  #listener: () => void = () => undefined;

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  set(change: { readonly address?: string; readonly problem?: string }): void {
    Object.assign(this, change);
    this.#listener();
  }
}

const plain = network(first);
const shut = { ...plain, spec: plain.spec && { ...plain.spec, isEncrypted: true } };
const withKeys = (nodeId: string, ...bytes: readonly number[]): NetworkHost => ({
  ...host(first, nodeId),
  tunnelKeys: bytes.map((byte) => tunnelKey(byte)),
});
const told = NetworkChanges.create({
  ...start,
  networks: [shut],
  hosts: [withKeys('self', 1), withKeys('n1', 2), host(first, 'n2')],
  endpoints: [endpoint(first, 't1', 'n1', 11), endpoint(first, 't2', 'n2', 13)],
});
const tunnelled = vxlanName(first);
const fdb = (last: string): string => `fdb ${tunnelled} 02:42:0a:01:00:${last}`;

test('frames go to the tunnels of others, and nowhere for a node without a key', async (t) => {
  const tunnel = new ModelTunnel();
  const { model, open, view } = world(tunnel);
  const overlay = open();
  overlay.start(new Map(), noMending);
  await overlay.apply(view, view.apply(told));
  const { entries } = model;
  t.is(
    entries.get(`vxlan ${tunnelled}`),
    `4097 ${addressOfKey(keyOf(1))} ${sealedPort} 1370`,
    'less the headers of VXLAN, IPv6 and WireGuard',
  );
  t.is(entries.get(fdb('0b')), addressOfKey(keyOf(2)));
  t.false(entries.has(fdb('0d')), 'n2 has no key');
  const paths = [...entries].filter(([, value]) => value.includes('192.168.0.'));
  t.deepEqual(paths, [], 'no address outside of the tunnels');
  const keyed = NetworkChanges.create({ hosts: [withKeys('n2', 3)] });
  await overlay.apply(view, view.apply(keyed));
  t.is(entries.get(fdb('0d')), addressOfKey(keyOf(3)));
  const lost = NetworkChanges.create({ hosts: [host(first, 'n2')] });
  await overlay.apply(view, view.apply(lost));
  t.false(entries.has(fdb('0d')), 'a key that is gone');
  await overlay.stop();
});

test('keys that change move entries and leave the device', async (t) => {
  const tunnel = new ModelTunnel();
  const { model, open, view } = world(tunnel);
  const overlay = open();
  overlay.start(new Map(), noMending);
  await overlay.apply(view, view.apply(told));
  const { lineCount } = model;
  tunnel.set({ address: addressOfKey(keyOf(8)) });
  await overlay.apply(view, view.apply(NetworkChanges.create()));
  t.is(
    model.entries.get(`vxlan ${tunnelled}`),
    `4097 ${addressOfKey(keyOf(8))} ${sealedPort} 1370`,
  );
  t.is(model.lineCount - lineCount, 2, 'address and MTU: what is on the device stays');
  const next = NetworkChanges.create({ hosts: [withKeys('n1', 9, 2)] });
  await overlay.apply(view, view.apply(next));
  t.is(model.entries.get(fdb('0b')), addressOfKey(keyOf(9)));
  await overlay.stop();
});

test('without a tunnel there is no network, and a task hears why', async (t) => {
  const address = [NetworkAddress.create({ networkId: first, address: '10.1.0.12' })];
  const { signal } = new AbortController();
  for (const tunnel of [undefined, new ModelTunnel()]) {
    const { clock, model, open, view } = world(tunnel);
    const overlay = open();
    overlay.start(new Map(), noMending);
    if (tunnel !== undefined) tunnel.problem = 'neither the kernel nor wireguard-go is there';
    await overlay.apply(view, view.apply(told));
    const links = overlay.linksFor('own', address, signal);
    const refused = t.throwsAsync(links, {
      code: 'UNAVAILABLE',
      message: `network net1 is not up on this node: WireGuard: ${tunnel?.problem ?? 'this node does not do it'}`,
    });
    await clock.advance(11_000);
    await refused;
    if (tunnel === undefined) t.false(model.entries.has(`bridge ${bridgeName(first)}`));
    else {
      const waiting = overlay.linksFor('own', address, signal);
      await clock.advance(100);
      tunnel.set({ problem: '' });
      await clock.advance(100);
      t.is((await waiting)[0]?.mtu, 1_370, 'a task that waits goes on');
    }
    await overlay.stop();
  }
});

test('the rules let nothing of it in or out in clear, and no task into a tunnel', (t) => {
  const text = tableText();
  const chain = (name: string): string =>
    new RegExp(`chain ${name} \\{([^}]*)`).exec(text)?.[1] ?? '';
  const sealed = `meta nfproto ipv6 udp dport ${sealedPort}`;
  t.true(chain('guard').includes(`${sealed} iifname != "tswg*" drop`));
  t.true(chain('output').includes(`${sealed} oifname != "tswg*" drop`));
  const [, firstRule, secondRule] = chain('forward').trim().split(/\n\s*/);
  t.deepEqual([firstRule, secondRule], ['iifname "tswg*" drop', 'oifname "tswg*" drop']);
});
