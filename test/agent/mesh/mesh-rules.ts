import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  Endpoint,
  HostAddresses,
  Network,
  NetworkAllocation,
  NetworkChanges,
  NetworkHost,
  NetworkService,
  NetworkSpec,
  PortConfig,
  Protocol,
  SubnetConfig,
} from '#proto';
import { MeshRules } from '#agent/mesh/mesh-rules';
import type { TableChange } from '#agent/mesh/table-contents';
import { LiveNetworkView } from '#agent/network-view/view';
import { applied } from '#test/_support/mesh-table';
import { tornReads } from '#test/_support/torn-reads';

const network = (n: number, isIsolated = false) =>
  Network.create({
    id: `n${n}`,
    spec: NetworkSpec.create({ name: `net${n}`, isIsolated }),
    allocation: NetworkAllocation.create({
      vni: 4096 + n,
      subnets: [
        SubnetConfig.create({ subnet: `10.0.${n}.0/24`, gateway: `10.0.${n}.1` }),
        SubnetConfig.create({ subnet: `fd10:0:0:${n}::/64`, gateway: `fd10:0:0:${n}::1` }),
      ],
    }),
  });
const host = (n: number, node: number) =>
  NetworkHost.create({
    networkId: `n${n}`,
    nodeId: `node${node}`,
    dataPathAddress: `192.168.0.${node}`,
    addresses: HostAddresses.create({ address: `10.0.${n}.${200 + node}` }),
  });
const endpoint = (n: number, service: number, task: number, init: Partial<Endpoint> = {}) =>
  Endpoint.create({
    networkId: `n${n}`,
    taskId: `t${task}`,
    nodeId: `node${task % 3}`,
    serviceId: `s${service}`,
    address: `10.0.${n}.${20 + task}`,
    addressV6: `fd10:0:0:${n}::${20 + task}`,
    isServing: true,
    ...init,
  });
const service = (n: number, id: number, init: Partial<NetworkService> = {}) =>
  NetworkService.create({
    networkId: `n${n}`,
    serviceId: `s${id}`,
    name: `service${id}`,
    address: `10.0.${n}.${2 + id}`,
    addressV6: `fd10:0:0:${n}::${2 + id}`,
    ...init,
  });

const byText = (a: unknown, b: unknown) => (String(a) < String(b) ? -1 : 1);

class World {
  readonly rules = new MeshRules('node1');
  readonly view = new LiveNetworkView();
  table: ReturnType<typeof applied>;
  /** Ways of packets that met a step of a change, and ended nowhere. */
  readonly torn: string[] = [];

  constructor() {
    this.#apply(this.rules.contents.takeAll());
  }

  #apply({ steps }: TableChange): void {
    for (const step of steps) {
      const before = this.table;
      this.table = applied(before, step);
      if (before !== undefined && this.table !== undefined)
        this.torn.push(...tornReads(before, this.table));
    }
  }

  /** Takes a message and applies what it makes; returns the elements that were changed. */
  tell(init: Partial<NetworkChanges>): number {
    this.rules.apply(this.view.apply(NetworkChanges.create(init)));
    return this.flush();
  }

  flush(): number {
    const change = this.rules.contents.take();
    this.#apply(change);
    return change.elementCount;
  }

  /** Takes over what another life left. */
  adopt(table: World['table']): void {
    const { elements, kinds } = table ?? { elements: new Map(), kinds: new Map() };
    this.table = table;
    this.#apply(this.rules.contents.takeDifference({ elements, kinds }));
  }

  /** All there is, told to a new life at once. */
  afresh(): World {
    const world = new World();
    const { networks, hosts, endpoints, services } = this.view;
    world.tell({
      isFull: true,
      networks: [...networks.values()],
      hosts: [...hosts.values()],
      endpoints: [...endpoints.values()],
      services: [...services.values()],
    });
    return world;
  }

  map(name: string): Record<string, string> {
    return Object.fromEntries([...(this.table?.elements.get(name) ?? [])].sort(byText));
  }

  /** Where a key of a door leads, in whatever order; empty when nowhere. */
  leads(door: string, key: string): readonly string[] {
    const chain = this.map(door)[key];
    if (chain === undefined) return [];
    const isAffine = chain.includes('_affinity_');
    const draw = isAffine ? this.map(`${door}_draws`)[key] : chain;
    const count = Number(/_of_(\d+)$/.exec(draw ?? '')?.[1]);
    return Array.from({ length: count }, (_, i) => {
      const number = `${key} . ${i}`;
      if (!isAffine) return this.map(`${door}_backends`)[number] ?? 'nothing';
      const mark = this.map(`${door}_marks`)[number] ?? 'no mark';
      return this.map(`${door}_by_mark`)[`${key} . ${mark}`] ?? 'nothing';
    }).sort();
  }
}

