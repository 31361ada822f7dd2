import test from 'ava';
import fc from 'fast-check';
import { MountKind, Protocol, PublishMode } from '#proto';
import { UsageError } from '#cli/cli';
import { parseBytes, parseCpu } from '#cli/parse/bytes';
import { parseDuration } from '#cli/parse/duration';
import { parseInteger } from '#cli/parse/integer';
import { parseEnv, parseEnvFile, parseFields } from '#cli/parse/key-value';
import { parseMount } from '#cli/parse/mount';
import { parsePorts } from '#cli/parse/port';
import { splitWords } from '#cli/parse/shell-words';
import { parseSince } from '#cli/parse/since';
import { shortDuration } from '#cli/output/words';

const usage = { instanceOf: UsageError };

test('durations are sums of numbers with units', (t) => {
  const cases: readonly (readonly [string, number])[] = [
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['2d', 172_800_000],
    ['0', 0],
    ['0s', 0],
    ['1h2m3s4ms', 3_723_004],
  ];
  for (const [text, expected] of cases) t.is(parseDuration('--x', text), expected, text);
});

test('a duration without a unit, or with a sign, is refused and named', (t) => {
  for (const text of ['10', '', '-5s', '5 s', 's', '1m30', '1x', '1e3s']) {
    const error = t.throws(() => parseDuration('--restart-delay', text), usage, text);
    t.is(error.message, `--restart-delay '${text}': write a duration as in 10s, 1m30s or 500ms`);
  }
});

test('what is printed as a short duration reads back as the same', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400_000 }), (seconds) => {
      t.is(parseDuration('--x', shortDuration(seconds * 1000)), seconds * 1000);
    }),
    { numRuns: 200 },
  );
});

test('sizes are powers of 1024 whatever the spelling', (t) => {
  const cases: readonly (readonly [string, number])[] = [
    ['512', 512],
    ['64m', 64 << 20],
    ['64M', 64 << 20],
    ['64mb', 64 << 20],
    ['64MiB', 64 << 20],
    ['1GiB', 2 ** 30],
    ['1.5g', 1.5 * 2 ** 30],
    ['100b', 100],
    ['4k', 4096],
  ];
  for (const [text, expected] of cases) t.is(parseBytes('--x', text), expected, text);
  for (const text of ['', 'm', '-1m', '1x', '64 mm', '1e9', '99999999p'])
    t.throws(() => parseBytes('--limit-memory', text), usage, text);
});

test('any whole number of mebibytes survives', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.constantFrom('m', 'M', 'MiB'), (n, unit) =>
      t.is(parseBytes('--x', `${n}${unit}`), n * 2 ** 20),
    ),
    { numRuns: 100 },
  );
});

test('processors are decimal numbers with nine places', (t) => {
  t.is(parseCpu('--x', '0.5'), 500_000_000);
  t.is(parseCpu('--x', '2'), 2_000_000_000);
  t.is(parseCpu('--x', '.25'), 250_000_000);
  t.is(parseCpu('--x', '0.000000001'), 1);
  for (const text of ['', '-1', '1e3', '0.0000000001', 'x', '1,5'])
    t.throws(() => parseCpu('--limit-cpu', text), usage, text);
});

test('whole numbers keep to their range', (t) => {
  t.is(parseInteger('--x', '0', 0), 0);
  for (const text of ['-1', '', '1.5', 'x', '1e3', '99999999999999999999'])
    t.throws(() => parseInteger('--replicas', text, 0), usage, text);
  t.is(
    t.throws(() => parseInteger('--replicas', '-1', 0, 100), usage).message,
    "--replicas '-1': use a whole number, 0 to 100",
  );
});

test('a long --publish says every field', (t) => {
  const [port] = parsePorts('-p', 'mode=host,published=8080,target=80,protocol=udp');
  t.like(port, {
    mode: PublishMode.HOST,
    publishedPort: 8080,
    targetPort: 80,
    protocol: Protocol.UDP,
  });
});

test('a short --publish may have an address, ranges and a protocol', (t) => {
  const shape = (text: string): readonly unknown[] =>
    parsePorts('-p', text).map((port) => [port.publishedPort, port.targetPort, port.hostIp]);
  t.deepEqual(shape('8080:80'), [[8080, 80, '']]);
  t.deepEqual(shape('80'), [[0, 80, '']]);
  t.deepEqual(shape('127.0.0.1:8080:80'), [[8080, 80, '127.0.0.1']]);
  t.deepEqual(shape('[::1]:8080:80/udp'), [[8080, 80, '::1']]);
  t.deepEqual(shape('8080-8082:80-82'), [
    [8080, 80, ''],
    [8081, 81, ''],
    [8082, 82, ''],
  ]);
  t.is(parsePorts('-p', '53:53/udp')[0]?.protocol, Protocol.UDP);
});

