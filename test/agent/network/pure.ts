import test from 'ava';
import fc from 'fast-check';
import { ClusterError } from '#lib';
import { PortConfig, Protocol } from '#proto';
import { BatchQueue } from '#agent/network/batch-queue';
import { attachLines, failedLines, linkName, namespaceName } from '#agent/network/ip-commands';
import { PublishedPorts } from '#agent/network/published-ports';
import { fullTable, portChange } from '#agent/network/rules';
import {
  addressNumber,
  AddressPool,
  addressText,
  contains,
  gatewayOf,
  macOf,
  parseSubnet,
  subnetText,
} from '#agent/network/subnet';

const code = (work: () => unknown): string => {
  try {
    work();
    return '';
  } catch (error) {
    return error instanceof ClusterError ? error.code : String(error);
  }
};
const port = (publishedPort: number, init: Partial<PortConfig> = {}) =>
  PortConfig.create({ publishedPort, targetPort: 80, ...init });

test('subnets are parsed to their first address', (t) => {
  t.is(subnetText(parseSubnet('10.200.3.4/16')), '10.200.0.0/16');
  t.is(gatewayOf(parseSubnet('10.200.0.0/16')), '10.200.0.1');
  t.is(macOf('10.200.0.2'), '02:42:0a:c8:00:02');
  for (const text of [
    '',
    '10.0.0.0',
    '10.0.0.0/7',
    '10.0.0.0/31',
    '10.0.0/8',
    '300.0.0.0/8',
    'a/8',
  ])
    t.is(
      code(() => parseSubnet(text)),
      'INVALID_ARGUMENT',
      text,
    );
});

test('addresses and numbers are the same thing', (t) => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), (value) => addressNumber(addressText(value)) === value),
  );
  t.is(addressNumber('1.2.3.04'), undefined);
});

test('a pool never gives an address twice, gives them all, and lets a freed one rest', (t) => {
  const subnet = parseSubnet('10.1.0.0/28');
  const pool = new AddressPool(subnet);
  pool.reserve('10.1.0.5');
  const taken = Array.from({ length: 12 }, () => pool.take());
  t.is(new Set(taken).size, 12);
  t.true(taken.every((one) => contains(subnet, addressNumber(one) ?? 0)));
  for (const never of ['10.1.0.0', '10.1.0.1', '10.1.0.5', '10.1.0.15'])
    t.false(taken.includes(never), never);
  t.is(
    code(() => pool.take()),
    'LIMIT_EXCEEDED',
  );
  pool.release('10.1.0.9');
  t.is(pool.take(), '10.1.0.9');
  const rested = new AddressPool(subnet);
  const first = rested.take();
  rested.release(first);
  t.not(rested.take(), first);
});

test('a port has one holder, and several addresses may have the same port', (t) => {
  const ports = new PublishedPorts();
  ports.take('a', [port(80), port(80, { protocol: Protocol.UDP })]);
  t.is(
    code(() => ports.take('b', [port(80)])),
    'FAILED_PRECONDITION',
  );
  t.is(
    code(() => ports.take('b', [port(80, { hostIp: '1.2.3.4' })])),
    'FAILED_PRECONDITION',
  );
  ports.take('c', [port(90, { hostIp: '1.2.3.4' }), port(90, { hostIp: '1.2.3.5' })]);
  t.is(
    code(() => ports.take('d', [port(90)])),
    'FAILED_PRECONDITION',
  );
  ports.release('a', [port(80), port(80, { protocol: Protocol.UDP })]);
  t.is(
    code(() => ports.take('b', [port(80)])),
    '',
  );
});

test('a request that fails leaves nothing taken', (t) => {
  const ports = new PublishedPorts();
  ports.take('a', [port(81)]);
  t.is(
    code(() => ports.take('b', [port(80), port(81)])),
    'FAILED_PRECONDITION',
  );
  t.is(
    code(() => ports.take('c', [port(80)])),
    '',
  );
});

test('ports that nobody chose are given from the dynamic range, each once', (t) => {
  const ports = new PublishedPorts();
  const taken = ports.take('a', [port(0), port(0), port(0, { protocol: Protocol.UDP })]);
  t.deepEqual(
    taken.map(({ publishedPort }) => publishedPort),
    [30_000, 30_001, 30_002],
  );
});

