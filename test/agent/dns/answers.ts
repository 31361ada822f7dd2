/** What tasks are answered, by what their node knows of its networks. */
import test from 'ava';
import fc from 'fast-check';
import {
  Endpoint,
  EndpointMode,
  HostAddresses,
  Network,
  NetworkAllocation,
  NetworkChanges,
  NetworkHost,
  NetworkService,
  NetworkSpec,
  SubnetConfig,
} from '#proto';
import { LiveNetworkView } from '#agent/network-view/view';
import { decide } from '#agent/dns/decide';
import { MessageReader, framed } from '#agent/dns/frames';
import { NameTable, ttlSeconds } from '#agent/dns/name-table';
import { resolversIn } from '#agent/dns/resolvers';
import { ask, read } from '#test/_support/dns';
import type { Asked, Read } from '#test/_support/dns';

const aNetwork = (id: string, gateway: string, init: Partial<NetworkSpec> = {}): Network =>
  Network.create({
    id,
    spec: NetworkSpec.create({ name: id, ...init }),
    allocation: NetworkAllocation.create({ subnets: [SubnetConfig.create({ gateway })] }),
  });

const task = (
  networkId: string,
  taskId: string,
  address: string,
  init: Partial<Endpoint> = {},
): Endpoint =>
  Endpoint.create({
    networkId,
    taskId,
    address,
    serviceId: 'web',
    nodeId: 'n2',
    isServing: true,
    ...init,
  });

const service = (networkId: string, id: string, init: Partial<NetworkService> = {}) =>
  NetworkService.create({ networkId, serviceId: id, name: id, ...init });

class World {
  readonly view = new LiveNetworkView();
  readonly table = new NameTable('n1');

  constructor(changes: Partial<NetworkChanges> = {}) {
    this.change({ isFull: true, ...changes });
  }

  change(changes: Partial<NetworkChanges>): void {
    this.table.apply(this.view.apply(NetworkChanges.create(changes)));
  }

  /** What the asker is answered; a word when it is none of ours. */
  ask(name: string, type = 'A', asked: Asked = {}, source = '10.0.0.9'): Read | string {
    const decision = decide(ask(name, type, asked), source, true, this.table);
    return decision.kind === 'answer' ? read(decision.message) : decision.kind;
  }

  records(name: string, type = 'A', source = '10.0.0.9'): readonly string[] | string {
    const answer = this.ask(name, type, {}, source);
    return typeof answer === 'string' ? answer : answer.records;
  }
}

/** The asker 10.0.0.9 is a task of this node on network front; service web with three tasks. */
const front = (): World =>
  new World({
    networks: [aNetwork('front', '10.0.0.1'), aNetwork('back', '10.0.1.1')],
    services: [
      service('front', 'web', {
        address: '10.0.0.2',
        addressV6: 'fd00::2',
        aliases: ['WWW', 'proxy'],
      }),
      service('front', 'db', { mode: EndpointMode.DNSRR }),
      service('back', 'hidden', { address: '10.0.1.2' }),
    ],
    endpoints: [
      task('front', 'w1', '10.0.0.11', { slot: 1, addressV6: 'fd00::11' }),
      task('front', 'w2', '10.0.0.12', { slot: 2 }),
      task('front', 'w3', '10.0.0.13', { slot: 3, isServing: false }),
      task('front', 'd1', '10.0.0.21', { serviceId: 'db', slot: 1 }),
      task('front', 'd2', '10.0.0.22', { serviceId: 'db', slot: 2 }),
      task('front', 'me', '10.0.0.9', { serviceId: 'client', nodeId: 'n1' }),
    ],
  });

test('a service is its virtual address, by name and by alias, whatever the case', (t) => {
  const world = front();
  for (const name of ['web', 'WEB', 'wWw', 'proxy'])
    t.deepEqual(world.records(name), ['A 10.0.0.2']);
  t.deepEqual(world.records('web', 'AAAA'), ['AAAA fd00:0000:0000:0000:0000:0000:0000:0002']);
});

test('an answer repeats the question as it came, is authoritative and soon forgotten', (t) => {
  const answer = front().ask('WeB', 'A', { id: 77 });
  t.like(answer, { id: 77, code: 0, isAuthoritative: true, question: 'WeB', isRecursive: true });
  t.deepEqual((answer as Read).ttls, [ttlSeconds]);
  t.true(ttlSeconds <= 5);
});

test('tasks.NAME is the tasks that serve; SLOT.NAME is one of them', (t) => {
  const world = front();
  t.deepEqual(world.records('tasks.web'), ['A 10.0.0.11', 'A 10.0.0.12']);
  t.deepEqual(world.records('tasks.www'), ['A 10.0.0.11', 'A 10.0.0.12']);
  t.deepEqual(world.records('2.web'), ['A 10.0.0.12']);
  t.deepEqual(world.records('1.web', 'ANY').length, 2);
});

test('a service without a virtual address is its tasks', (t) => {
  t.deepEqual(front().records('db'), ['A 10.0.0.21', 'A 10.0.0.22']);
});

