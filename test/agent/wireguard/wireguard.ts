/** The tunnels of a host in memory: made, mended, left alone, rotated, removed. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { silentLogger } from '#lib';
import type { Logger } from '#lib';
import { LiveNetworkView } from '#agent/network-view/view';
import { fileKeyStore } from '#agent/wireguard/index';
import { addressOfKey } from '#agent/wireguard/tunnel-address';
import { Network, NetworkChanges } from '#proto';
import {
  base64,
  hostWith,
  keyOf,
  peerOf,
  periodMs,
  told,
  tunnelKey,
  wireGuardWorld,
} from '#test/_support/wireguard-world';

test('with the first encrypted network the tunnel comes, with the last it goes', async (t) => {
  const { clock, host, open, view } = wireGuardWorld();
  const wireGuard = await open();
  t.not(wireGuard.problem, '');
  await wireGuard.apply(view, view.apply(NetworkChanges.create({ isFull: true })));
  t.deepEqual(host.log, []);
  await wireGuard.apply(view, view.apply(told(wireGuard.toldKeys)));
  t.is(wireGuard.problem, '');
  const device = host.devices.get(0);
  t.like(device, { publicKey: base64(keyOf(1)), port: 24_789, mtu: 1_440 });
  t.is(device?.address, addressOfKey(keyOf(1)));
  t.is(wireGuard.address, addressOfKey(keyOf(1)));
  t.is(host.ruled.get(0), wireGuard.address);
  t.deepEqual(device?.peers, new Map([peerOf(101, '192.168.0.2:24789')]));
  await wireGuard.apply(view, view.apply(NetworkChanges.create({ isFull: true })));
  t.is(host.devices.size, 0);
  t.not(wireGuard.problem, '', 'the next network waits for its tunnel');
  const { reads } = host;
  await clock.advance(120_000);
  t.is(host.reads, reads, 'who has no such network is not looked at');
  await wireGuard.stop();
});

test('a new life takes over what is there, and what is right is left alone', async (t) => {
  const { clock, host, open, view } = wireGuardWorld();
  const first = await open();
  await first.apply(view, view.apply(told(first.toldKeys)));
  await first.stop();
  host.log.length = 0;
  const second = await open();
  const fresh = new LiveNetworkView();
  await second.apply(fresh, fresh.apply(told(second.toldKeys)));
  t.is(second.problem, '');
  await clock.advance(120_000);
  t.deepEqual(host.log, []);
  const other = [hostWith('n1', 2, [tunnelKey(102)]), hostWith('n2', 3, [tunnelKey(103)])];
  await second.apply(fresh, fresh.apply(told(second.toldKeys, other)));
  t.deepEqual(host.log, ['peers 0']);
  t.deepEqual(
    host.devices.get(0)?.peers,
    new Map([peerOf(102, '192.168.0.2:24789'), peerOf(103, '192.168.0.3:24789')]),
  );
  await second.stop();
});

test('from memory a new life adds peers and takes none away until the managers speak', async (t) => {
  const { host, open, view } = wireGuardWorld();
  const first = await open();
  const saved = told(first.toldKeys);
  await first.apply(view, view.apply(saved));
  // Newer than what was saved: another key of n1, and another node.
  const newer = [hostWith('n1', 2, [tunnelKey(102)]), hostWith('n2', 3, [tunnelKey(103)])];
  await first.apply(view, view.apply(told(first.toldKeys, newer)));
  await first.stop();
  const good = structuredClone(host.devices);
  const second = await open();
  const fresh = new LiveNetworkView();
  await second.apply(fresh, fresh.apply(saved), 'memory');
  for (const [key, value] of good.get(0)?.peers ?? [])
    t.is(host.devices.get(0)?.peers.get(key), value);
  await second.apply(fresh, fresh.apply(told(second.toldKeys, newer)), 'managers');
  t.deepEqual(host.devices, good);
  await second.stop();
  const third = await open();
  const empty = new LiveNetworkView();
  await third.apply(empty, empty.apply(NetworkChanges.create({ isFull: true })), 'memory');
  t.deepEqual(host.devices, good);
  await third.apply(empty, empty.apply(NetworkChanges.create({ isFull: true })), 'managers');
  t.is(host.devices.size, 0);
  await third.stop();
});

test('a tunnel that an earlier life left, and no saved network has, goes at the word of the managers', async (t) => {
  const { host, open, view } = wireGuardWorld();
  const first = await open();
  await first.apply(view, view.apply(told(first.toldKeys)));
  await first.stop();
  const second = await open();
  const fresh = new LiveNetworkView();
  const clear = NetworkChanges.create({ isFull: true, networks: [Network.create({ id: 'open' })] });
  await second.apply(fresh, fresh.apply(clear), 'memory');
  t.is(host.devices.size, 1);
  await second.apply(fresh, fresh.apply(clear), 'managers');
  t.is(host.devices.size, 0);
  await second.stop();
});

test('a tunnel whose process was killed is there again within two seconds', async (t) => {
  const { clock, host, open, view } = wireGuardWorld();
  const wireGuard = await open();
  await wireGuard.apply(view, view.apply(told(wireGuard.toldKeys)));
  const good = structuredClone(host.devices);
  host.devices.clear();
  await clock.advance(2_000);
  t.deepEqual(host.devices, good);
  // A peer that someone takes out, or a key that someone sets, is seen by the next look.
  host.devices.get(0)?.peers.clear();
  await clock.advance(16_000);
  t.deepEqual(host.devices, good);
  await wireGuard.stop();
});

test('a host that cannot make a tunnel says why, holds nobody up, and tries on', async (t) => {
  const { clock, host, open, view } = wireGuardWorld();
  const wireGuard = await open();
  const problems: string[] = [];
  wireGuard.onChange(() => problems.push(wireGuard.problem));
  host.failure = 'neither the kernel nor wireguard-go is there';
  await wireGuard.apply(view, view.apply(told(wireGuard.toldKeys)));
  t.deepEqual(problems, [host.failure]);
  await clock.advance(60_000);
  host.failure = '';
  await clock.advance(20_000);
  t.is(problems.at(-1), '');
  t.true(host.devices.has(0));
  await wireGuard.stop();
});

test('a key is followed by the next: both stand, then the new one sends, then the old one goes', async (t) => {
  const { clock, host, store, open, view } = wireGuardWorld();
  const wireGuard = await open();
  const addresses: string[] = [];
  wireGuard.onChange(() => addresses.push(wireGuard.address));
  const tell = () => wireGuard.apply(view, view.apply(told(wireGuard.toldKeys)));
  await tell();
  const first = wireGuard.address;
  await clock.advance(periodMs + 60_000);
  t.is(wireGuard.toldKeys.length, 2, 'the next one is told of');
  t.is(host.devices.size, 2);
  t.is(wireGuard.address, first, 'but does not send before others know');
  await clock.advance(3_600_000);
  t.is(wireGuard.address, first);
  await tell();
  await clock.advance(60_000);
  const second = wireGuard.address;
  t.is(second, addressOfKey(keyOf(2)));
  t.is(addresses.at(-1), second, 'the overlay hears of it');
  t.is(host.devices.size, 2, 'what others still send to the old one is taken');
  await clock.advance(3_600_000);
  t.is(host.devices.size, 2);
  await tell();
  await clock.advance(60_000);
  t.deepEqual([...host.devices.keys()], [1]);
  t.is(host.ruled.get(0), undefined);
  t.is(store.saved?.other, undefined);
  t.deepEqual(wireGuard.toldKeys, [tunnelKey(2, 24_790)]);
  await wireGuard.stop();
});

test('nothing of a private key is in the log', async (t) => {
  const lines: string[] = [];
  const put = (message: string, fields?: unknown): void => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const log: Logger = { debug: put, info: put, warn: put, error: put, child: () => log };
  const { clock, host, open, view } = wireGuardWorld(log);
  const wireGuard = await open();
  await wireGuard.apply(view, view.apply(told(wireGuard.toldKeys)));
  host.failure = 'no';
  host.devices.clear();
  await clock.advance(periodMs + 60_000);
  t.true(lines.length > 1);
  t.false(lines.join().includes('secret-'));
  await wireGuard.stop();
});

test('keys are kept for root alone; damaged ones are replaced without being shown', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tessera-keys-'));
  const lines: string[] = [];
  const put = (message: string, fields?: unknown): void => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const log: Logger = { ...silentLogger, error: put, child: () => log };
  const store = fileKeyStore(join(directory, 'agent'), log);
  t.is(await store.load(), undefined);
  const keys = { used: store.make(0, 7), other: store.make(1, 8) };
  t.not(keys.used.publicKey, keys.other.publicKey);
  await store.save(keys);
  t.deepEqual(await store.load(), keys);
  const path = join(directory, 'agent', 'wireguard.json');
  t.is((await stat(path)).mode & 0o777, 0o600);
  const text = await readFile(path, 'utf8');
  for (const damaged of [text.slice(0, 60), text.replaceAll('"slot":1', '"slot":0')]) {
    await writeFile(path, damaged);
    t.is(await store.load(), undefined);
  }
  t.is(lines.length, 2);
  t.false(lines.join().includes(keys.used.privateKey.slice(0, 10)));
  await rm(directory, { recursive: true });
});
