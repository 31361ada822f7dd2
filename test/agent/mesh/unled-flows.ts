/** Which flows are ended when a port comes to lead to tasks: by what conntrack prints. */
import test from 'ava';
import { endingLines, unledPort } from '#agent/mesh/unled-flows';

const line = (
  original: string,
  reply: string,
  { mark = '[UNREPLIED] ', protocol = 'udp      17' } = {},
): string => `${protocol} 29 ${original} ${mark}${reply} mark=0 use=1`;
const unled = line(
  'src=192.168.0.3 dst=192.168.0.1 sport=40000 dport=8080',
  'src=192.168.0.1 dst=192.168.0.3 sport=8080 dport=40000',
);
const v6 = line(
  'src=fd01::3 dst=fd01::1 sport=40000 dport=8080',
  'src=fd01::1 dst=fd01::3 sport=8080 dport=40000',
);

test('keys of entrances are ports, when they are of UDP', (t) => {
  t.deepEqual(unledPort('17 . 53'), { address: undefined, port: 53 });
  t.deepEqual(unledPort('192.168.0.1 . 17 . 53'), { address: '192.168.0.1', port: 53 });
  t.deepEqual(unledPort('fd01::1 . 17 . 53'), { address: 'fd01::1', port: 53 });
  t.is(unledPort('6 . 53'), undefined);
  t.is(unledPort('10.0.1.2'), undefined);
});

test('a flow that stayed with the host is ended, by both families', (t) => {
  const expected = [
    '-D -f ipv4 -p udp -s 192.168.0.3 -d 192.168.0.1 --sport 40000 --dport 8080',
    '-D -f ipv6 -p udp -s fd01::3 -d fd01::1 --sport 40000 --dport 8080',
  ];
  const listing = `${unled}\n${v6}\n`;
  t.deepEqual(endingLines(listing, [{ address: undefined, port: 8080 }]), expected);
  t.deepEqual(endingLines(listing, [{ address: 'fd01::1', port: 8080 }]), expected.slice(1));
});

test('all others go on', (t) => {
  const ports = [
    { address: undefined, port: 8080 },
    { address: '192.168.0.9', port: 8081 },
  ];
  const original = 'src=192.168.0.3 dst=192.168.0.1 sport=40000 dport=8080';
  const others = [
    line(original, 'src=10.0.1.11 dst=192.168.0.3 sport=80 dport=40000'),
    line(original, 'src=192.168.0.1 dst=192.168.0.3 sport=8080 dport=40000', {
      mark: '[ASSURED] ',
    }),
    unled.replace('udp', 'tcp'),
    unled.replaceAll('8080', '80'),
    unled.replaceAll('8080', '8081'),
    line(
      'src=10.0.1.20 dst=192.168.0.7 sport=40000 dport=8080',
      'src=192.168.0.7 dst=192.168.0.1 sport=8080 dport=40000',
    ),
    'udp 17 nonsense [UNREPLIED]',
    '',
  ];
  t.deepEqual(endingLines(others.join('\n'), ports), []);
});
