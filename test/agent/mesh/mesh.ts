import test from 'ava';
import { deferred, seededRandom, silentLogger, silentMetrics } from '#lib';
import { Mesh } from '#agent/mesh/mesh';
import type { ViewSource } from '#agent/network-view/consumer';
import { LiveNetworkView } from '#agent/network-view/view';
import { Endpoint, NetworkChanges, NetworkService, PortConfig, Protocol } from '#proto';
import { FakeMeshHost } from '#test/_support/mesh-table';
import { VirtualClock } from '#test/_support/virtual-clock';

const service = (init: Partial<NetworkService> = {}) =>
  NetworkService.create({ networkId: 'n', serviceId: 's', address: '10.0.1.2', ...init });
const task = (n: number) =>
  Endpoint.create({
    networkId: 'n',
    serviceId: 's',
    taskId: `t${n}`,
    nodeId: 'here',
    address: `10.0.1.${10 + n}`,
    isServing: true,
  });

class Life {
  readonly view = new LiveNetworkView();
  readonly mesh: Mesh;

  constructor(clock: VirtualClock, host: FakeMeshHost) {
    this.mesh = new Mesh({
      nodeId: 'here',
      host,
      clock,
      random: seededRandom(1),
      log: silentLogger,
      metrics: silentMetrics,
    });
  }

  tell(
    init: Partial<NetworkChanges>,
    source?: ViewSource,
    before?: Promise<unknown>,
  ): Promise<void> {
    return this.mesh.apply(this.view, this.view.apply(NetworkChanges.create(init)), source, before);
  }
}

function world() {
  const clock = new VirtualClock();
  const host = new FakeMeshHost();
  const life = new Life(clock, host);
  const tell = (init: Partial<NetworkChanges>) => settled(clock, life.tell(init));
  return { clock, host, life, tell };
}
/** Time passes until the promise is settled. */
async function settled(clock: VirtualClock, promise: Promise<void>): Promise<void> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  for (let i = 0; i < 10_000 && !isDone; i++) await clock.step();
  await promise;
}
const leads = (host: FakeMeshHost) => host.table?.elements.get('vip4')?.get('10.0.1.2');

test('the first change goes at once, those that follow go together', async (t) => {
  const { clock, host, life } = world();
  await settled(clock, life.tell({ isFull: true, services: [service()], endpoints: [task(1)] }));
  t.is(clock.monotonic(), 0);
  t.is(leads(host), 'goto vip4_of_1');
  const all = [2, 3, 4, 5].map((n) => life.tell({ endpoints: [task(n)] }));
  await settled(
    clock,
    Promise.all(all).then(() => undefined),
  );
  // The chain of a new number, then what leads to it.
  t.is(host.applied.length, 3);
  t.is(clock.monotonic(), 50);
  t.is(leads(host), 'goto vip4_of_5');
  life.mesh.close();
});

test('what the kernel refuses is tried again after its table was read', async (t) => {
  const { clock, host, life } = world();
  await settled(clock, life.tell({ isFull: true, services: [service()], endpoints: [task(1)] }));
  host.refusals = 3;
  await settled(clock, life.tell({ endpoints: [task(2)] }));
  t.is(leads(host), 'goto vip4_of_2');
  // Somebody takes an element away: the next change of it cannot be made, and all is mended.
  host.table?.elements.get('vip4')?.clear();
  await settled(clock, life.tell({ endpoints: [task(3)] }));
  t.is(leads(host), 'goto vip4_of_3');
  host.table = undefined;
  await settled(clock, life.tell({ endpoints: [task(4)] }));
  t.is(leads(host), 'goto vip4_of_4');
  life.mesh.close();
});

test('callers are led to other tasks once there are ways to them, or do not come for long', async (t) => {
  for (const hasWays of [true, false]) {
    const { clock, host, life } = world();
    const old = { isFull: true, services: [service()], endpoints: [task(1)] };
    await settled(clock, life.tell(old));
    life.mesh.close();
    const written = host.applied.length;
    const next = new Life(clock, host);
    const ways = deferred<void>();
    const now = { ...old, endpoints: [task(2), task(3)] };
    const told = next.tell(now, 'managers', ways.promise);
    const later = next.mesh.setHostPorts('t2', ['10.0.1.12'], []);
    await clock.advance(900);
    t.is(host.applied.length, written);
    if (hasWays) ways.resolve();
    // Sooner than managers give up to hold stops, of which the next one may be that of the first task.
    await clock.advance(hasWays ? 60 : 400);
    t.is(leads(host), 'goto vip4_of_2');
    await Promise.all([told, later]);
    next.mesh.close();
  }
});

