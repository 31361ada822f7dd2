/** The manager's end of sessions over sockets, without TLS; the test is the agent. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ClusterError, silentLogger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { Inboxes, serveSessionLink } from '#manager/dispatcher/session-link-node';
import type { SessionLinkOptions } from '#manager/dispatcher/session-link-node';
import { AgentMessage, FrameReader, Goodbye, Heartbeat, HeldImage, HeldImages } from '#proto';
import { ManagerMessage, frameOf } from '#proto';
import { poll } from '../../_support/poll.ts';

type Link = Parameters<SessionLinkOptions['open']>[1];

const heartbeat = AgentMessage.create({
  body: { kind: 'heartbeat', heartbeat: Heartbeat.create() },
});
const cancel = (id: string): ManagerMessage =>
  ManagerMessage.create({ body: { kind: 'cancelWork', cancelWork: id } });

interface Agent {
  readonly socket: Socket;
  readonly heard: ManagerMessage['body'][];
  /** What the dispatcher was told. */
  readonly got: string[];
  readonly link: () => Link;
  /** The manager's end. */
  readonly served: () => Socket;
}

async function agentOf(
  t: ExecutionContext,
  refusal?: ClusterError,
  inboxes = new Inboxes(systemClock()),
): Promise<Agent> {
  const got: string[] = [];
  let opened: Link | undefined;
  const open: SessionLinkOptions['open'] = ({ nodeId }, link) => {
    if (refusal !== undefined) throw refusal;
    opened = link;
    return {
      receive: ({ body }) => void got.push(`${nodeId} ${body?.kind}`),
      closed: () => void got.push('closed'),
    };
  };
  let accepted: Socket | undefined;
  const server = createServer((socket) => {
    accepted = socket;
    t.teardown(() => socket.destroy());
    serveSessionLink(socket, 'n1', { open, log: silentLogger, inboxes });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  const heard: ManagerMessage['body'][] = [];
  const reader = new FrameReader();
  socket.on('data', (piece: Uint8Array) => {
    for (const frame of reader.read(piece)) heard.push(ManagerMessage.decode(frame).body);
  });
  if (refusal === undefined) await poll('the session', () => opened !== undefined);
  const link = (): Link => {
    if (opened === undefined) throw new Error('no session');
    return opened;
  };
  const served = (): Socket => {
    if (accepted === undefined) throw new Error('no connection');
    return accepted;
  };
  return { socket, heard, got, link, served };
}

test('messages arrive in order on either side, and a hang-up is seen', async (t) => {
  const { socket, heard, got, link } = await agentOf(t);
  const frame = frameOf(AgentMessage.encode(heartbeat));
  socket.write(frame.subarray(0, 3));
  socket.write(Buffer.concat([frame.subarray(3), frame]));
  await poll('both heartbeats', () => got.length === 2);
  for (let at = 0; at < 100; at++) link().send(cancel(`w${at}`));
  await poll('all messages', () => heard.length === 100);
  t.deepEqual(
    heard.map((body) => (body?.kind === 'cancelWork' ? body.cancelWork : '')),
    Array.from({ length: 100 }, (_, at) => `w${at}`),
  );
  socket.destroy();
  await poll('the end', () => got.length === 3);
  t.deepEqual(got, ['n1 heartbeat', 'n1 heartbeat', 'closed']);
  link().send(cancel('late'));
});

test('why a session ended is its last message', async (t) => {
  const { socket, heard, got, link } = await agentOf(t);
  const details = { leaderAddress: '10.0.0.2:2377' };
  link().send(cancel('w1'));
  link().close(new ClusterError('NOT_LEADER', 'ask another', { details }));
  link().close(new ClusterError('CANCELLED', 'twice'));
  link().send(cancel('late'));
  await once(socket, 'close');
  await poll('the end', () => got.length === 1);
  t.is(heard.length, 2);
  t.deepEqual(heard[1], {
    kind: 'end',
    end: { code: 'NOT_LEADER', message: 'ask another', details },
  });
});

test('a session that is refused is told why, though the agent has spoken already', async (t) => {
  const refusal = new ClusterError('NOT_LEADER', 'there is none at the moment');
  const { socket, heard } = await agentOf(t, refusal);
  socket.write(frameOf(AgentMessage.encode(heartbeat)));
  await once(socket, 'close');
  t.is(heard[0]?.kind === 'end' ? heard[0].end.code : '', 'NOT_LEADER');
});

test('an agent that does not read is sent away, and what waits for it is bounded', async (t) => {
  const { socket, heard, got, link } = await agentOf(t);
  socket.pause();
  const long = cancel('x'.repeat(1 << 20));
  for (let at = 0; at < 400; at++) link().send(long);
  socket.resume();
  await poll('the end', () => got.length === 1);
  const last = heard.at(-1);
  t.is(last?.kind === 'end' ? last.end.code : '', 'LIMIT_EXCEEDED');
  t.true(heard.length < 300);
});

test('what is no message ends the connection', async (t) => {
  const { socket, got } = await agentOf(t);
  socket.write(Buffer.alloc(8, 0xff));
  await once(socket, 'close');
  await poll('the end', () => got.length === 1);
  t.deepEqual(got, ['closed']);
});

/** Slices that end with every message, and when they run. */
function slowInboxes(): { inboxes: Inboxes; run: () => void } {
  const due: (() => void)[] = [];
  let time = 0;
  const clock = {
    ...systemClock(),
    monotonic: () => (time += 10),
    soon: (fn: () => void) => void due.push(fn),
  };
  const run = (): void => {
    for (const fn of due.splice(0)) fn();
  };
  return { inboxes: new Inboxes(clock), run };
}

test('what an agent said before it hung up is handled first, in order, however late', async (t) => {
  const { inboxes, run } = slowInboxes();
  const { socket, got, served } = await agentOf(t, undefined, inboxes);
  const goodbye = AgentMessage.create({ body: { kind: 'goodbye', goodbye: Goodbye.create() } });
  const said = [heartbeat, heartbeat, goodbye].map((one) => frameOf(AgentMessage.encode(one)));
  socket.end(Buffer.concat(said));
  await poll('the manager has seen the end', () => served().destroyed);
  t.deepEqual(got, ['n1 heartbeat'], 'one message in a turn');
  run();
  t.deepEqual(got, ['n1 heartbeat', 'n1 heartbeat']);
  await poll('the end', () => {
    run();
    return got.includes('closed');
  });
  t.deepEqual(got, ['n1 heartbeat', 'n1 heartbeat', 'n1 goodbye', 'closed']);
});

test('no more is read of an agent whose messages wait, and nothing is lost', async (t) => {
  const { inboxes, run } = slowInboxes();
  const { socket, got, served } = await agentOf(t, undefined, inboxes);
  const image = HeldImage.create({ names: ['x'.repeat(32 << 10)] });
  const images = HeldImages.create({ images: [image] });
  const frame = frameOf(AgentMessage.encode({ body: { kind: 'images', images } }));
  const count = 40;
  for (let at = 0; at < count; at++) socket.write(frame);
  const all = count * frame.length;
  await poll('it reads no more', () => served().isPaused() || served().bytesRead === all);
  t.true(served().bytesRead < 8 * frame.length);
  t.true(got.length < 3);
  await poll('all of it', () => {
    run();
    return got.length === count;
  });
  t.deepEqual(
    got,
    Array.from({ length: count }, () => 'n1 images'),
  );
  socket.end();
  await poll('the end', () => {
    run();
    return got.at(-1) === 'closed';
  });
});
