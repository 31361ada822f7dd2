import { readFile } from 'node:fs/promises';
import test from 'ava';
import { advertiseAddress, joinHostPort, listenAddress, splitHostPort } from '#daemon/advertise';
import { helpText, parseConfig, parseFlags, resolveOptions } from '#daemon/options';
import { version } from '#daemon/version';

test('a host needs no options', (t) => {
  const invocation = parseFlags([]);
  t.deepEqual(invocation, { kind: 'run', given: {}, configFile: undefined });
  const options = resolveOptions({}, {});
  t.is(options.dataDirectory, '/var/lib/tessera');
  t.is(options.metricsAddress, '127.0.0.1:7378');
  t.is(options.runtime, 'containerd');
  t.is(options.networkKeyPeriodMs, 86_400_000);
  t.is(resolveOptions({ 'network-key-period': '90m' }, {}).networkKeyPeriodMs, 5_400_000);
});

test('what a host has beside processors and memory: a number, or names', (t) => {
  const flags = ['--node-generic-resource', 'gpu=u1', '--node-generic-resource=gpu=u2,nic=3'];
  const invocation = parseFlags(flags);
  const given = invocation.kind === 'run' ? invocation.given : {};
  const { genericResources } = resolveOptions(given, {});
  t.deepEqual(
    [...genericResources],
    [
      ['gpu', ['u1', 'u2']],
      ['nic', 3],
    ],
  );
  const file = parseConfig({ 'node-generic-resource': ['gpu=2', 'fpga=a'] }, '/f');
  t.deepEqual(
    [...resolveOptions({}, file).genericResources],
    [
      ['gpu', 2],
      ['fpga', ['a']],
    ],
  );
  t.deepEqual([...resolveOptions({}, {}).genericResources], []);
  for (const wrong of ['gpu', 'gpu=', '=1', 'gpu=1,gpu=2', 'gpu=1,gpu=u', 'gpu=u,gpu=u', 'gpu=a b'])
    t.throws(() => resolveOptions({ 'node-generic-resource': wrong }, {}), {
      code: 'INVALID_ARGUMENT',
      message: /^--node-generic-resource: .* is not valid: use KIND=NUMBER once for a kind/,
    });
});

test('flags win over the file, the file over the defaults', (t) => {
  const invocation = parseFlags(['--log-level', 'debug', '--config=/etc/x.yaml']);
  t.is(invocation.kind, 'run');
  if (invocation.kind !== 'run') return;
  t.is(invocation.configFile, '/etc/x.yaml');
  const file = parseConfig({ 'log-level': 'error', 'data-dir': '/srv/t', metrics: 'none' }, 'f');
  const options = resolveOptions(invocation.given, file);
  t.is(options.logLevel, 'debug');
  t.is(options.dataDirectory, '/srv/t');
  t.is(options.metricsAddress, undefined);
});

test('what is not understood is told in one line that says what to do', (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => parseFlags(['--nope', '1']), /^unknown option --nope: 'tesserad --help' lists them$/],
    [() => parseFlags(['extra']), /^unknown option extra: /],
    [() => parseFlags(['--log-level']), /^--log-level: needs a value$/],
    [() => parseConfig({ nope: 1 }, '/f'), /^\/f: unknown option nope: /],
    [() => parseConfig([1], '/f'), /^\/f: expected a mapping/],
    [() => parseConfig({ metrics: {} }, '/f'), /^\/f: metrics: expected a text$/],
    [() => resolveOptions({ 'log-level': 'loud' }, {}), /^--log-level: 'loud' is not valid: use /],
    [() => resolveOptions({ 'data-dir': 'x' }, {}), /^--data-dir: 'x' .* an absolute path$/],
    [
      () => resolveOptions({ metrics: '7378' }, {}),
      /^--metrics: '7378' is not valid: use HOST:PORT/,
    ],
    [() => resolveOptions({ 'task-subnet': '10.0.0.0/30' }, {}), /^--task-subnet: /],
    [() => resolveOptions({ 'network-key-period': '9s' }, {}), /^--network-key-period: '9s' /],
    [() => resolveOptions({ 'network-key-period': '31d' }, {}), /^--network-key-period: '31d' /],
    [() => resolveOptions({ 'network-key-period': '721h' }, {}), /: use 10s to 720h, such as 12h$/],
  ];
  for (const [run, message] of cases)
    t.throws(run, { code: 'INVALID_ARGUMENT', message }, String(message));
});

test('help names every public option, and the version is that of the package', async (t) => {
  t.is(parseFlags(['--help']).kind, 'help');
  t.is(parseFlags(['--version']).kind, 'version');
  for (const name of ['data-dir', 'containerd', 'metrics', 'cgroup-parent', 'config'])
    t.true(helpText().includes(`--${name} `), name);
  t.false(helpText().includes('--runtime'));
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  t.is((JSON.parse(text) as { version: string }).version, version);
});

const eth0 = { interfaceName: 'eth0', address: '192.0.2.1', isIpv6: false, isLocal: false };
const eth1 = { interfaceName: 'eth1', address: '198.51.100.1', isIpv6: false, isLocal: false };
const lo = { interfaceName: 'lo', address: '127.0.0.1', isIpv6: false, isLocal: true };
const bridge = { interfaceName: 'tessera0', address: '10.200.0.1', isIpv6: false, isLocal: false };
const anywhere = { host: '0.0.0.0', port: 7377 };

test('the only address of a host is advertised unasked; container bridges do not count', (t) => {
  t.is(advertiseAddress('', anywhere, [lo, eth0, bridge]), '192.0.2.1:7377');
  t.is(advertiseAddress('', { host: '127.0.0.1', port: 9000 }, [lo]), '127.0.0.1:9000');
});

test('with several addresses, or none, the user has to say which', (t) => {
  t.throws(() => advertiseAddress('', anywhere, [lo, eth0, eth1]), {
    message:
      'could not choose an IP address to advertise since this system has multiple addresses on different interfaces (192.0.2.1 on eth0, 198.51.100.1 on eth1): pass --advertise-addr',
  });
  t.throws(() => advertiseAddress('', anywhere, [lo]), { message: /none but loopback/ });
});

test('an address may be given as IP, IP:port or interface', (t) => {
  const addresses = [lo, eth0, eth1];
  t.is(advertiseAddress('203.0.113.9', anywhere, addresses), '203.0.113.9:7377');
  t.is(advertiseAddress('203.0.113.9:1', anywhere, addresses), '203.0.113.9:1');
  t.is(advertiseAddress('eth1', anywhere, addresses), '198.51.100.1:7377');
  t.is(advertiseAddress('eth1:99', anywhere, addresses), '198.51.100.1:99');
  t.is(advertiseAddress('[2001:db8::1]:5', anywhere, addresses), '[2001:db8::1]:5');
  t.is(advertiseAddress('2001:db8::1', anywhere, addresses), '[2001:db8::1]:7377');
  t.is(listenAddress('', addresses), '0.0.0.0:7377');
  t.is(listenAddress('eth0', addresses), '192.0.2.1:7377');
  for (const text of ['nowhere', '300.1.1.1', '1.2.3.4:99999', '1.2.3.4:0', ':7377'])
    t.throws(() => advertiseAddress(text, anywhere, addresses), { code: 'INVALID_ARGUMENT' }, text);
});

test('addresses split and join back', (t) => {
  for (const text of ['192.0.2.1:80', '[2001:db8::1]:80', 'manager.example:7377']) {
    const { host, port } = splitHostPort(text, 1, '--x');
    t.is(joinHostPort(host, port), text);
  }
});