test('what others change is found within minutes', async (t) => {
  const { clock, host, life } = world();
  await settled(clock, life.tell({ isFull: true, services: [service()], endpoints: [task(1)] }));
  host.table?.elements.get('vip4')?.clear();
  while (leads(host) === undefined && clock.monotonic() < 700_000) await clock.step();
  t.is(leads(host), 'goto vip4_of_1');
  t.true(clock.monotonic() <= 340_000);
  life.mesh.close();
});

test('a new life leaves the table as it is until the managers speak, or do not for long', async (t) => {
  for (const hasManagers of [true, false]) {
    const { clock, host, life } = world();
    const old = { isFull: true, services: [service()], endpoints: [task(1)] };
    await settled(clock, life.tell(old));
    await settled(clock, life.tell({ endpoints: [task(2)] }));
    life.mesh.close();
    const startMs = clock.monotonic();
    const written = host.applied.length;
    const next = new Life(clock, host);
    // What was saved is older than the table.
    const port = PortConfig.create({ publishedPort: 90, targetPort: 80 });
    void next.mesh.setHostPorts('t1', ['10.0.1.11'], [port]);
    for (let i = 0; i < 20; i++) await clock.step(startMs + 1_000);
    t.is(host.applied.length, written);
    const first = next.tell(old, 'memory');
    if (hasManagers) {
      await clock.step();
      t.is(host.applied.length, written);
      const word = { isFull: true, services: [service()], endpoints: [task(1), task(2)] };
      await settled(clock, next.tell(word));
      // The host port, and nothing else.
      t.is(host.applied.length, written + 1);
      t.regex(host.applied.at(-1) ?? '', /^add element inet tessera_mesh host_port4 [^\n]*\n$/);
      t.true(clock.monotonic() - startMs < 2_000);
    } else {
      await settled(clock, first);
      t.is(clock.monotonic() - startMs, 10_000);
      t.is(leads(host), 'goto vip4_of_1');
    }
    next.mesh.close();
  }
});

test('a new life without a memory goes by the managers’ first word', async (t) => {
  const { clock, host, life } = world();
  const all = { isFull: true, services: [service()], endpoints: [task(1)] };
  await settled(clock, life.tell(all));
  life.mesh.close();
  const next = new Life(clock, host);
  const startMs = clock.monotonic();
  await settled(clock, next.tell({ ...all, endpoints: [task(1), task(2)] }));
  t.true(clock.monotonic() - startMs <= 50);
  t.is(leads(host), 'goto vip4_of_2');
  next.mesh.close();
});

test('of a task that is gone datagrams are forgotten at once, connections 5 s later; without networks the table goes', async (t) => {
  const { clock, host, life } = world();
  await settled(clock, life.tell({ isFull: true, services: [service()], endpoints: [task(1)] }));
  await settled(clock, life.tell({ removedEndpoints: ['n/t1'] }));
  t.deepEqual(host.forgotten.splice(0), ['datagrams of 10.0.1.11']);
  await clock.advance(4_999);
  t.deepEqual(host.forgotten, []);
  await clock.advance(1);
  t.deepEqual(host.forgotten, ['connections of 10.0.1.11']);
  t.not(host.table, undefined);
  await settled(clock, life.tell({ isFull: true }));
  t.is(host.table, undefined);
  life.mesh.close();
});

test('connections to an address that somebody has again are left alone', async (t) => {
  const { clock, host, life } = world();
  const all = { isFull: true, services: [service()], endpoints: [task(1), task(2)] };
  await settled(clock, life.tell(all));
  await settled(clock, life.tell({ removedEndpoints: ['n/t1', 'n/t2'] }));
  host.forgotten.length = 0;
  await clock.advance(3_000);
  const again = Endpoint.create({ ...task(1), taskId: 't3' });
  await settled(clock, life.tell({ endpoints: [again] }));
  await clock.advance(10_000);
  t.deepEqual(host.forgotten, ['connections of 10.0.1.12']);
  // Gone once more, it has its time once more.
  await settled(clock, life.tell({ removedEndpoints: ['n/t3'] }));
  host.forgotten.length = 0;
  await clock.advance(5_000);
  t.deepEqual(host.forgotten, ['connections of 10.0.1.11']);
  life.mesh.close();
});

