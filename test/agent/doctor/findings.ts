import test from 'ava';
import {
  Endpoint,
  EndpointMode,
  Network,
  NetworkChanges,
  NetworkHost,
  NetworkService,
} from '#proto';
import { NetworkSpec, SubnetConfig } from '#proto';
import {
  dataPathProblems,
  entryProblems,
  ipv6Problems,
  nameProblems,
  portProblems,
  resolverProblems,
} from '#agent/doctor/findings';
import { parseLinks, parseSockets } from '#agent/doctor/host-listing';
import { expectedAnswer, nameQuestions } from '#agent/doctor/name-checks';
import { chooseTargets } from '#agent/doctor/targets';
import { LiveNetworkView } from '#agent/network-view/view';
import { differencesOf, lasting } from '#agent/overlay/differences';
import { vxlanName } from '#agent/overlay/names';
import { elementDifferences } from '#agent/mesh/differences';

const network = (id: string, more: Partial<Network> = {}): Network =>
  Network.create({
    id,
    spec: NetworkSpec.create({ name: id }),
    allocation: {
      vni: 4_097,
      subnets: [SubnetConfig.create({ subnet: '10.0.0.0/24', gateway: '10.0.0.1' })],
    },
    ...more,
  });

const host = (networkId: string, n: number): NetworkHost =>
  NetworkHost.create({
    networkId,
    nodeId: `n${n}`,
    dataPathAddress: `192.0.2.${n}`,
    addresses: { address: `10.0.0.${n}`, addressV6: `fd00::${n}` },
  });

function viewOf(init: Partial<NetworkChanges>): LiveNetworkView {
  const view = new LiveNetworkView();
  view.apply(NetworkChanges.create({ isFull: true, ...init }));
  return view;
}

const socketLine =
  'udp UNCONN 0 0 0.0.0.0:4789 0.0.0.0:* users:(("socat",pid=77,fd=5))\n' +
  'udp UNCONN 0 0 0.0.0.0:4790 0.0.0.0:*\n' +
  'tcp LISTEN 0 1 [::]:8080 [::]:* users:(("nginx",pid=5,fd=1),("nginx",pid=6,fd=1))\n';

test('ss tells who has a socket; the kernel’s own have nobody', (t) => {
  t.deepEqual(parseSockets(socketLine), [
    { protocol: 'udp', port: 4_789, owner: 'socat (pid 77)' },
    { protocol: 'udp', port: 4_790, owner: '' },
    { protocol: 'tcp', port: 8_080, owner: 'nginx (pid 5)' },
  ]);
  t.deepEqual(parseSockets('nonsense\n\n'), []);
});

test('ip tells devices, their MTU and their addresses', (t) => {
  const links = [
    { ifname: 'eth0', mtu: 1_400 },
    {
      ifname: 'flannel.1',
      mtu: 1_350,
      linkinfo: { info_kind: 'vxlan', info_data: { id: 9, port: 4_789 } },
    },
  ];
  const addresses = [{ ifname: 'eth0', mtu: 1_400, addr_info: [{ local: '192.0.2.1' }] }];
  const found = parseLinks(`${JSON.stringify(links)}\n::\n${JSON.stringify(addresses)}\n`);
  t.deepEqual(found.uplinks.get('192.0.2.1'), { device: 'eth0', mtu: 1_400 });
  t.is(found.mtus.get('flannel.1'), 1_350);
  t.deepEqual(found.vxlans, [{ name: 'flannel.1', vni: 9, port: 4_789 }]);
});

test('a process on the overlay’s port, a rival device and the kernel’s complaint are told of', (t) => {
  const networks = [network('front')];
  const ours = { name: vxlanName('front'), vni: 4_097, port: 4_789 };
  t.deepEqual(dataPathProblems(networks, 4_789, [ours], parseSockets(''), ''), []);
  const elsewhere = { name: 'flannel.1', vni: 1, port: 4_789 };
  const rival = { name: 'old0', vni: 4_097, port: 4_789 };
  const problems = dataPathProblems(
    networks,
    4_789,
    [ours, elsewhere, rival],
    parseSockets(socketLine),
    'RTNETLINK answers: File exists',
  );
  t.deepEqual(
    problems.map(({ evidence }) => evidence),
    [
      'socat (pid 77) listens on it',
      'old0, which is not Tessera’s'.replace('’', "'"),
      'the kernel said: RTNETLINK answers: File exists',
    ],
  );
  t.regex(problems[1]?.remedy ?? '', /ip link delete old0/);
});

test('ports that processes have are told with who has them', (t) => {
  const problems = portProblems(
    { kept: new Set(['6 . 8080']), contested: new Set(['17 . 53']) },
    parseSockets(socketLine),
  );
  t.regex(
    problems[0]?.what ?? '',
    /^port 8080\/tcp is published by a service but not on this node/,
  );
  t.is(problems[0]?.evidence, 'nginx (pid 5) listens on it since before it was published');
  t.regex(problems[1]?.what ?? '', /^a process listens on port 53\/udp in vain/);
  t.is(problems[1]?.evidence, 'a process listens on it');
});

test('names are right in any order, and wrong when one is missing or nobody answers', (t) => {
  const check = { networkId: 'front', server: '10.0.0.1', name: 'web', expected: ['a', 'b'] };
  t.deepEqual(nameProblems([{ ...check, got: ['b', 'a'] }]), []);
  const [short, silent] = nameProblems([
    { ...check, got: ['a'] },
    { ...check, got: undefined },
  ]);
  t.is(short?.evidence, 'answered a, should be a, b');
  t.regex(silent?.what ?? '', /does not answer at 10\.0\.0\.1/);
});

