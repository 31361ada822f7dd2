import test from 'ava';
import { LiveNetworkView } from '#agent/network-view/view';
import { targetsOfTask } from '#agent/network-view/targets';
import { NetworkAddress, NetworkChanges, NetworkService, PortConfig, Protocol } from '#proto';
import { assigned } from '#test/_support/agent-world';

const on = (...networkIds: readonly string[]) =>
  networkIds.map((networkId) => NetworkAddress.create({ networkId }));

test('the ports of mode host, and those that the service publishes, each once', (t) => {
  const view = new LiveNetworkView();
  const ports = [
    PortConfig.create({ publishedPort: 8080, targetPort: 80 }),
    PortConfig.create({ publishedPort: 8081, targetPort: 80 }),
    PortConfig.create({ publishedPort: 53, targetPort: 53, protocol: Protocol.UDP }),
    PortConfig.create({ publishedPort: 36, targetPort: 36, protocol: Protocol.SCTP }),
  ];
  const services = [
    NetworkService.create({ networkId: 'ingress', serviceId: 'service1', ports }),
    NetworkService.create({
      networkId: 'ingress',
      serviceId: 'other',
      ports: [PortConfig.create({ targetPort: 1 })],
    }),
  ];
  view.apply(NetworkChanges.create({ isFull: true, services }));
  const own = [PortConfig.create({ publishedPort: 9000, targetPort: 90 })];
  const task = assigned('t', { networks: on('front', 'ingress'), ports: own });
  t.deepEqual(targetsOfTask(view, task), ['90/tcp', '80/tcp', '53/udp']);
});

test('a task without ports, or of a service that is not known, has none', (t) => {
  const view = new LiveNetworkView();
  t.deepEqual(targetsOfTask(view, assigned('t', { networks: on('ingress') })), []);
});
