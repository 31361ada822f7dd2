import test from 'ava';
import { PortConfig, Protocol } from '#proto';
import { findClashes, parseListeners } from '#agent/mesh/port-clashes';

const listing = `tcp LISTEN 0      511    127.0.0.1:33491 0.0.0.0:*
tcp LISTEN 0      128      0.0.0.0:22    0.0.0.0:*
tcp LISTEN 0      128         [::]:22       [::]:*
udp UNCONN 0      0      10.0.1.1:53    0.0.0.0:*
udp UNCONN 0      0      127.0.0.53%lo:53    0.0.0.0:*
tcp LISTEN 0      128            *:9100        *:*
something else
`;

test('listening processes are read from what ss says', (t) => {
  t.deepEqual(parseListeners(listing), [
    { port: '6 . 33491', address: '127.0.0.1' },
    { port: '6 . 22', address: undefined },
    { port: '6 . 22', address: undefined },
    { port: '17 . 53', address: '10.0.1.1' },
    { port: '17 . 53', address: '127.0.0.53' },
    { port: '6 . 9100', address: undefined },
  ]);
});

test('a port clashes with who listens where it is published; bridges and 127.0.0.0/8 are apart', (t) => {
  const port = (publishedPort: number, init: Partial<PortConfig> = {}) =>
    PortConfig.create({ publishedPort, targetPort: 80, ...init });
  const { everywhere, onLoopback } = findClashes(
    [
      port(22),
      port(33491),
      port(53, { protocol: Protocol.UDP }),
      port(9100, { protocol: Protocol.UDP }),
      port(80),
    ],
    parseListeners(listing),
    new Set(['10.0.1.1']),
  );
  t.deepEqual([...everywhere], ['6 . 22']);
  t.deepEqual([...onLoopback], ['6 . 33491']);
  const listeners = [{ port: '6 . 80', address: '192.168.0.1' }];
  const found = (hostIp: string) =>
    findClashes([port(80, { hostIp })], listeners, new Set()).everywhere.size;
  t.deepEqual([found('192.168.0.1'), found('192.168.0.2'), found('')], [1, 0, 1]);
});
