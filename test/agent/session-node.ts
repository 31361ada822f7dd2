/** The agent's line on loopback, with managers that a test plays. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ClusterError, seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import * as wire from '#proto';
import { serve } from '#proto/serve-node';
import { channelOptions, grpc } from '#proto/rpc';
import { ManagerConnections, ManagerAddresses } from '#agent';
import { poll } from '#test/_support/poll';

type Handlers = wire.Handlers<typeof wire.DispatcherService>;

/** A manager's side of one session. */
interface Played {
  readonly socket: Socket;
  readonly say: (body: NonNullable<wire.ManagerMessage['body']>) => void;
}

interface Plays {
  readonly onSession?: (session: Played) => void;
  readonly onMessage?: (body: wire.AgentMessage['body'], session: Played) => void;
  readonly work?: Handlers['work'];
}

/** Work comes over gRPC on a port of its own here; one port serves both where TLS tells them apart. */
const workPorts = new Map<string, string>();

async function manager(t: ExecutionContext, plays: Plays): Promise<string> {
  const sessions = createServer((socket) => {
    const say: Played['say'] = (body) =>
      void socket.write(wire.frameOf(wire.ManagerMessage.encode({ body })));
    const played = { socket, say };
    const reader = new wire.FrameReader();
    t.teardown(() => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: Uint8Array) => {
      for (const frame of reader.read(piece))
        plays.onMessage?.(wire.AgentMessage.decode(frame).body, played);
    });
    plays.onSession?.(played);
  });
  sessions.listen(0, '127.0.0.1');
  await once(sessions, 'listening');
  t.teardown(() => sessions.close());
  const address = `127.0.0.1:${(sessions.address() as AddressInfo).port}`;
  if (plays.work !== undefined) workPorts.set(address, await workServer(t, plays.work));
  return address;
}

