import test from 'ava';
import { ControlService, EndpointMode, GetNetworkResponse, HostAddresses, Network } from '#proto';
import {
  InitResponse,
  ListNetworksResponse,
  ListNodesResponse,
  NetworkAllocation,
  NetworkDriver,
} from '#proto';
import {
  LocalService,
  NetworkEndpoint,
  NetworkSpec,
  Node,
  NodeDescription,
  TaskState,
} from '#proto';
import type { CreateNetworkRequest } from '#proto';
import { UsageError } from '#cli/cli';
import { parseNetwork } from '#cli/parse/network';
import { parsePorts } from '#cli/parse/port';
import { specFromFlags } from '#cli/service/create-spec';
import { withNames } from '#cli/service/network-lists';
import { changedSpec } from '#cli/service/update-spec';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

const usage = { instanceOf: UsageError };

test('--network is read', (t) => {
  t.deepEqual(parseNetwork('--network', 'ov'), { network: 'ov', aliases: [], addresses: [] });
  t.deepEqual(parseNetwork('--network', 'name=ov,alias=a,alias=b,ip=10.1.0.5,ip=10.1.0.6'), {
    network: 'ov',
    aliases: ['a', 'b'],
    addresses: ['10.1.0.5', '10.1.0.6'],
  });
  t.regex(
    t.throws(() => parseNetwork('--network', 'name=ov,vip=1'), usage).message,
    /field 'vip' is not known: use name, alias, ip/,
  );
  t.regex(t.throws(() => parseNetwork('--network', 'alias=a'), usage).message, /name is missing/);
});

test('a published port is one of every node unless its mode is host', (t) => {
  const [port] = parsePorts('--publish', 'published=8080,target=80,protocol=udp,ip=192.0.2.1');
  t.like(port, { mode: 0, publishedPort: 8080, targetPort: 80, hostIp: '192.0.2.1' });
});

test('flags of networks, names and the endpoint reach their fields', (t) => {
  const sources = { env: {}, readFile: () => '' };
  const spec = specFromFlags(
    'app',
    [],
    {
      network: ['name=ov,alias=db'],
      endpointMode: 'dnsrr',
      sessionAffinity: '90s',
      dns: ['192.0.2.53'],
      dnsSearch: ['corp.test'],
      dnsOption: ['ndots:2'],
      host: ['db:10.0.0.9'],
      allowFrom: ['front'],
    },
    sources,
  );
  t.like(spec.task, {
    networks: [{ network: 'ov', aliases: ['db'], addresses: [] }],
    dns: { nameservers: ['192.0.2.53'], search: ['corp.test'], options: ['ndots:2'] },
    hosts: ['db:10.0.0.9'],
  });
  t.like(spec.endpoint, { mode: EndpointMode.DNSRR, sessionAffinitySeconds: 90 });
  t.deepEqual(spec.allowFrom, ['front']);
});

test('an update takes networks away and adds them by name, whatever ids the store has', (t) => {
  const sources = { env: {}, readFile: () => '' };
  const stored = specFromFlags('app', [], { network: ['id1', 'id2'] }, sources);
  const names = new Map([
    ['id1', 'ov'],
    ['id2', 'db'],
  ]);
  const changed = changedSpec(
    withNames(stored, names),
    { networkRm: ['ov'], networkAdd: ['name=db,alias=cache', 'new'] },
    {},
  );
  t.deepEqual(
    changed.task?.networks.map(({ network, aliases }) => [network, ...aliases]),
    [['db', 'cache'], ['new']],
  );
});