test('there is no such name, and no such data, are told apart, and may be remembered', (t) => {
  const world = front();
  const none = { records: [], authorities: ['SOA'], isAuthoritative: true };
  t.like(world.ask('3.web'), { code: 3, ...none }, 'it does not serve');
  t.like(world.ask('9.web'), { code: 3, ...none });
  t.like(world.ask('db', 'AAAA'), { code: 0, ...none });
  t.like(world.ask('web', 'MX'), { code: 0, ...none });
  t.deepEqual((world.ask('9.web') as Read).ttls, [ttlSeconds]);
});

test('a service whose tasks are all gone has a name without addresses', (t) => {
  const world = front();
  world.change({ removedEndpoints: ['front/d1', 'front/d2'] });
  t.like(world.ask('db'), { code: 0, records: [] });
  t.like(world.ask('tasks.db'), { code: 0, records: [] });
});

test('what is none of our names is passed on', (t) => {
  const world = front();
  for (const name of ['example.com', 'tasks.example.com', 'a.web', 'tasks.nosuch', 'nosuch', ''])
    t.is(world.ask(name), 'forward');
});

test('a task sees the names of its own networks only', (t) => {
  const world = front();
  t.is(world.ask('hidden'), 'forward');
  world.change({
    endpoints: [task('back', 'me', '10.0.1.9', { serviceId: 'client', nodeId: 'n1' })],
  });
  t.deepEqual(world.records('hidden'), ['A 10.0.1.2']);
  t.deepEqual(world.records('web', 'A', '10.0.1.9'), ['A 10.0.0.2'], 'by whichever address');
  world.change({ removedEndpoints: ['back/me'] });
  t.is(world.ask('hidden'), 'forward');
});

test('strangers are refused; the host itself sees the network whose address it asks from', (t) => {
  const world = front();
  t.like(world.ask('web', 'A', {}, '192.0.2.7'), { code: 5, records: [] });
  t.like(world.ask('web', 'A', {}, '10.0.0.11'), { code: 5 }, 'a task of another node');
  t.deepEqual(world.records('web', 'A', '10.0.0.1'), ['A 10.0.0.2']);
  const addresses = HostAddresses.create({ address: '10.0.1.3' });
  world.change({ hosts: [NetworkHost.create({ networkId: 'back', nodeId: 'n1', addresses })] });
  t.deepEqual(world.records('hidden', 'A', '10.0.1.3'), ['A 10.0.1.2']);
  t.is(world.ask('web', 'A', {}, '10.0.1.3'), 'forward');
});

test('an asker by IPv6 is known however its address is written', (t) => {
  const world = front();
  world.change({
    endpoints: [task('front', 'me', '10.0.0.9', { nodeId: 'n1', addressV6: 'fd00:0:0::0009' })],
  });
  t.deepEqual(world.records('web', 'A', 'fd00::9%br0'), ['A 10.0.0.2']);
});

test('an address is never answered longer than its task serves, by any name', (t) => {
  const world = front();
  world.change({
    endpoints: [task('front', 'd1', '10.0.0.21', { serviceId: 'db', slot: 1, isServing: false })],
  });
  t.deepEqual(world.records('db'), ['A 10.0.0.22']);
  t.like(world.ask('1.db'), { code: 3 });
  t.is(world.ask('21.0.0.10.in-addr.arpa', 'PTR'), 'forward');
  world.change({ removedEndpoints: ['front/d2'] });
  t.deepEqual(world.records('tasks.db'), []);
});

test('an address leads back to its name', (t) => {
  const world = front();
  t.deepEqual(world.records('12.0.0.10.in-addr.arpa', 'PTR'), ['PTR 2.web']);
  t.deepEqual(world.records('2.0.0.10.IN-ADDR.arpa', 'PTR'), ['PTR web']);
  const nibbles = `1.1.${'0.'.repeat(26)}0.0.d.f.ip6.arpa`;
  t.deepEqual(world.records(nibbles, 'PTR'), ['PTR 1.web']);
  t.is(world.ask('2.1.0.10.in-addr.arpa', 'PTR'), 'forward', 'on a network of others');
  t.is(world.ask('300.0.0.10.in-addr.arpa', 'PTR'), 'forward');
});

test('two services with one alias share it; each answer begins with another address', (t) => {
  const world = front();
  world.change({
    services: [service('front', 'db', { mode: EndpointMode.DNSRR, aliases: ['www'] })],
  });
  t.deepEqual(world.records('www'), ['A 10.0.0.2', 'A 10.0.0.21', 'A 10.0.0.22']);
  const first = (): number => {
    const decision = decide(ask('db', 'A'), '10.0.0.9', true, world.table);
    return decision.kind === 'answer' ? (decision.message.at(-17) ?? 0) : 0;
  };
  t.deepEqual(
    [first(), first()].toSorted((a, b) => a - b),
    [21, 22],
  );
});

test('names go with their service and with their network', (t) => {
  const world = front();
  world.change({ removedServices: ['front/web'] });
  t.is(world.ask('web'), 'forward');
  world.change({ removedNetworkIds: ['front'] });
  t.like(world.ask('db'), { code: 5 });
});