async function workServer(t: ExecutionContext, work: Handlers['work']): Promise<string> {
  const server = new grpc.Server(channelOptions);
  const session = () => {
    throw new ClusterError('UNIMPLEMENTED', 'not played');
  };
  const whole: Handlers = { session, work };
  serve(server, wire.DispatcherService, whole, {
    identify: () => ({
      caller: { kind: 'node', nodeId: 'n1', role: wire.NodeRole.WORKER },
      address: '127.0.0.1:1',
      isForwarded: false,
    }),
    clock: systemClock(),
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
  });
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

function lineTo(t: ExecutionContext, ...known: readonly string[]) {
  const addresses = new ManagerAddresses(known, { ...seededRandom(1), below: () => 0 });
  const clients = new Map<string, grpc.Client>();
  const channelFor = (address: string): grpc.Client => {
    const client =
      clients.get(address) ??
      new grpc.Client(
        workPorts.get(address) ?? address,
        grpc.credentials.createInsecure(),
        channelOptions,
      );
    clients.set(address, client);
    return client;
  };
  t.teardown(() => {
    for (const client of clients.values()) client.close();
  });
  const sessionSocketFor = (address: string): Socket =>
    connect(Number(address.split(':')[1]), '127.0.0.1');
  const options = { addresses, channelFor, sessionSocketFor, log: silentLogger };
  return { addresses, line: new ManagerConnections(options) };
}

/** A session that keeps what it hears. */
function open(line: ManagerConnections) {
  const heard: wire.ManagerMessage[] = [];
  const closed: unknown[] = [];
  const link = line.openSession({
    onMessage: (message) => heard.push(message),
    onClose: (error) => closed.push(error),
  });
  return { link, heard, closed };
}

const heartbeat: wire.AgentMessage = {
  body: { kind: 'heartbeat', heartbeat: wire.Heartbeat.create() },
};

test('messages go both ways in order, and what was sent before a close arrives', async (t) => {
  const got: string[] = [];
  const address = await manager(t, {
    onSession({ say }) {
      const session = wire.SessionInfo.create({ sessionId: 's1', managerAddresses: ['a', 'b'] });
      say({ kind: 'session', session });
    },
    onMessage(body, { say }) {
      got.push(body?.kind ?? '');
      if (body?.kind === 'heartbeat')
        say({ kind: 'heartbeat', heartbeat: wire.Heartbeat.create() });
    },
  });
  const { addresses, line } = lineTo(t, address);
  const { link, heard, closed } = open(line);
  link.send(heartbeat);
  await poll('the answer', () => heard.length === 2);
  t.deepEqual(
    heard.map(({ body }) => body?.kind),
    ['session', 'heartbeat'],
  );
  t.deepEqual(addresses.known, ['a', 'b']);
  t.is(addresses.pick(), address, 'the one that answered is tried first');
  link.send({ body: { kind: 'goodbye', goodbye: wire.Goodbye.create() } });
  link.close();
  await poll('the goodbye', () => got.length === 2);
  t.deepEqual(got, ['heartbeat', 'goodbye']);
  t.deepEqual(closed, []);
});

test('a follower names the leader, and the next session goes there', async (t) => {
  const leader = await manager(t, {
    onSession({ socket, say }) {
      say({ kind: 'session', session: wire.SessionInfo.create({ sessionId: 'leader' }) });
      socket.end();
    },
  });
  const follower = await manager(t, {
    onSession({ say }) {
      const code = 'NOT_LEADER';
      const details = { leaderAddress: leader };
      say({ kind: 'end', end: wire.SessionEnd.create({ code, message: 'ask another', details }) });
    },
  });
  const { line } = lineTo(t, follower);
  const first = open(line);
  await poll('the refusal', () => first.closed.length === 1);
  t.true(first.closed[0] instanceof ClusterError);
  t.is((first.closed[0] as ClusterError).code, 'NOT_LEADER');
  const second = open(line);
  await poll('the leader', () => second.heard.length === 1);
  await poll('its end', () => second.closed.length === 1);
});

test('a manager that is not there ends the session with UNAVAILABLE', async (t) => {
  const { line } = lineTo(t, '127.0.0.1:1');
  const { link, closed } = open(line);
  link.send(heartbeat);
  await poll('the end', () => closed.length === 1);
  t.is((closed[0] as ClusterError).code, 'UNAVAILABLE');
  link.send(heartbeat);
  link.close();
});

test('what is no message of a manager ends the session, and so does a code of later', async (t) => {
  const babbler = await manager(t, {
    onSession: ({ socket }) => void socket.write(Buffer.alloc(8, 0xff)),
  });
  const first = open(lineTo(t, babbler).line);
  await poll('the end', () => first.closed.length === 1);
  t.is((first.closed[0] as ClusterError).code, 'INTERNAL');
  const later = await manager(t, {
    onSession({ say }) {
      say({ kind: 'end', end: wire.SessionEnd.create({ code: 'BEYOND', message: 'unheard of' }) });
    },
  });
  const second = open(lineTo(t, later).line);
  await poll('the end', () => second.closed.length === 1);
  t.is((second.closed[0] as ClusterError).code, 'INTERNAL');
  t.is((second.closed[0] as ClusterError).message, 'unheard of');
});

test('a manager that does not read is given up', async (t) => {
  const address = await manager(t, { onSession: ({ socket }) => void socket.pause() });
  const { link, closed } = open(lineTo(t, address).line);
  const status = wire.TaskStatus.create({ message: 'x'.repeat(1 << 20) });
  const updates = [wire.TaskStatusUpdate.create({ taskId: 't1', status })];
  const statuses = wire.StatusBatch.create({ sequence: 1, updates });
  for (let at = 0; at < 64 && closed.length === 0; at++)
    link.send({ body: { kind: 'statuses', statuses } });
  t.is((closed[0] as ClusterError).code, 'LIMIT_EXCEEDED');
});

test('an archive comes down in chunks while answers go up', async (t) => {
  const chunk = new Uint8Array(256 * 1024).fill(7);
  const chunkCount = 12;
  const told: string[] = [];
  const address = await manager(t, {
    async *work(request) {
      const answers = request[Symbol.asyncIterator]();
      const first = await answers.next();
      told.push(first.done === true ? 'nothing' : (first.value.body?.kind ?? ''));
      for (let at = 0; at < chunkCount; at++) yield { body: { kind: 'chunk', chunk } };
      yield { body: { kind: 'end', end: true } };
      for (let next = await answers.next(); next.done !== true; next = await answers.next())
        told.push(next.value.body?.kind ?? '');
    },
  });
  const { line } = lineTo(t, address);
  open(line);
  const link = line.openWork(new AbortController().signal);
  await link.send({ body: { kind: 'id', id: 'w1' } });
  let bytes = 0;
  for await (const { body } of link.incoming) {
    if (body?.kind === 'chunk') bytes += body.chunk.length;
    if (body?.kind === 'end') break;
  }
  t.is(bytes, chunkCount * chunk.length);
  await link.send({ body: { kind: 'done', done: wire.WorkDone.create() } });
  link.close();
  await poll('the end of the work', () => told.length === 2);
  t.deepEqual(told, ['id', 'done']);
});

test('work whose manager hangs up fails, and so does sending to it', async (t) => {
  const address = await manager(t, {
    async *work() {
      yield* [];
      throw new ClusterError('CANCELLED', 'nobody wants it');
    },
  });
  const { line } = lineTo(t, address);
  open(line);
  const link = line.openWork(new AbortController().signal);
  const error = await t.throwsAsync(
    async () => {
      for await (const message of link.incoming) t.fail(message.body?.kind);
    },
    { instanceOf: ClusterError },
  );
  t.is(error?.code, 'CANCELLED');
  const payload = { body: { kind: 'id', id: 'x'.repeat(100_000) } } as const;
  await t.throwsAsync(async () => {
    for (;;) await link.send(payload);
  });
});

test('work that is given up is ended on the manager', async (t) => {
  let isOver = false;
  const address = await manager(t, {
    async *work(_request, context) {
      yield { body: { kind: 'chunk', chunk: new Uint8Array(1) } };
      await new Promise((resolve) => {
        context.signal.addEventListener('abort', resolve, { once: true });
      });
      isOver = true;
    },
  });
  const { line } = lineTo(t, address);
  open(line);
  const controller = new AbortController();
  const link = line.openWork(controller.signal);
  const incoming = link.incoming[Symbol.asyncIterator]();
  await incoming.next();
  controller.abort(new Error('given up'));
  await t.throwsAsync(incoming.next());
  await poll('the end', () => isOver);
  t.pass();
});