function small(): World {
  const world = new World();
  world.tell({
    isFull: true,
    networks: [network(1)],
    hosts: [host(1, 1), host(1, 2)],
    services: [service(1, 0)],
    endpoints: [endpoint(1, 0, 1), endpoint(1, 0, 2), endpoint(1, 0, 3)],
  });
  return world;
}

test('a virtual address leads to the serving tasks, on whichever node', (t) => {
  const world = small();
  t.deepEqual(world.leads('vip4', '10.0.1.2'), ['10.0.1.21', '10.0.1.22', '10.0.1.23']);
  t.deepEqual(world.leads('vip6', 'fd10:0:0:1::2'), [
    'fd10:0:0:1::21',
    'fd10:0:0:1::22',
    'fd10:0:0:1::23',
  ]);
  t.deepEqual(world.map('gateways4'), { '10.0.1.1': '' });
  // Only its own task may meet itself here; only other nodes forward to it.
  t.deepEqual(world.map('selves4'), { '10.0.1.21 . 10.0.1.21': '' });
  t.deepEqual(world.map('origins'), { '02:42:0a:00:01:ca': String(0x0a0001ca) });
  t.deepEqual(world.map('origin_links'), { [String(0x0a0001ca)]: '02:42:0a:00:01:ca' });
  t.deepEqual(world.map('origin_zones'), { '02:42:0a:00:01:ca': String(0x01ca) });
});

test('a task that drains gets no new connection, at the price of a few elements', (t) => {
  const world = small();
  const changed = world.tell({ endpoints: [endpoint(1, 0, 1, { isServing: false })] });
  t.deepEqual(world.leads('vip4', '10.0.1.2'), ['10.0.1.22', '10.0.1.23']);
  // In each family: the last takes its number, the last number goes, the count is another.
  t.is(changed, 6);
  t.deepEqual(world.rules.departures.take(), []);
  world.tell({ removedEndpoints: ['n1/t1'] });
  t.deepEqual(world.rules.departures.take(), ['10.0.1.21', 'fd10:0:0:1::21']);
  t.deepEqual(world.map('selves4'), {});
});

test('a service without a serving task refuses instead of leading into the void', (t) => {
  const world = small();
  world.tell({ removedEndpoints: ['n1/t1', 'n1/t2', 'n1/t3'] });
  t.deepEqual(world.leads('vip4', '10.0.1.2'), []);
  t.deepEqual(world.map('idle4'), { '10.0.1.2': '' });
  world.tell({ endpoints: [endpoint(1, 0, 5)] });
  t.deepEqual(world.leads('vip4', '10.0.1.2'), ['10.0.1.25']);
  t.deepEqual(world.map('idle4'), {});
  world.tell({ removedServices: ['n1/s0'] });
  t.deepEqual([world.map('vip4'), world.map('vip4_backends'), world.map('idle4')], [{}, {}, {}]);
});

test('a published port leads to the target port of tasks, at one address of the host or at all', (t) => {
  const world = small();
  const port = (init: Partial<PortConfig>) => PortConfig.create({ targetPort: 80, ...init });
  const ports = [
    port({ publishedPort: 8080 }),
    port({ publishedPort: 53, protocol: Protocol.UDP, hostIp: '192.168.0.1' }),
    port({ publishedPort: 9, protocol: Protocol.SCTP, hostIp: '::' }),
    port({ publishedPort: 0 }),
  ];
  world.tell({ services: [service(1, 0, { ports })] });
  const led = ['10.0.1.21', '10.0.1.22', '10.0.1.23'];
  t.deepEqual(world.leads('port4', '6 . 8080'), led);
  t.is(world.leads('port6', '6 . 8080').length, 3);
  t.is(world.map('port4_targets')['6 . 8080'], '80');
  t.deepEqual(world.leads('address_port4', '192.168.0.1 . 17 . 53'), led);
  t.deepEqual(world.leads('port4', '17 . 53'), []);
  t.deepEqual(world.leads('port4', '132 . 9'), []);
  t.is(world.leads('port6', '132 . 9').length, 3);
  // A process of the host keeps its port.
  world.rules.keep(new Set(['6 . 8080']), new Set(['17 . 53']));
  world.flush();
  t.deepEqual(world.leads('port4', '6 . 8080'), []);
  t.deepEqual(world.map('kept'), { '17 . 53': '' });
  world.rules.keep(new Set(), new Set());
  world.flush();
  t.deepEqual(world.leads('port4', '6 . 8080'), led);
});

