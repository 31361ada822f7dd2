import test from 'ava';
import { Network, NetworkAddress, NetworkAllocation, SubnetConfig, Task } from '#proto';
import { DnsConfig } from '#proto';
import { gatewaysOfTask } from '#agent/network-view/gateways';
import { LiveNetworkView } from '#agent/network-view/view';
import { hasReachableServer, hostsText, resolverText } from '#agent/resolver-file';

const host = 'nameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch corp.example\noptions edns0\n';

test('a task on a network asks its gateway, for names as they are', (t) => {
  t.is(
    resolverText(['10.0.0.1', 'fd00::1'], undefined, host),
    'nameserver 10.0.0.1\nnameserver fd00::1\nsearch corp.example\noptions edns0 ndots:0\n',
  );
});

test('servers that such a task names are asked by the host, its domains and options are its own', (t) => {
  const dns = DnsConfig.create({
    nameservers: ['192.0.2.9'],
    search: ['a.example', 'b.example'],
    options: ['ndots:2', 'timeout:1'],
  });
  t.is(
    resolverText(['10.0.0.1'], dns, host),
    'nameserver 10.0.0.1\nsearch a.example b.example\noptions ndots:2 timeout:1\n',
  );
  t.is(resolverText([], dns, host).split('\n')[0], 'nameserver 192.0.2.9');
});

test('a task without networks asks the servers of the host that it can reach', (t) => {
  t.is(
    resolverText([], undefined, host),
    'nameserver 192.0.2.53\nsearch corp.example\noptions edns0\n',
  );
  t.true(hasReachableServer(host));
  t.false(hasReachableServer('nameserver 127.0.0.53\nnameserver ::1\n'));
});

test('a lone dot means no search', (t) => {
  t.notRegex(resolverText([], DnsConfig.create({ search: ['.'] }), host), /search/);
});

test('/etc/hosts has the task by all of its addresses, and the lines of the user', (t) => {
  const text = hostsText('web', ['10.0.0.9', '', 'fd00::9'], ['db:192.0.2.1', 'six:2001:db8::1']);
  t.deepEqual(text.split('\n').slice(2), [
    '192.0.2.1\tdb',
    '2001:db8::1\tsix',
    '10.0.0.9\tweb',
    'fd00::9\tweb',
    '',
  ]);
});

test('the gateways are those of the first network that is not the ingress', (t) => {
  const view = new LiveNetworkView();
  const network = (id: string, gateway: string, isIngress = false): void => {
    const subnets = [SubnetConfig.create({ gateway })];
    const allocation = NetworkAllocation.create({ subnets });
    view.networks.set(id, Network.create({ id, isIngress, allocation }));
  };
  network('in', '10.0.0.1', true);
  network('a', '10.0.1.1');
  network('b', '10.0.2.1');
  const on = (...ids: readonly string[]) =>
    Task.create({ networks: ids.map((networkId) => NetworkAddress.create({ networkId })) });
  t.deepEqual(gatewaysOfTask(view, on('in', 'b', 'a')), ['10.0.2.1']);
  t.deepEqual(gatewaysOfTask(view, on('in')), []);
  t.deepEqual(gatewaysOfTask(view, on()), []);
});
