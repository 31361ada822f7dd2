import test from 'ava';
import {
  ClusterSpec,
  CreateNetworkRequest,
  CreateServiceRequest,
  EndpointMode,
  EndpointSpec,
  GetNetworkRequest,
  HostAddresses,
  Network,
  NetworkAddress,
  NetworkAllocation,
  NetworkAttachmentConfig,
  NetworkDefaults,
  NetworkDriver,
  NetworkSpec,
  NodeDescription,
  PortConfig,
  PublishMode,
  RemoveNetworkRequest,
  Service,
  ServiceEndpoint,
  SubnetConfig,
  UpdateClusterRequest,
  UpdateConfig,
  UpdateOrder,
  UpdateServiceRequest,
} from '#proto';
import type { ServiceSpec } from '#proto';
import { checkedClusterSpec } from '#manager/control/cluster';
import { aCall, aReadyNode, aSpec, makeTestControl, refusal } from '#test/_support/control';
import type { TestControl } from '#test/_support/control';
import { aTask } from '#test/_support/objects';

const call = aCall();
type Spec = Partial<NetworkSpec>;

function create(own: TestControl, spec: Spec): Promise<string> {
  const request = CreateNetworkRequest.create({
    spec: NetworkSpec.create({ name: 'ov', ...spec }),
  });
  return refusal(own.control.createNetwork(request, call));
}

function subnet(text: string, init: Partial<SubnetConfig> = {}): SubnetConfig {
  return SubnetConfig.create({ subnet: text, ...init });
}

const refused: readonly (readonly [Spec, string])[] = [
  [{ name: '' }, 'network name "" is not valid'],
  [{ name: '-a' }, 'network name "-a" is not valid'],
  [{ name: 'ingress' }, 'the name ingress is kept for a network that is always there'],
  [{ name: 'Host' }, 'the name host is kept for'],
  [
    { subnets: [subnet('10.1.0.5/24')] },
    '--subnet "10.1.0.5/24" is not a subnet: write it as 10.1.0.0/24',
  ],
  [{ subnets: [subnet('10.1.0.0')] }, 'is not a subnet: write it as 10.1.0.0/24'],
  [{ subnets: [subnet('127.0.0.0/24')] }, '--subnet 127.0.0.0/24 is for the loopback'],
  [{ subnets: [subnet('10.1.0.0/30')] }, 'use a prefix of /8 to /29 for IPv4'],
  [{ subnets: [subnet('fd00::/127')] }, 'use a prefix of /32 to /124 for IPv6'],
  [{ subnets: [subnet('10.1.0.0/24'), subnet('10.2.0.0/24')] }, 'two --subnet of IPv4'],
  [
    { subnets: [subnet('', { gateway: '10.1.0.1' })] },
    '--gateway and --ip-range need the --subnet',
  ],
  [
    { subnets: [subnet('10.1.0.0/24', { gateway: '10.1.1.1' })] },
    '--gateway "10.1.1.1" is not an address of a host in 10.1.0.0/24',
  ],
  [
    { subnets: [subnet('10.1.0.0/24', { gateway: '10.1.0.255' })] },
    '--gateway "10.1.0.255" is not an address',
  ],
  [
    { subnets: [subnet('10.1.0.0/24', { ipRange: '10.1.1.0/25' })] },
    '--ip-range "10.1.1.0/25" is not a part of 10.1.0.0/24',
  ],
  [{ mtu: 100 }, '--opt mtu is 100: use a whole number from 576 to 65535'],
  [{ mtu: 1000, isIpv6: true }, '--opt mtu is 1000: use a whole number from 1280 to 65535'],
  [{ driver: NetworkDriver.BRIDGE, isEncrypted: true }, '--opt encrypted needs --driver overlay'],
  [{ driver: NetworkDriver.BRIDGE, isIsolated: true }, '--isolated needs --driver overlay'],
];

for (const [spec, text] of refused) {
  test(`a network is refused: ${text}`, async (t) => {
    const answer = await create(await makeTestControl(), spec);
    t.true(answer.startsWith('INVALID_SPEC: '), answer);
    t.true(answer.includes(text), answer);
  });
}

test('an overlay may be encrypted', async (t) => {
  const own = await makeTestControl();
  t.is(await create(own, { isEncrypted: true }), 'accepted');
  t.true(own.store.view((tx) => tx.byName('network', 'ov'))?.spec?.isEncrypted);
});