test('two services that have one port for a moment: the first keeps it until it lets go', (t) => {
  const world = small();
  const ports = [PortConfig.create({ publishedPort: 80, targetPort: 80 })];
  world.tell({ services: [service(1, 0, { ports })] });
  world.tell({ services: [service(1, 1, { ports })], endpoints: [endpoint(1, 1, 9)] });
  t.is(world.leads('port4', '6 . 80').length, 3);
  world.tell({ removedServices: ['n1/s0'] });
  t.deepEqual(world.leads('port4', '6 . 80'), ['10.0.1.29']);
  world.tell({ removedServices: ['n1/s1'] });
  t.deepEqual(world.leads('port4', '6 . 80'), []);
});

test('affinity remembers backends by a mark that stays when others come and go', (t) => {
  const world = small();
  world.tell({ services: [service(1, 0, { sessionAffinitySeconds: 60 })] });
  t.deepEqual(world.leads('vip4', '10.0.1.2'), ['10.0.1.21', '10.0.1.22', '10.0.1.23']);
  const before = world.map('vip4_by_mark');
  world.tell({ endpoints: [endpoint(1, 0, 2, { isServing: false })] });
  t.deepEqual(world.leads('vip4', '10.0.1.2'), ['10.0.1.21', '10.0.1.23']);
  const mark = `10.0.1.2 . ${0x0a000116}`;
  const { [mark]: gone, ...others } = before;
  t.is(gone, '10.0.1.22');
  t.deepEqual(world.map('vip4_by_mark'), others);
  t.is(world.map('vip4')['10.0.1.2'], 'goto vip4_affinity_10_0_1_2_60s');
  world.tell({ services: [service(1, 0, { sessionAffinitySeconds: 5 })] });
  t.is(world.map('vip4')['10.0.1.2'], 'goto vip4_affinity_10_0_1_2_5s');
  world.tell({ services: [service(1, 0)] });
  const left = [...(world.table?.kinds.keys() ?? [])].filter((name) =>
    /affinity|callers/.test(name),
  );
  t.deepEqual(left, []);
});

test('on an isolated network the tasks of this node are reached by those they allow', (t) => {
  const world = new World();
  world.tell({
    isFull: true,
    networks: [network(1, true)],
    services: [service(1, 0, { allowFromIds: ['s1'] }), service(1, 1), service(1, 2)],
    endpoints: [
      endpoint(1, 0, 1),
      endpoint(1, 0, 2),
      endpoint(1, 1, 3, { isServing: false }),
      endpoint(1, 2, 5),
    ],
  });
  t.deepEqual(world.map('guarded4'), { '10.0.1.21': 'goto guard4_n1_s0' });
  const allowed = () => Object.keys(world.map('allowed4_n1_s0'));
  t.deepEqual(allowed(), ['10.0.1.21', '10.0.1.22', '10.0.1.23']);
  // One task of an allowed service more: one element of each family, and its place in the pool.
  world.tell({ endpoints: [endpoint(1, 1, 6)] });
  t.deepEqual(allowed(), ['10.0.1.21', '10.0.1.22', '10.0.1.23', '10.0.1.26']);
  world.tell({ services: [service(1, 0)] });
  t.deepEqual(allowed(), ['10.0.1.21', '10.0.1.22']);
  world.tell({ networks: [network(1, false)] });
  t.deepEqual(world.map('guarded4'), {});
  t.false(world.table?.kinds.has('allowed4_n1_s0'));
});

test('a host port leads to its task in the families that both have', (t) => {
  const world = small();
  const ports = [
    PortConfig.create({ publishedPort: 80, targetPort: 8000 }),
    PortConfig.create({ publishedPort: 81, targetPort: 8001, hostIp: '192.168.0.1' }),
  ];
  world.rules.setHostPorts('t1', ['10.0.1.21', 'fd10:0:0:1::21'], ports);
  world.flush();
  t.deepEqual(world.map('host_port4'), { '6 . 80': '10.0.1.21 . 8000' });
  t.deepEqual(world.map('host_port6'), { '6 . 80': 'fd10:0:0:1::21 . 8000' });
  t.deepEqual(world.map('address_host_port4'), { '192.168.0.1 . 6 . 81': '10.0.1.21 . 8001' });
  world.rules.setHostPorts('t1', [], []);
  world.flush();
  t.deepEqual([world.map('host_port4'), world.map('address_host_port4')], [{}, {}]);
});

