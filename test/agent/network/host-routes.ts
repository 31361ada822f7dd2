import test from 'ava';
import { routesMax, routesOf } from '#agent/network/host-routes';

const text = (...routes: readonly object[]): string => JSON.stringify(routes);

test('a host tells of what it has routes to, sorted, but not of what every host has', (t) => {
  const four = text(
    { dst: 'default', gateway: '192.0.2.1', dev: 'eth0' },
    { dst: '192.0.2.0/24', dev: 'eth0' },
    { dst: '10.200.0.0/16', dev: 'tessera0' },
    { dst: '10.9.0.7', dev: 'tun0' },
    { dst: '169.254.0.0/16', dev: 'eth0' },
    { type: 'blackhole', dst: '10.66.0.0/16' },
  );
  const six = text(
    { dst: 'fe80::/64', dev: 'eth0' },
    { dst: 'fd12:3400::/48', dev: 'eth0' },
    { dst: 'ff00::/8', dev: 'eth0' },
  );
  t.deepEqual(routesOf(four, six), [
    '10.200.0.0/16',
    '10.66.0.0/16',
    '10.9.0.7/32',
    '192.0.2.0/24',
    'fd12:3400::/48',
  ]);
});

test("the cluster's own networks are in nobody's way", (t) => {
  const own = text(
    { dst: '10.0.1.0/24', dev: 'tsb0a1b2c3d' },
    { dst: '10.0.2.0/24', dev: 'tsv0a1b2c3d' },
  );
  t.deepEqual(routesOf(own), []);
});

test('nothing printed is no route, and there are never too many', (t) => {
  t.deepEqual(routesOf('', '[]'), []);
  const many = Array.from({ length: 500 }, (_, at) => ({ dst: `10.${at >> 8}.${at & 255}.0/24` }));
  t.is(routesOf(text(...many)).length, routesMax);
});