test('a wrong --publish says what is wrong with it', (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['8080:', /write it as PUBLISHED:TARGET/],
    ['70000:80', /port '70000' is not a number of 1 to 65535/],
    ['8080-8081:80', /the two ranges have different lengths/],
    ['8081-8080:81-80', /runs backwards/],
    ['8080:80/icmp', /use one of tcp, udp, sctp/],
    ['mode=host,published=8080', /target is missing/],
    ['mode=all,target=80', /use one of ingress, host/],
    ['target=80,colour=red', /field 'colour' is not known/],
  ];
  for (const [text, message] of cases)
    t.regex(t.throws(() => parsePorts('--publish', text), usage).message, message, text);
});

test('mounts of every kind', (t) => {
  t.like(parseMount('--mount', 'type=bind,src=/a,dst=/b,readonly'), {
    kind: MountKind.BIND,
    source: '/a',
    target: '/b',
    isReadOnly: true,
  });
  t.like(parseMount('--mount', 'source=data,target=/data'), {
    kind: MountKind.VOLUME,
    source: 'data',
  });
  t.like(parseMount('--mount', 'type=tmpfs,target=/tmp,tmpfs-size=64m,tmpfs-mode=1777'), {
    kind: MountKind.TMPFS,
    tmpfsSizeBytes: 64 << 20,
    tmpfsMode: 0o1777,
  });
  t.is(parseMount('--mount', 'type=bind,src=/a,dst=/b,ro=false').isReadOnly, false);
  t.is(parseMount('--mount', 'type=bind,"src=/a,b",dst=/b').source, '/a,b');
  t.true(parseMount('--mount', 'source=data,target=/data,existing').isExisting);
  for (const text of ['target=/data,existing', 'type=bind,src=/a,dst=/b,existing'])
    t.regex(
      t.throws(() => parseMount('--mount', text), usage).message,
      /existing goes with a volume that has a name$/,
    );
});

test('a wrong --mount says what is wrong with it', (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['type=bind,dst=/b', /source is missing/],
    ['type=volume,src=x', /target is missing/],
    ['type=nfs,dst=/b', /use one of bind, volume, tmpfs/],
    ['type=tmpfs,src=/a,dst=/b', /tmpfs has no source/],
    ['type=tmpfs,dst=/b,tmpfs-mode=9', /octal/],
    ['dst=/b,tmpfs-size=1m', /go with type=tmpfs/],
    ['dst=/b,speed=fast', /field 'speed' is not known/],
    ['dst=/b,source', /field 'source' has no value/],
    ['"dst=/b', /not closed/],
  ];
  for (const [text, message] of cases)
    t.regex(t.throws(() => parseMount('--mount', text), usage).message, message, text);
});

test('fields may be quoted as in CSV', (t) => {
  t.deepEqual(parseFields('--x', 'a=1,"b=2,3",c,"d=""q"""'), [
    ['a', '1'],
    ['b', '2,3'],
    ['c', undefined],
    ['d', '"q"'],
  ]);
});

test('a variable without a value takes the one it has here', (t) => {
  t.is(parseEnv('--env', 'A=1=2', {}), 'A=1=2');
  t.is(parseEnv('--env', 'A=', {}), 'A=');
  t.is(parseEnv('--env', 'A', { A: 'here' }), 'A=here');
  t.is(
    t.throws(() => parseEnv('--env', 'A', {}), usage).message,
    '--env A: it is not set here: write A=VALUE',
  );
  for (const text of ['=1', '', 'A B=1']) t.throws(() => parseEnv('--env', text, {}), usage, text);
});

test('an env file has comments and empty lines, and its errors have line numbers', (t) => {
  t.deepEqual(parseEnvFile('f', '# head\n\nA=1\r\n  B=two words\nC\n', { C: '3' }), [
    'A=1',
    'B=two words',
    'C=3',
  ]);
  t.regex(t.throws(() => parseEnvFile('f.env', 'A=1\n=2', {}), usage).message, /f\.env:2/);
});

test('words are split as a shell splits them', (t) => {
  t.deepEqual(splitWords('--args', `sh -c 'echo "a b"' "c d"e f\\ g ''`), [
    'sh',
    '-c',
    'echo "a b"',
    'c de',
    'f g',
    '',
  ]);
  t.throws(() => splitWords('--args', "echo 'a"), usage);
});

test('any words that were quoted come back', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
      t.deepEqual(splitWords('--args', quoted), words);
    }),
    { numRuns: 200 },
  );
});

test('since is a time or how long ago', (t) => {
  const clock = { now: () => 1_000_000_000, monotonic: () => 0, after: () => ({ cancel() {} }) };
  t.is(parseSince('--since', '10m', clock), 1_000_000_000 - 600_000);
  t.is(parseSince('--since', '2026-01-31T10:00:00Z', clock), Date.parse('2026-01-31T10:00:00Z'));
  t.is(parseSince('--since', '1700000000', clock), 1_700_000_000_000);
  t.throws(() => parseSince('--since', 'yesterday', clock), usage);
});