test('a name and a subnet that another network has are refused, naming it', async (t) => {
  const own = await makeTestControl();
  t.is(await create(own, { subnets: [subnet('10.1.0.0/16')] }), 'accepted');
  t.regex(await create(own, {}), /^ALREADY_EXISTS: network ov already exists/);
  t.is(
    await create(own, { name: 'b', subnets: [subnet('10.1.7.0/24')] }),
    'FAILED_PRECONDITION: --subnet 10.1.7.0/24 overlaps 10.1.0.0/16 of network ov:' +
      ' choose another, or leave it out and get a free one',
  );
});

test('a subnet that a node has a route to is refused, naming node and route', async (t) => {
  const own = await makeTestControl();
  const description = NodeDescription.create({
    hostname: 'host7',
    routes: ['0.0.0.0/0', '192.168.1.0/24'],
  });
  await own.store.update((tx) => tx.create('node', aReadyNode('n7', 'host7', { description })));
  t.is(
    await create(own, { subnets: [subnet('192.168.0.0/16')] }),
    'FAILED_PRECONDITION: --subnet 192.168.0.0/16 overlaps the route 192.168.1.0/24 of node host7:' +
      ' choose another',
  );
  t.is(await create(own, { subnets: [subnet('192.168.2.0/24')] }), 'accepted');
});

test('addresses are kept in the one way they are written, and an IPv6 subnet means IPv6', async (t) => {
  const own = await makeTestControl();
  const subnets = [subnet('FD00:0:0::/64', { gateway: 'fd00:0::A' })];
  t.is(await create(own, { subnets }), 'accepted');
  const network = own.store.view((tx) => tx.byName('network', 'ov'));
  t.deepEqual(network?.spec?.subnets, [{ subnet: 'fd00::/64', gateway: 'fd00::a', ipRange: '' }]);
  t.true(network?.spec?.isIpv6);
});

/** A network with addresses: the gateway .1, node n1 .2. */
async function withNetwork(): Promise<TestControl> {
  const own = await makeTestControl();
  const allocation = NetworkAllocation.create({
    vni: 4097,
    subnets: [subnet('10.1.0.0/24', { gateway: '10.1.0.1' })],
  });
  await own.store.update((tx) => {
    tx.create('node', aReadyNode('n1', 'host1'));
    for (const id of ['net1', 'net2'])
      tx.create(
        'network',
        Network.create({
          id,
          spec: NetworkSpec.create({ name: id === 'net1' ? 'ov' : 'other' }),
          allocation: id === 'net1' ? allocation : undefined,
          hosts: id === 'net1' ? { n1: HostAddresses.create({ address: '10.1.0.2' }) } : {},
        }),
      );
  });
  return own;
}

function on(
  networks: readonly Partial<NetworkAttachmentConfig>[],
  init: Partial<ServiceSpec> = {},
) {
  const spec = aSpec(init);
  const list = networks.map((one) => NetworkAttachmentConfig.create(one));
  return { ...spec, task: spec.task && { ...spec.task, networks: list } };
}

const put = (own: TestControl, spec: ServiceSpec): Promise<string> =>
  refusal(own.control.createService(CreateServiceRequest.create({ spec }), call));

test('a service names networks as people do, and the store has their ids', async (t) => {
  const own = await withNetwork();
  t.is(await put(own, on([{ network: 'ov', aliases: ['db'] }, { network: 'net2' }])), 'accepted');
  const networks = own.store.view((tx) => tx.serviceByName('web')?.spec?.task?.networks);
  t.deepEqual(
    networks?.map(({ network }) => network),
    ['net1', 'net2'],
  );
});

const ingress = PortConfig.create({ targetPort: 80, publishedPort: 80, mode: PublishMode.INGRESS });
const dnsrr = EndpointSpec.create({ mode: EndpointMode.DNSRR });
const startFirst = UpdateConfig.create({ order: UpdateOrder.START_FIRST });

