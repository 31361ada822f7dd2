/** The name server on real sockets: loopback addresses stand for gateways. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import {
  DnsConfig,
  Endpoint,
  Network,
  NetworkAllocation,
  NetworkChanges,
  NetworkService,
  NetworkSpec,
  SubnetConfig,
  Task,
  TaskSpec,
} from '#proto';
import { Forwarder, underWayPerAskerMax } from '#agent/dns/forwarder-node';
import { connectionsPerAskerMax } from '#agent/dns/listener-node';
import { MessageReader, framed } from '#agent/dns/frames';
import { NameServer } from '#agent/dns/name-server-node';
import { LiveNetworkView } from '#agent/network-view/view';
import { ask, read } from '#test/_support/dns';
import type { Read } from '#test/_support/dns';
import { freePort } from '#test/_support/free-port';
import { poll } from '#test/_support/poll';
import { VirtualClock } from '#test/_support/virtual-clock';

/** How a name server of the outside behaves. */
interface Outside {
  readonly port: number;
  readonly seen: { readonly bytes: Buffer; readonly isUdp: boolean }[];
  isSilent: boolean;
}

/** Answers every question with NXDOMAIN, by UDP and TCP, on 127.0.0.1. */
async function outside(t: ExecutionContext): Promise<Outside> {
  const udp = createSocket('udp4');
  const tcp = createServer();
  const state: { -readonly [K in keyof Outside]: Outside[K] } = {
    port: 0,
    seen: [],
    isSilent: false,
  };
  const answerTo = (asked: Buffer): Buffer => {
    const answer = Buffer.from(asked);
    answer.writeUInt16BE(0x8183, 2);
    return answer;
  };
  udp.on('message', (bytes, { port, address }) => {
    state.seen.push({ bytes, isUdp: true });
    if (state.isSilent) return;
    const strange = answerTo(bytes);
    strange.writeUInt16BE((bytes.readUInt16BE(0) + 1) % 0x10000, 0);
    udp.send(strange, port, address);
    udp.send(answerTo(bytes), port, address);
  });
  tcp.on('connection', (socket) => {
    const reader = new MessageReader();
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      for (const message of reader.read(bytes)) {
        state.seen.push({ bytes: Buffer.from(message), isUdp: false });
        socket.write(framed(answerTo(Buffer.from(message))));
      }
    });
  });
  t.teardown(() => {
    udp.close();
    if (tcp.listening) tcp.close();
  });
  state.port = await poll('a port that is free in both protocols', async () => {
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    try {
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      return port;
    } catch {
      tcp.close();
      await once(tcp, 'close');
      return undefined;
    }
  });
  return state;
}

const network = (gateway: string): Network =>
  Network.create({
    id: 'front',
    spec: NetworkSpec.create({ name: 'front' }),
    allocation: NetworkAllocation.create({ subnets: [SubnetConfig.create({ gateway })] }),
  });

/** The asker's task has the address 127.0.0.1, from which the tests ask. */
const full = (gateway: string): NetworkChanges =>
  NetworkChanges.create({
    isFull: true,
    networks: [network(gateway)],
    services: [NetworkService.create({ networkId: 'front', serviceId: 'web', name: 'web' })],
    endpoints: [
      Endpoint.create({ networkId: 'front', taskId: 'me', nodeId: 'n1', address: '127.0.0.1' }),
      ...Array.from({ length: 60 }, (_, i) =>
        Endpoint.create({
          networkId: 'front',
          taskId: `w${i}`,
          serviceId: 'web',
          nodeId: 'n2',
          address: `10.0.0.${i + 10}`,
          isServing: true,
        }),
      ),
    ],
  });

interface Running {
  readonly server: NameServer;
  readonly view: LiveNetworkView;
  readonly port: number;
  readonly own: string[];
}

async function running(
  t: ExecutionContext,
  upstreamPort: number,
  options: { readonly gateway?: string; readonly tryMs?: number } = {},
): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'names-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const resolverPath = join(directory, 'resolv.conf');
  await writeFile(resolverPath, 'nameserver 127.0.0.1\n');
  const own: string[] = [];
  const port = await freePort();
  const server = new NameServer({
    nodeId: 'n1',
    clock: systemClock(),
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
    port,
    forwarder: new Forwarder({ port: upstreamPort, tryMs: options.tryMs ?? 5_000 }),
    resolverPaths: [resolverPath],
  });
  const spec = TaskSpec.create({ dns: DnsConfig.create({ nameservers: own }) });
  server.useTasks((id) => (id === 'me' ? Task.create({ id, spec }) : undefined));
  t.teardown(() => server.close());
  const view = new LiveNetworkView();
  const gateway = options.gateway ?? '127.0.0.2';
  await server.apply(view, view.apply(full(gateway)));
  if (options.gateway === undefined) await poll('it listens', () => server.listening.length === 1);
  return { server, view, port, own };
}

async function byUdp(port: number, message: Buffer): Promise<Read> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  socket.send(message, port, '127.0.0.2');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return read(answer);
}

async function byTcp(port: number, ...messages: readonly Buffer[]): Promise<readonly Read[]> {
  const socket = connect({ port, host: '127.0.0.2', localAddress: '127.0.0.1' });
  for (const message of messages) socket.write(framed(message));
  const reader = new MessageReader();
  const answers: Read[] = [];
  for await (const bytes of socket) {
    answers.push(...reader.read(bytes as Buffer).map(read));
    if (answers.length === messages.length) break;
  }
  return answers;
}

