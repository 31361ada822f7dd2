/** Whom a tunnel knows, and the lines that bring it there. */
import test from 'ava';
import { LiveNetworkView } from '#agent/network-view/view';
import { parseSlot, ruleLines, slotLines } from '#agent/wireguard/device';
import { peerChanges, peersOf } from '#agent/wireguard/peers';
import { addressOfKey } from '#agent/wireguard/tunnel-address';
import { Network, NetworkChanges, NetworkHost } from '#proto';
import {
  base64,
  encrypted,
  hostWith,
  keyOf,
  peerOf,
  tunnelKey,
} from '#test/_support/wireguard-world';

function peers(networks: readonly Network[], hosts: readonly NetworkHost[]) {
  const view = new LiveNetworkView();
  view.apply(NetworkChanges.create({ isFull: true, networks: [...networks], hosts: [...hosts] }));
  return peersOf(view, 'self');
}

test('the peers are all keys of the other nodes on encrypted networks, each once', (t) => {
  const clear = Network.create({ id: 'clear' });
  const second = encrypted({ id: 'second' });
  const v6 = { ...hostWith('n4', 5, [tunnelKey(104)]), dataPathAddress: 'fd00::5' };
  const found = peers(
    [encrypted(), clear, second],
    [
      hostWith('self', 1, [tunnelKey(100)]),
      hostWith('n1', 2, [tunnelKey(101), tunnelKey(111, 24_790)]),
      hostWith('n1', 2, [tunnelKey(101), tunnelKey(111, 24_790)], 'second'),
      hostWith('n2', 3, []),
      hostWith('n3', 4, [tunnelKey(103)], 'clear'),
      v6,
    ],
  );
  t.deepEqual(
    found,
    new Map([
      peerOf(101, '192.168.0.2:24789'),
      peerOf(111, '192.168.0.2:24790'),
      peerOf(104, '[fd00::5]:24789'),
    ]),
  );
});

test('a key that two nodes claim is that of one of them, whoever is told first', (t) => {
  const hosts = [hostWith('n2', 3, [tunnelKey(101)]), hostWith('n1', 2, [tunnelKey(101)])];
  const wanted = new Map([peerOf(101, '192.168.0.2:24789')]);
  t.deepEqual(peers([encrypted()], hosts), wanted);
  t.deepEqual(peers([encrypted()], hosts.toReversed()), wanted);
});

test('only what differs is changed', (t) => {
  const wanted = new Map([
    peerOf(1, '10.0.0.1:1'),
    peerOf(2, '10.0.0.2:1'),
    peerOf(3, '10.0.0.3:1'),
  ]);
  const present = new Map([
    peerOf(1, '10.0.0.1:1'),
    peerOf(2, '10.0.0.9:1'),
    peerOf(4, '10.0.0.4:1'),
  ]);
  const { added, removed } = peerChanges(wanted, present);
  t.deepEqual(removed, [base64(keyOf(4))]);
  t.deepEqual(
    [...added.matchAll(/PublicKey = (\S+)/g)].map(([, key]) => key),
    [base64(keyOf(2)), base64(keyOf(3))],
  );
  t.deepEqual(peerChanges(wanted, wanted), { added: '', removed: [] });
});

const own = addressOfKey(keyOf(1));
/** As the tools of Debian 12 print it. */
const printed = `[{"ifindex":3,"ifname":"tswg0","flags":["POINTOPOINT","NOARP","UP","LOWER_UP"],"mtu":1440,"qdisc":"fq_codel","operstate":"UNKNOWN","group":"default","txqlen":500,"link_type":"none","addr_info":[{"family":"inet6","local":"${own}","prefixlen":128,"scope":"global","valid_life_time":4294967295,"preferred_life_time":4294967295}]}]
::part 0
${base64(keyOf(1))}
::part 1
24789
::part 2
${base64(keyOf(2))}\t10.0.0.2:24789
${base64(keyOf(3))}\t(none)
::part 3
${base64(keyOf(2))}\t${addressOfKey(keyOf(2))}/128
${base64(keyOf(3))}\t(none)
::part 4
24789:\tfrom ${own} lookup 24789
::part 5
fd5c:7a1e:93b4:e2d0::/64 dev tswg0 metric 10 pref medium
unreachable fd5c:7a1e:93b4:e2d0::/64 dev lo metric 20 pref medium
::part 6
`;

test('a device is read as the tools print it, and what is right is left alone', (t) => {
  const reading = parseSlot(printed);
  t.like(reading, { isThere: true, isUp: true, mtu: 1_440, port: 24_789, isRouted: true });
  t.is(reading.publicKey, base64(keyOf(1)));
  t.deepEqual(reading.addresses, [own]);
  t.is(reading.peers.get(base64(keyOf(2))), peerOf(2, '10.0.0.2:24789')[1]);
  t.deepEqual(slotLines(0, own, 1_440, reading), []);
  t.deepEqual(ruleLines(0, own, reading.ruled), []);
});

test('what is missing of a device comes back, each thing by itself', (t) => {
  const reading = parseSlot(printed);
  t.is(slotLines(0, own, 1_440, undefined).length, 4);
  t.deepEqual(slotLines(0, own, 1_400, reading).slice(0, 1), ['link set dev tswg0 mtu 1400 up']);
  const routes = slotLines(0, own, 1_440, { ...reading, isRouted: false });
  t.deepEqual(routes, [
    'route replace unreachable fd5c:7a1e:93b4:e2d0::/64 table 24789 metric 20',
    'route replace fd5c:7a1e:93b4:e2d0::/64 dev tswg0 table 24789 metric 10',
  ]);
  const older = addressOfKey(keyOf(9));
  t.deepEqual(ruleLines(1, own, [older]), [
    `rule add from ${own} lookup 24790 priority 24790`,
    `rule delete from ${older} lookup 24790 priority 24790`,
  ]);
  t.deepEqual(ruleLines(1, undefined, [older]).length, 1);
});

test('a device that is not there, or does not answer, is read as such', (t) => {
  t.like(parseSlot(''), { isThere: false, publicKey: '', isRouted: false });
  const mute = parseSlot(printed.replace(base64(keyOf(1)), '(none)'));
  t.like(mute, { isThere: true, publicKey: '' });
});