const refusedServices: readonly (readonly [ServiceSpec, string])[] = [
  [on([{ network: 'nowhere' }]), "NOT_FOUND: network nowhere not found: see 'tsctl network ls'"],
  [on([{ network: 'ov' }, { network: 'net1' }]), 'INVALID_SPEC: two --network name ov'],
  [on([{ network: 'host' }, { network: 'ov' }]), 'INVALID_SPEC: --network host goes alone'],
  [on([{ network: 'none', aliases: ['a'] }]), 'INVALID_SPEC: --network none has no aliases'],
  [on([{ network: 'ov', aliases: ['a b'] }]), 'INVALID_SPEC: --network alias "a b" is not a name'],
  [
    on([{ network: 'ov', addresses: ['10.1'] }]),
    'INVALID_SPEC: --network ip "10.1" is not an IP address',
  ],
  [
    on([{ network: 'ov', addresses: ['10.2.0.5'] }]),
    'INVALID_SPEC: --network ip 10.2.0.5 is not an address of a task in 10.1.0.0/24 of network ov',
  ],
  [
    on([{ network: 'ov', addresses: ['10.1.0.1'] }]),
    'FAILED_PRECONDITION: --network ip 10.1.0.1 of network ov is that of the gateway',
  ],
  [
    on([{ network: 'ov', addresses: ['10.1.0.2'] }]),
    'FAILED_PRECONDITION: --network ip 10.1.0.2 of network ov is that of node host1',
  ],
  [
    on([{ network: 'ov', addresses: ['10.1.0.9', '10.1.0.9'] }]),
    'INVALID_SPEC: two --network ip are 10.1.0.9',
  ],
  [
    on([{ network: 'ov', addresses: ['10.1.0.9'] }], { update: startFirst }),
    'INVALID_SPEC: --update-order start-first cannot be with',
  ],
  [
    on([{ network: 'ov', addresses: ['10.1.0.9'] }], { mode: { kind: 'global', global: {} } }),
    'INVALID_SPEC: --network ip= needs --mode replicated',
  ],
  [
    on([], { endpoint: { ...dnsrr, sessionAffinitySeconds: 60 } }),
    'INVALID_SPEC: --session-affinity needs --endpoint-mode vip',
  ],
  [
    on([], { allowFrom: ['nobody'] }),
    "NOT_FOUND: service nobody not found: see 'tsctl service ls'",
  ],
];

for (const [spec, text] of refusedServices) {
  test(`a service is refused: ${text}`, async (t) => {
    const answer = await put(await withNetwork(), spec);
    t.true(answer.startsWith(text), answer);
  });
}

test('a fixed address that another service keeps, or its task has, is refused naming it', async (t) => {
  const own = await withNetwork();
  t.is(
    await put(own, on([{ network: 'ov', addresses: ['10.1.0.9'] }], { name: 'first' })),
    'accepted',
  );
  t.regex(
    await put(own, on([{ network: 'ov', addresses: ['10.1.0.9'] }], { name: 'second' })),
    /10\.1\.0\.9 of network ov is that of service first/,
  );
  const networks = [NetworkAddress.create({ networkId: 'net1', address: '10.1.0.7' })];
  await own.store.update((tx) =>
    tx.create('task', aTask({ id: 't7', serviceId: 'x', serviceName: 'db', slot: 3, networks })),
  );
  t.regex(
    await put(own, on([{ network: 'ov', addresses: ['10.1.0.7'] }], { name: 'third' })),
    /10\.1\.0\.7 of network ov is that of task db\.3/,
  );
});

test('a published port that another service has is refused with its name', async (t) => {
  const own = await withNetwork();
  const spec = aSpec({ name: 'front', endpoint: EndpointSpec.create({ ports: [ingress] }) });
  await own.store.update((tx) => tx.create('service', Service.create({ id: 's1', spec })));
  const host = { ...ingress, mode: PublishMode.HOST };
  const taken = (port: PortConfig): Promise<string> =>
    put(own, aSpec({ endpoint: EndpointSpec.create({ ports: [port] }) }));
  t.is(
    await taken(host),
    "FAILED_PRECONDITION: port '80' is already in use by service 'front' (s1) as an ingress port",
  );
  t.is(await taken({ ...host, publishedPort: 81 }), 'accepted');
});

test('two services may publish one port of their hosts', async (t) => {
  const own = await withNetwork();
  const endpoint = EndpointSpec.create({ ports: [{ ...ingress, mode: PublishMode.HOST }] });
  t.is(await put(own, aSpec({ name: 'a', endpoint })), 'accepted');
  t.is(await put(own, aSpec({ name: 'b', endpoint })), 'accepted');
});

test('a change of networks replaces the tasks; that of who may call does not', async (t) => {
  const own = await withNetwork();
  await put(own, on([{ network: 'ov' }]));
  await put(own, aSpec({ name: 'caller' }));
  const update = async (change: (spec: ServiceSpec) => ServiceSpec): Promise<number> => {
    const service = own.store.view((tx) => tx.serviceByName('web'));
    const request = UpdateServiceRequest.create({
      ref: 'web',
      version: service?.meta?.version ?? 0,
      spec: service?.spec && change(service.spec),
    });
    const answer = await own.control.updateService(request, call);
    return answer.service?.specVersion ?? 0;
  };
  t.is(await update((spec) => ({ ...spec, allowFrom: ['caller'] })), 1);
  const changed = await update((spec) => ({ ...spec, task: on([{ network: 'other' }]).task }));
  t.true(changed > 1);
});

