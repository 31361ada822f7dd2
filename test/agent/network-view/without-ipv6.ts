import test from 'ava';
import {
  Endpoint,
  Network,
  NetworkChanges,
  NetworkHost,
  NetworkService,
  SubnetConfig,
} from '#proto';
import { withoutIpv6 } from '#agent/network-view/without-ipv6';

test('a host without IPv6 hears of IPv4 alone', (t) => {
  const subnets = ['10.0.0.0/24', 'fd00::/64'].map((subnet) => SubnetConfig.create({ subnet }));
  const both = { address: '10.0.0.2', addressV6: 'fd00::2' };
  const told = withoutIpv6(
    NetworkChanges.create({
      sequence: 7,
      isFull: true,
      networks: [
        Network.create({ id: 'a', allocation: { vni: 4_097, subnets } }),
        Network.create(),
      ],
      hosts: [NetworkHost.create({ nodeId: 'n', addresses: both }), NetworkHost.create()],
      endpoints: [Endpoint.create({ taskId: 't', ...both })],
      services: [NetworkService.create({ name: 'web', ...both })],
      removedHosts: ['a/gone'],
    }),
  );
  t.deepEqual(told.networks[0]?.allocation, { vni: 4_097, subnets: subnets.slice(0, 1) });
  const v4 = { address: '10.0.0.2', addressV6: '' };
  t.deepEqual(told.hosts[0]?.addresses, v4);
  t.like(told.endpoints[0], { taskId: 't', ...v4 });
  t.like(told.services[0], { name: 'web', ...v4 });
  t.like(told, { sequence: 7, isFull: true, removedHosts: ['a/gone'] });
});