test('names are answered by UDP, and by TCP what UDP could not hold', async (t) => {
  const { port } = await running(t, await freePort());
  const cut = await byUdp(port, ask('tasks.web', 'A', { id: 5 }));
  t.like(cut, { id: 5, code: 0, isCut: true });
  const [whole, other] = await byTcp(port, ask('tasks.web', 'A'), ask('web', 'AAAA', { id: 6 }));
  t.is(whole?.records.length, 60);
  t.like(other, { id: 6, code: 0, records: [] });
});

test('the rest is asked of the name servers of the host, by the way it came', async (t) => {
  const upstream = await outside(t);
  const { port } = await running(t, upstream.port);
  const answer = await byUdp(port, ask('Example.com', 'A', { id: 7 }));
  t.like(answer, { id: 7, code: 3, question: 'Example.com' });
  const [tcp] = await byTcp(port, ask('example.org', 'A', { id: 8 }));
  t.like(tcp, { id: 8, code: 3 });
  t.deepEqual(
    upstream.seen.map(({ isUdp }) => isUdp),
    [true, false],
  );
});

test('a task that names its own servers has those asked', async (t) => {
  const upstream = await outside(t);
  const { port, own } = await running(t, upstream.port, { tryMs: 100 });
  own.push('127.0.0.9');
  t.is((await byUdp(port, ask('example.com', 'A'))).code, 2, 'nobody listens there');
  t.is(upstream.seen.length, 0);
  own.push('127.0.0.1');
  t.is((await byUdp(port, ask('example.com', 'A'))).code, 3, 'the next one answers');
});

test('a server that is silent is asked twice, and then the asker is told', async (t) => {
  const upstream = await outside(t);
  upstream.isSilent = true;
  const { port } = await running(t, upstream.port, { tryMs: 50 });
  t.is((await byUdp(port, ask('example.com', 'A'))).code, 2);
  t.is(upstream.seen.length, 2);
});

test('one task cannot have more than its share of questions under way', async (t) => {
  const upstream = await outside(t);
  upstream.isSilent = true;
  const forwarder = new Forwarder({ port: upstream.port, tryMs: 200 });
  const asked = ask('example.com', 'A');
  const asking = Array.from({ length: underWayPerAskerMax }, () =>
    t.throwsAsync(forwarder.ask(asked, ['127.0.0.1'], true, 'me'), { code: 'UNAVAILABLE' }),
  );
  await t.throwsAsync(forwarder.ask(asked, ['127.0.0.1'], true, 'me'), { code: 'LIMIT_EXCEEDED' });
  await t.throwsAsync(forwarder.ask(asked, [], true, 'other'), { code: 'UNAVAILABLE' });
  await Promise.all(asking);
  t.is(forwarder.underWay, 0);
});

test('one asker cannot take all connections', async (t) => {
  const { port } = await running(t, await freePort());
  const open = await Promise.all(
    Array.from({ length: connectionsPerAskerMax }, async () => {
      const socket = connect({ port, host: '127.0.0.2', localAddress: '127.0.0.1' });
      await once(socket, 'connect');
      return socket;
    }),
  );
  const answers = () => byTcp(port, ask('web', 'A')).catch(() => []);
  t.deepEqual(await answers(), [], 'hung up');
  for (const socket of open) socket.destroy();
  await poll('there is room again', async () => (await answers()).length === 1);
});

test('it listens as soon as an address is there, and no longer when its network goes', async (t) => {
  const { server, view } = await running(t, await freePort(), { gateway: '192.0.2.1' });
  t.deepEqual(server.listening, []);
  const next = NetworkChanges.create({ networks: [network('127.0.0.3')] });
  await server.apply(view, view.apply(next));
  await poll('it listens', () => server.listening[0]?.address === '127.0.0.3');
  await server.apply(view, view.apply(NetworkChanges.create({ removedNetworkIds: ['front'] })));
  t.deepEqual(server.listening, []);
});

test('an address that another program has is taken when it is free', async (t) => {
  const { server, view, port } = await running(t, await freePort());
  const other = createSocket('udp4').bind(port, '127.0.0.4');
  await once(other, 'listening');
  await server.apply(view, view.apply(NetworkChanges.create({ networks: [network('127.0.0.4')] })));
  t.deepEqual(server.listening, []);
  other.close();
  await poll('it listens', () => server.listening[0]?.address === '127.0.0.4');
});

test('what an earlier life knew is answered from after a while, the managers’ word at once', async (t) => {
  const clock = new VirtualClock();
  const basics = {
    nodeId: 'n1',
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
  };
  const open = async (): Promise<NameServer> => {
    const server = new NameServer({ ...basics, clock, port: await freePort() });
    t.teardown(() => server.close());
    return server;
  };
  const listens = (server: NameServer) => poll('it listens', () => server.listening.length === 1);
  const [lonely, led] = [await open(), await open()];
  const memory = new LiveNetworkView();
  await lonely.apply(memory, memory.apply(full('127.0.0.3')), 'memory');
  const view = new LiveNetworkView();
  await led.apply(view, view.apply(full('127.0.0.3')), 'memory');
  await led.apply(view, view.apply(full('127.0.0.3')), 'managers');
  await listens(led);
  t.is(lonely.listening.length, 0);
  await clock.advance(3_000);
  await listens(lonely);
});