test('a network in use is not removed, naming who uses it; a free one is', async (t) => {
  const own = await withNetwork();
  const remove = (ref: string): Promise<string> =>
    refusal(own.control.removeNetwork(RemoveNetworkRequest.create({ ref }), call));
  await put(own, on([{ network: 'ov' }]));
  t.is(
    await remove('ov'),
    "FAILED_PRECONDITION: network ov is in use by service web: take them off it with 'tsctl service" +
      " update --network-rm', or remove them first",
  );
  t.is(await remove('other'), 'accepted');
});

test('a service that still has an address there uses a network too, and its tasks after it', async (t) => {
  const own = await withNetwork();
  const virtualAddresses = [NetworkAddress.create({ networkId: 'net1', address: '10.1.0.3' })];
  const endpoint = ServiceEndpoint.create({ virtualAddresses });
  await own.store.update((tx) => {
    tx.create('service', Service.create({ id: 's1', spec: aSpec(), endpoint }));
    const networks = [NetworkAddress.create({ networkId: 'net2', address: '10.2.0.3' })];
    tx.create('task', aTask({ serviceName: 'web', slot: 2, networks }));
  });
  const remove = (ref: string): Promise<string> =>
    refusal(own.control.removeNetwork(RemoveNetworkRequest.create({ ref }), call));
  t.regex(await remove('ov'), /is in use by service web/);
  t.regex(await remove('other'), /is in use by task web\.2/);
});

test('an inspection shows the tasks on a network and the services that are to be', async (t) => {
  const own = await withNetwork();
  await put(own, on([{ network: 'ov' }]));
  const address = NetworkAddress.create({ networkId: 'net1', address: '10.1.0.5' });
  await own.store.update((tx) =>
    tx.create('task', aTask({ nodeId: 'n1', serviceName: 'web', slot: 1, networks: [address] })),
  );
  const answer = await own.control.getNetwork(GetNetworkRequest.create({ ref: 'ov' }), call);
  t.like(answer.endpoints, [{ taskId: 't1', nodeId: 'n1', serviceName: 'web', address }]);
  t.is(answer.serviceIds.length, 1);
});

const refusedDefaults: readonly (readonly [Partial<NetworkDefaults>, string])[] = [
  [
    { addressPools: ['10.0.0.1/8'] },
    '--default-addr-pool "10.0.0.1/8" is not a subnet: write it as 10.0.0.0/8',
  ],
  [{ addressPools: ['fd00::/48'] }, '--default-addr-pool fd00::/48 is IPv6'],
  [
    { addressPools: ['10.0.0.0/8', '10.9.0.0/16'] },
    'two --default-addr-pool overlap: 10.0.0.0/8 and 10.9.0.0/16',
  ],
  [
    { addressPools: ['10.0.0.0/26'] },
    '--default-addr-pool-mask-length 24 is shorter than the pool 10.0.0.0/26',
  ],
  [{ addressPools: ['10.0.0.0/8'], subnetLength: 29 }, 'cuts 10.0.0.0/8 into too many pieces'],
  [{ subnetLength: 30 }, '--default-addr-pool-mask-length is 30: use a whole number from 8 to 29'],
  [{ dataPathPort: 24_791 }, '--data-path-port 24791 is one of encrypted networks: choose another'],
  [{ dataPathPort: 80 }, '--data-path-port is 80: use a whole number from 1024 to 49151'],
];

for (const [defaults, text] of refusedDefaults) {
  test(`a cluster is not founded with ${text}`, (t) => {
    const networks = NetworkDefaults.create(defaults);
    const error = t.throws(() => checkedClusterSpec(ClusterSpec.create({ networks })));
    t.true(error.message.includes(text), error.message);
  });
}

test('the pools of a cluster that is founded do not change', async (t) => {
  const own = await makeTestControl();
  const { cluster } = await own.control.getCluster({}, call);
  const networks = NetworkDefaults.create({ addressPools: ['10.20.0.0/16'] });
  const spec = cluster?.spec && { ...cluster.spec, networks };
  const request = UpdateClusterRequest.create({ version: cluster?.meta?.version ?? 0, spec });
  t.regex(
    await refusal(own.control.updateCluster(request, call)),
    /^FAILED_PRECONDITION: the address pools and the data path port are fixed/,
  );
});