test('each time that an address is left, its connections have their time', async (t) => {
  const { clock, host, life, tell } = world();
  await tell({ isFull: true, services: [service()], endpoints: [task(1), task(2)] });
  await tell({ removedEndpoints: ['n/t1'] });
  await clock.advance(3_000);
  await tell({ endpoints: [task(1)] });
  await tell({ removedEndpoints: ['n/t1'] });
  host.forgotten.length = 0;
  await clock.advance(4_999);
  t.deepEqual(host.forgotten, []);
  await clock.advance(1);
  t.deepEqual(host.forgotten, ['connections of 10.0.1.11']);
  life.mesh.close();
});

test('no caller is led to an address while its connections are forgotten', async (t) => {
  const { clock, host, life, tell } = world();
  await tell({ isFull: true, services: [service()], endpoints: [task(1), task(2)] });
  await tell({ removedEndpoints: ['n/t1'] });
  host.forgotten.length = 0;
  const listing = deferred<void>();
  host.listed = listing.promise;
  await clock.advance(5_000);
  const told = life.tell({ endpoints: [task(1)] });
  await clock.advance(1_000);
  t.is(leads(host), 'goto vip4_of_1');
  listing.resolve();
  await settled(clock, told);
  t.is(leads(host), 'goto vip4_of_2');
  t.deepEqual(host.forgotten, []);
  life.mesh.close();
});

test('flows to a port of datagrams are forgotten when it first leads to a task, not later', async (t) => {
  const { clock, host, life } = world();
  const udp = { protocol: Protocol.UDP, targetPort: 80 };
  const ports = [
    PortConfig.create({ ...udp, publishedPort: 53 }),
    PortConfig.create({ ...udp, publishedPort: 54, hostIp: '192.168.0.1' }),
    PortConfig.create({ publishedPort: 80, targetPort: 80 }),
  ];
  await settled(clock, life.tell({ isFull: true, services: [service({ ports })] }));
  t.deepEqual(host.forgottenPorts, []);
  await settled(clock, life.tell({ endpoints: [task(1)] }));
  const expected = [
    { address: undefined, port: 53 },
    { address: '192.168.0.1', port: 54 },
  ];
  t.deepEqual(host.forgottenPorts.splice(0), expected);
  await settled(clock, life.tell({ endpoints: [task(2)] }));
  await settled(clock, life.tell({ removedEndpoints: ['n/t1'] }));
  t.deepEqual(host.forgottenPorts, []);
  await settled(clock, life.tell({ removedEndpoints: ['n/t2'] }));
  await settled(clock, life.tell({ endpoints: [task(1)] }));
  t.deepEqual(host.forgottenPorts.splice(0), expected);
  const own = [PortConfig.create({ ...udp, publishedPort: 55 })];
  await settled(clock, life.mesh.setHostPorts('t1', ['10.0.1.11'], own));
  t.deepEqual(host.forgottenPorts, [{ address: undefined, port: 55 }]);
  life.mesh.close();
});

test('a port that a process has is published once it is free; one that came later only clashes', async (t) => {
  const { clock, host, life } = world();
  const port = (publishedPort: number) => PortConfig.create({ publishedPort, targetPort: 80 });
  host.listening = [{ port: '6 . 22', address: undefined }];
  const ports = [port(22), port(80)];
  const told = life.tell({ isFull: true, services: [service({ ports })], endpoints: [task(1)] });
  await settled(clock, told);
  const published = () => [...(host.table?.elements.get('port4')?.keys() ?? [])];
  t.deepEqual(published(), ['6 . 80']);
  t.deepEqual([...life.mesh.clashes.kept], ['6 . 22']);
  host.listening = [{ port: '6 . 80', address: undefined }];
  while (published().length < 2 && clock.monotonic() < 100_000) await clock.step();
  t.deepEqual(published(), ['6 . 80', '6 . 22']);
  t.deepEqual([...life.mesh.clashes.contested], ['6 . 80']);
  life.mesh.close();
  // The next life does not take it away, nor what was published over a process.
  const next = new Life(clock, host);
  void next.tell({ isFull: true, services: [service({ ports })], endpoints: [task(1)] });
  await settled(clock, next.tell({ endpoints: [task(2)] }));
  t.deepEqual(published(), ['6 . 80', '6 . 22']);
  next.mesh.close();
});
