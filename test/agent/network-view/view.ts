import test from 'ava';
import { LiveNetworkView, endpointKey } from '#agent/network-view/view';
import { Endpoint, Network, NetworkChanges, NetworkHost, NetworkService } from '#proto';

const at = (taskId: string, address: string) =>
  Endpoint.create({ networkId: 'n', taskId, address });

test('a full set removes what it does not name', (t) => {
  const view = new LiveNetworkView();
  view.apply(NetworkChanges.create({ isFull: true, endpoints: [at('a', '1'), at('b', '2')] }));
  const { endpoints } = view.apply(
    NetworkChanges.create({ isFull: true, endpoints: [at('b', '3')] }),
  );
  t.deepEqual(endpoints, [
    { old: at('a', '1'), now: undefined },
    { old: at('b', '2'), now: at('b', '3') },
  ]);
  t.deepEqual([...view.endpoints.keys()], [endpointKey('n', 'b')]);
});

test('an increment leaves what it does not name; what is not there can be removed', (t) => {
  const view = new LiveNetworkView();
  view.apply(NetworkChanges.create({ isFull: true, networks: [Network.create({ id: 'n' })] }));
  const changes = view.apply(
    NetworkChanges.create({
      endpoints: [at('a', '1')],
      removedEndpoints: [endpointKey('n', 'gone')],
    }),
  );
  t.deepEqual(changes.endpoints, [{ old: undefined, now: at('a', '1') }]);
  t.deepEqual(changes.networks, []);
  t.is(view.networks.size, 1);
});

test('a network that goes takes with it what is on it', (t) => {
  const view = new LiveNetworkView();
  const on = (networkId: string) => ({
    hosts: [NetworkHost.create({ networkId, nodeId: 'h' })],
    endpoints: [Endpoint.create({ networkId, taskId: 'a' })],
    services: [NetworkService.create({ networkId, serviceId: 's' })],
  });
  for (const id of ['n', 'm'])
    view.apply(NetworkChanges.create({ networks: [Network.create({ id })], ...on(id) }));
  const changes = view.apply(NetworkChanges.create({ removedNetworkIds: ['n'] }));
  t.deepEqual(
    [changes.hosts, changes.endpoints, changes.services].map((each) => each.length),
    [1, 1, 1],
  );
  t.deepEqual([...view.services.keys()], ['m/s']);
});

test('what a full set repeats is no change', (t) => {
  const view = new LiveNetworkView();
  const full = NetworkChanges.create({ isFull: true, endpoints: [at('a', '1'), at('b', '2')] });
  view.apply(full);
  t.deepEqual(view.apply(NetworkChanges.decode(NetworkChanges.encode(full))).endpoints, []);
});