test('a task that is on internal networks only learns nothing of the outside', (t) => {
  const world = front();
  world.change({ networks: [aNetwork('front', '10.0.0.1', { isInternal: true })] });
  t.like(world.ask('example.com'), { code: 5 });
  t.deepEqual(world.records('web'), ['A 10.0.0.2']);
});

test('the ingress network has no names', (t) => {
  const world = front();
  world.change({
    networks: [{ ...aNetwork('in', '10.0.2.1'), isIngress: true }],
    services: [service('in', 'other', { address: '10.0.2.2' })],
    endpoints: [task('in', 'me', '10.0.2.9', { nodeId: 'n1' })],
  });
  t.is(world.ask('other'), 'forward');
});

// ---- the wire

test('what does not fit into a datagram is left out and said to be', (t) => {
  const world = front();
  const endpoints = Array.from({ length: 100 }, (_, i) =>
    task('front', `x${i}`, `10.0.0.${100 + i}`, { slot: 10 + i }),
  );
  world.change({ endpoints });
  const plain = world.ask('tasks.web') as Read;
  t.true(plain.isCut && plain.length <= 512 && plain.records.length > 25);
  const edns = world.ask('tasks.web', 'A', { ednsSize: 4096 }) as Read;
  t.true(edns.isCut && edns.length <= 1232 && edns.hasEdns && edns.records.length > 70);
  const small = world.ask('tasks.web', 'A', { ednsSize: 100 }) as Read;
  t.true(small.length <= 512 && small.length > 100);
  const decision = decide(ask('tasks.web', 'A'), '10.0.0.9', false, world.table);
  const byTcp = read(decision.kind === 'answer' ? decision.message : new Uint8Array(0));
  t.is(byTcp.records.length, 102);
  t.false(byTcp.isCut);
});

test('what is no plain question is answered with what is wrong with it', (t) => {
  const world = front();
  t.like(world.ask('web', 'A', { flags: 0x2000 }), { code: 4 });
  t.like(world.ask('web', 'A', { class: 3 }), { code: 5, question: 'web' });
  t.like(world.ask('web', 'A', { ednsSize: 1232, ednsVersion: 1 }), { code: 16, hasEdns: true });
  t.is(world.ask('web', 'A', { flags: 0x8100 }), 'drop', 'an answer');
  const twice = ask('web', 'A');
  twice.writeUInt16BE(2, 4);
  const pointing = Buffer.concat([
    ask('', 'A').subarray(0, 12),
    Buffer.from([0xc0, 12, 0, 1, 0, 1]),
  ]);
  for (const bytes of [twice, pointing, ask('web', 'A').subarray(0, -1)]) {
    const decision = decide(bytes, '10.0.0.9', true, world.table);
    t.is(decision.kind === 'answer' ? read(decision.message).code : -1, 1);
  }
});

test('whatever bytes come, nothing throws, and answers are whole messages', (t) => {
  const world = front();
  const question = fc
    .tuple(fc.constantFrom('web', 'tasks.web', 'db', 'nosuch.example'), fc.nat(300), fc.nat(5_000))
    .map(([name, type, ednsSize]) => ask(name, 'A', { type, ednsSize }));
  const broken = fc
    .tuple(question, fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }), fc.nat(60))
    .map(([bytes, changes, length]) => {
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, length > 50 ? bytes.length : length);
    });
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 600 }), broken),
      fc.boolean(),
      (bytes, isUdp) => {
        const decision = decide(bytes, '10.0.0.9', isUdp, world.table);
        if (decision.kind !== 'answer') return;
        const answer = read(decision.message);
        t.is(answer.id, (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0));
        t.true(!isUdp || answer.length <= 1232);
      },
    ),
    { numRuns: 3_000, seed: 20_263 },
  );
});

test('a stream is cut into the same messages wherever it is split', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(framed));
        const places = [...new Set([0, ...cuts, stream.length])]
          .filter((place) => place <= stream.length)
          .toSorted((a, b) => a - b);
        const reader = new MessageReader();
        const got = places.flatMap((place, index) =>
          reader.read(stream.subarray(place, places[index + 1] ?? stream.length)),
        );
        t.deepEqual(
          got.map((each) => [...each]),
          messages.map((each) => [...each]),
        );
      },
    ),
    { numRuns: 300, seed: 20_264 },
  );
});

test('the name servers of a resolv.conf, but our own', (t) => {
  const text = [
    '# nameserver 192.0.2.1',
    'nameserver 10.0.0.1',
    'search example.com',
    ' nameserver\t127.0.0.53',
    'nameserver fe80::1%eth0',
    'nameserver nonsense',
    'nameserver 192.0.2.2',
    'nameserver 192.0.2.3',
  ].join('\n');
  t.deepEqual(resolversIn(text, new Set(['10.0.0.1'])), [
    '127.0.0.53',
    'fe80::1%eth0',
    '192.0.2.2',
  ]);
});
