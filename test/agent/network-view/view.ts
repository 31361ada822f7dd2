import test from 'ava';
import { LiveNetworkView, endpointKey } from '#agent/network-view/view';
import { Endpoint, Network, NetworkChanges } from '#proto';

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