test('name servers of the outside: none, some or all silent', (t) => {
  t.deepEqual(resolverProblems(['a', 'b'], []), []);
  t.regex(resolverProblems(['a', 'b'], ['b'])[0]?.what ?? '', /are slow/);
  t.regex(resolverProblems(['a'], ['a'])[0]?.what ?? '', /look up no names/);
  t.regex(resolverProblems([], [])[0]?.evidence ?? '', /names no server/);
});

test('the questions are of services whose name is theirs alone, the answers as the view has them', (t) => {
  const service = (serviceId: string, more: Partial<NetworkService> = {}) =>
    NetworkService.create({ networkId: 'front', serviceId, name: serviceId, ...more });
  const view = viewOf({
    networks: [network('front'), network('ingress', { isIngress: true })],
    services: [
      service('web', { mode: EndpointMode.VIP, address: '10.0.0.9', aliases: ['other'] }),
      service('other', { mode: EndpointMode.VIP, address: '10.0.0.8' }),
      service('robin', { mode: EndpointMode.DNSRR }),
    ],
    endpoints: [7, 6].map((n) =>
      Endpoint.create({
        networkId: 'front',
        serviceId: 'robin',
        taskId: `t${n}`,
        address: `10.0.0.${n}`,
        isServing: n === 7,
      }),
    ),
  });
  const [question, ...others] = nameQuestions(view, new Set(), 64);
  t.deepEqual(others, []);
  t.like(question, { server: '10.0.0.1', name: 'web' });
  t.deepEqual(expectedAnswer(view, question as never), ['10.0.0.9']);
  t.deepEqual(
    expectedAnswer(view, { ...(question as never as object), serviceId: 'robin' } as never),
    ['10.0.0.7'],
  );
  t.deepEqual(nameQuestions(view, new Set(['ingress']), 64), []);
});

test('all other nodes are asked in both families, but for those that are absent', (t) => {
  const view = viewOf({
    networks: [network('front')],
    hosts: [1, 2, 3].map((n) => host('front', n)),
  });
  const [chosen] = chooseTargets(view, 'n1', new Set(), new Set(['front/n3']), 100);
  t.deepEqual(
    chosen?.targets.map(({ from, to }) => [from, to]),
    [
      ['10.0.0.1', '10.0.0.2'],
      ['fd00::1', 'fd00::2'],
    ],
  );
  t.deepEqual(chooseTargets(view, 'n1', new Set(['back']), new Set(), 100), []);
});

test('when there are too many every network has its share, and together they meet all nodes', (t) => {
  const ids = ['a', 'b', 'c', 'd'];
  const view = viewOf({
    networks: ids.map((id) => network(id)),
    hosts: ids.flatMap((id) => Array.from({ length: 21 }, (_, n) => host(id, n + 1))),
  });
  const chosen = chooseTargets(view, 'n1', new Set(), new Set(), 40);
  t.deepEqual(
    chosen.map(({ targets, leftOut }) => [targets.length, leftOut]),
    ids.map(() => [10, 30]),
  );
  const met = new Set(chosen.flatMap(({ targets }) => targets.map(({ nodeId }) => nodeId)));
  t.is(met.size, 20);
});

test('what is missing, stale or other than wanted differs; what is nobody’s business does not', (t) => {
  const wanted = new Map([
    ['fdb tsv1 m1', '192.0.2.1'],
    ['neigh tsv1 10.0.0.2', 'm1'],
    ['bridge tsb1', 'mac 1450'],
  ]);
  const present = new Map([
    ['fdb tsv1 m1', '192.0.2.9'],
    ['bridge tsb1', 'mac 1450'],
    ['fdb tsv1 m2', '192.0.2.7'],
    ['port tsb1 m3', 'te0task'],
    ['member te0task', 'tsb1 task'],
    ['switch tsb1 ipv6/conf/tsb1/accept_ra', '1'],
    ['host ipv6', 'on'],
  ]);
  const found = differencesOf(wanted, present);
  t.deepEqual(
    entryProblems(found, []).map(({ evidence }) => evidence),
    [
      'fdb tsv1 m1: 192.0.2.9, should be 192.0.2.1; fdb tsv1 m2: stale (192.0.2.7); neigh tsv1 10.0.0.2: missing (m1)',
    ],
  );
  t.deepEqual(lasting(found, found), found);
  t.deepEqual(lasting(found.slice(1), found), found.slice(1));
});

test('elements of the mesh that differ are told by their map', (t) => {
  const wanted = new Map([
    [
      'port4',
      new Map([
        ['6 . 80', 'x'],
        ['6 . 81', 'y'],
      ]),
    ],
  ]);
  const listed = new Map([
    ['port4', new Map([['6 . 80', 'z']])],
    ['nodes', new Map([['7', '']])],
  ]);
  const texts = elementDifferences(wanted, listed);
  t.deepEqual(texts, ['nodes 7: stale', 'port4 6 . 80: z, should be x', 'port4 6 . 81: missing']);
  t.regex(entryProblems([], texts)[0]?.what ?? '', /^3 rules of virtual addresses/);
  t.deepEqual(elementDifferences(wanted, wanted), []);
});

test('IPv6 that went while networks of this node have it is told of', (t) => {
  const subnets = ['10.0.0.0/24', 'fd00::/64'].map((subnet) => SubnetConfig.create({ subnet }));
  const dual = network('dual', { allocation: { vni: 4_097, subnets } });
  t.deepEqual(ipv6Problems([network('v4'), dual], true), []);
  t.deepEqual(ipv6Problems([network('v4')], false), [], 'off from the beginning');
  const [problem] = ipv6Problems([network('v4'), dual], false);
  t.regex(problem?.what ?? '', /^IPv6 has been switched off on this node since/);
  t.regex(problem?.remedy ?? '', /restart tesserad/);
});