const services = 3;
const tasks = 12;
const message = fc.oneof(
  { weight: 24, arbitrary: fc.tuple(fc.nat(1), fc.nat(tasks - 1), fc.boolean()).map(toEndpoint) },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat(1), fc.nat(tasks - 1)).map(([n, task]) => ({
      removedEndpoints: [`n${n}/t${task}`],
    })),
  },
  {
    weight: 12,
    arbitrary: fc
      .record({
        n: fc.nat(1),
        id: fc.nat(services - 1),
        hasPort: fc.boolean(),
        affinity: fc.constantFrom(0, 0, 60),
        from: fc.subarray(['s0', 's1', 's2', 's3']),
        hasVip: fc.boolean(),
      })
      .map(({ n, id, hasPort, affinity, from, hasVip }) => ({
        services: [
          service(n, id, {
            ...(hasVip ? {} : { address: '', addressV6: '' }),
            ports: hasPort
              ? [PortConfig.create({ publishedPort: 8000 + n * services + id, targetPort: 80 })]
              : [],
            sessionAffinitySeconds: affinity,
            allowFromIds: from,
          }),
        ],
      })),
  },
  fc
    .tuple(fc.nat(1), fc.nat(services - 1))
    .map(([n, id]) => ({ removedServices: [`n${n}/s${id}`] })),
  fc
    .tuple(fc.nat(1), fc.boolean())
    .map(([n, isIsolated]) => ({ networks: [network(n, isIsolated)] })),
  fc.nat(1).map((n) => ({ removedNetworkIds: [`n${n}`] })),
  fc.tuple(fc.nat(1), fc.nat(3)).map(([n, node]) => ({ hosts: [host(n, node)] })),
  fc.tuple(fc.nat(1), fc.nat(3)).map(([n, node]) => ({ removedHosts: [`n${n}/node${node}`] })),
);

function toEndpoint([n, task, isServing]: readonly [number, number, boolean]) {
  return { endpoints: [endpoint(n, task % services, task, { isServing })] };
}

/** The table without the order of backends, and without chains that are kept for later. */
function essence(world: World): unknown {
  const elements = [...(world.table?.elements ?? [])].flatMap(([name, keys]) => {
    const entries = [...keys].map(([key, value]) => {
      const isNumbered = /_(?:backends|marks)$/.test(name);
      return isNumbered ? `${key.replace(/ \. \d+$/, '')} : ${value}` : `${key} : ${value}`;
    });
    return entries.length === 0 ? [] : [[name, entries.sort()]];
  });
  const kinds = [...(world.table?.kinds.keys() ?? [])].filter((name) => !/_of_\d+$/.test(name));
  return { elements: elements.sort(byText), kinds: kinds.sort() };
}

/** The assertion's own comparison is slow. */
function same(t: ExecutionContext, a: World, b: World): void {
  if (JSON.stringify(essence(a)) !== JSON.stringify(essence(b)))
    t.deepEqual(essence(a), essence(b));
}

/** Each key that leads anywhere draws among as many numbers as there are, from 0 without gaps. */
function gaps(world: World): readonly string[] {
  return ['vip4', 'vip6', 'port4', 'port6'].flatMap((door) =>
    Object.keys(world.map(door)).flatMap((key) =>
      world.leads(door, key).filter((target) => target === 'nothing'),
    ),
  );
}

test('whatever the order of changes, the table is as if all had been told at once', (t) => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 20, maxLength: 120, size: 'max' }),
      fc.nat(4),
      (messages, batch) => {
        const world = new World();
        for (const [i, changes] of messages.entries()) {
          world.rules.apply(world.view.apply(NetworkChanges.create(changes)));
          if (i % (batch + 1) === 0) world.flush();
        }
        world.flush();
        const fresh = world.afresh();
        same(t, world, fresh);
        t.deepEqual(gaps(world), []);
        // What is adopted by another life is brought to the same.
        fresh.adopt(world.table);
        same(t, fresh, world);
        t.deepEqual(gaps(fresh), []);
        t.deepEqual([...world.torn, ...fresh.torn], []);
      },
    ),
    { numRuns: 100 },
  );
});