test('published ports are elements of two maps', (t) => {
  const task = {
    address: '10.200.0.9',
    ports: [port(8080), port(53, { protocol: Protocol.UDP, hostIp: '1.2.3.4', targetPort: 5353 })],
  };
  t.is(
    portChange('add', [task]),
    'add element ip tessera ports { tcp . 8080 : 10.200.0.9 . 80 }\n' +
      'add element ip tessera address_ports { 1.2.3.4 . udp . 53 : 10.200.0.9 . 5353 }\n',
  );
  t.is(
    portChange('delete', [task]),
    'delete element ip tessera ports { tcp . 8080 }\n' +
      'delete element ip tessera address_ports { 1.2.3.4 . udp . 53 }\n',
  );
  t.is(portChange('add', [{ address: '10.200.0.9', ports: [] }]), '');
  t.regex(
    fullTable('tessera0', parseSubnet('10.200.0.0/16'), [task]),
    /tcp \. 8080 : 10\.200\.0\.9/,
  );
});

test('names of links and namespaces fit the kernel', (t) => {
  const id = '0123456789abcdefghijklmno';
  t.is(linkName(id).length, 14);
  t.is(namespaceName(id), 'ts-0123456789ab');
  t.true(attachLines({ taskId: id, address: '10.200.0.2', links: [] }, 'tessera0').length > 0);
});

test('lines of a batch that failed are known by number, with their reason', (t) => {
  const stderr =
    'Cannot create namespace file "/run/netns/x": File exists\nCommand failed -:2\n' +
    'one\ntwo\nCommand failed -:7\n';
  t.deepEqual(
    [...failedLines(stderr)],
    [
      [2, 'Cannot create namespace file "/run/netns/x": File exists'],
      [7, 'one; two'],
    ],
  );
});

test('what is asked for while a batch is applied goes together in the next', async (t) => {
  const batches: (readonly number[])[] = [];
  const gates: (() => void)[] = [];
  const queue = new BatchQueue<number, number>({
    batchMax: 3,
    queueMax: 100,
    async apply(changes) {
      batches.push(changes);
      await new Promise<void>((resolve) => gates.push(resolve));
      return changes.map((one) => (one === 4 ? new ClusterError('INTERNAL', 'four') : one * 10));
    },
  });
  const signal = new AbortController().signal;
  const first = [1, 2].map((one) => queue.add(one, signal));
  await Promise.resolve();
  await Promise.resolve();
  const later = [3, 4, 5, 6].map((one) => queue.add(one, signal));
  const settled = Promise.allSettled([...first, ...later]);
  for (let opened = 0; opened < 3; opened++) {
    while (gates.length <= opened) await new Promise((resolve) => setImmediate(resolve));
    gates[opened]?.();
  }
  const outcomes = await settled;
  t.deepEqual(batches, [[1, 2], [3, 4, 5], [6]]);
  t.deepEqual(
    outcomes.map((one) => (one.status === 'fulfilled' ? one.value : 'refused')),
    [10, 20, 30, 'refused', 50, 60],
  );
});

test('a queue that is full refuses, and a change nobody waits for is not made', async (t) => {
  const applied: number[] = [];
  const gate = Promise.withResolvers<void>();
  const queue = new BatchQueue<number, number>({
    batchMax: 1,
    queueMax: 2,
    async apply(changes) {
      applied.push(...changes);
      await gate.promise;
      return changes;
    },
  });
  const { signal } = new AbortController();
  const first = queue.add(1, signal);
  while (applied.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const giveUp = new AbortController();
  const second = queue.add(2, giveUp.signal);
  const third = queue.add(3, signal);
  const fourth = await t.throwsAsync(queue.add(4, signal), { instanceOf: ClusterError });
  t.is(fourth?.code, 'LIMIT_EXCEEDED');
  giveUp.abort(new ClusterError('CANCELLED', 'no longer wanted'));
  const secondRefused = t.throwsAsync(second);
  gate.resolve();
  await Promise.all([first, third, secondRefused]);
  t.deepEqual(applied, [1, 3]);
});