test('network create sends what its flags say', async (t) => {
  const daemon = new FakeDaemon().on(ControlService.createNetwork, () => ({
    network: Network.create({ id: 'abc' }),
    warnings: [],
  }));
  const flags =
    '--subnet fd01::/64 --subnet 10.1.0.0/24 --gateway 10.1.0.254 --ip-range 10.1.0.0/25';
  const more = '--internal --attachable --isolated --opt mtu=1400 -o encrypted --label tier=back';
  const argv = `network create ${flags} ${more} db`.split(' ');
  const result = await tsctl(daemon, argv);
  t.is(result.out, 'abc\n');
  const request = daemon.requests[0]?.request as CreateNetworkRequest | undefined;
  t.deepEqual(request?.spec, {
    name: 'db',
    labels: { tier: 'back' },
    driver: NetworkDriver.OVERLAY,
    subnets: [
      { subnet: '10.1.0.0/24', gateway: '10.1.0.254', ipRange: '10.1.0.0/25' },
      { subnet: 'fd01::/64', gateway: '', ipRange: '' },
    ],
    isIpv6: false,
    isInternal: true,
    isAttachable: true,
    isEncrypted: true,
    isIsolated: true,
    mtu: 1400,
  });
  const wrong = await tsctl(daemon, ['network', 'create', '--opt', 'fast', 'x']);
  t.regex(wrong.err, /--opt 'fast': use mtu=N or encrypted/);
  t.is(wrong.code, 2);
});

const ov = Network.create({
  id: 'abcdefghijklmnop',
  spec: NetworkSpec.create({ name: 'ov', isInternal: true }),
  allocation: NetworkAllocation.create({
    vni: 4097,
    subnets: [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1', ipRange: '' }],
  }),
  hosts: { n1: HostAddresses.create({ address: '10.0.0.3' }) },
});

test('network ls shows names, numbers and subnets', async (t) => {
  const daemon = new FakeDaemon().on(ControlService.listNetworks, () =>
    ListNetworksResponse.create({ networks: [ov] }),
  );
  const { out } = await tsctl(daemon, ['network', 'ls']);
  const [head = '', line = ''] = out.split('\n');
  t.regex(head, /^NETWORK ID +NAME +DRIVER +VNI +SUBNETS +OPTIONS +ERROR$/);
  t.regex(line, /^abcdefghijkl +ov +overlay +4097 +10\.0\.0\.0\/24 +internal$/);
});

test('network inspect shows who is on it, by node', async (t) => {
  const endpoint = NetworkEndpoint.create({
    taskId: 't1',
    serviceName: 'web',
    slot: 2,
    nodeId: 'n1',
    state: TaskState.RUNNING,
    address: { networkId: ov.id, address: '10.0.0.5', addressV6: '' },
  });
  const node = Node.create({
    id: 'n1',
    description: NodeDescription.create({ hostname: 'host1' }),
  });
  const daemon = new FakeDaemon()
    .on(ControlService.getNetwork, () =>
      GetNetworkResponse.create({ network: ov, endpoints: [endpoint] }),
    )
    .on(ControlService.listNodes, () => ListNodesResponse.create({ nodes: [node] }));
  const { out } = await tsctl(daemon, ['network', 'inspect', '--pretty', 'ov']);
  t.regex(out, /^Subnet: +10\.0\.0\.0\/24, gateway 10\.0\.0\.1$/m);
  t.regex(out, /^host1 +10\.0\.0\.3$/m);
  t.regex(out, /^web\.2 +host1 +10\.0\.0\.5 +Running$/m);
  const json = await tsctl(daemon, ['network', 'inspect', 'ov']);
  t.like(JSON.parse(json.out), [{ id: ov.id, endpoints: { host1: [{ taskId: 't1' }] } }]);
});

test('init sends the pools and where overlay packets come to', async (t) => {
  const daemon = new FakeDaemon().on(LocalService.init, () => InitResponse.create({ nodeId: 'n' }));
  const pools = '--default-addr-pool 10.20.0.0/16 --default-addr-pool-mask-length 26';
  await tsctl(daemon, `init ${pools} --data-path-port 7789 --data-path-addr eth1`.split(' '));
  t.like(daemon.requests[0]?.request, {
    dataPathAddress: 'eth1',
    spec: { networks: { addressPools: ['10.20.0.0/16'], subnetLength: 26, dataPathPort: 7789 } },
  });
  const restore = await tsctl(daemon, ['init', '--restore', 'f', '--data-path-port', '7789']);
  t.regex(restore.err, /--restore takes the cluster's settings from the backup/);
});
