import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { hasCode, seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { encodeFrame } from '#manager/replication/raft-frames';
import { RaftLink } from '#manager/replication/raft-link-node';
import { receiveRaftLink } from '#manager/replication/raft-link-receiver-node';
import { toWire } from '#manager/replication/raft-wire';
import { FrameReader, RaftBatch, frameBytesMax } from '#proto';
import type { RaftMessage } from 'raft-ts';
import { poll } from '../../_support/poll.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

const heartbeat = (term: number): RaftMessage => ({
  kind: 'heartbeat',
  from: 1,
  to: 2,
  term,
  commit: 0,
  readContext: 0,
});

function termsOf(batches: Iterable<RaftBatch>): number[] {
  return [...batches].flatMap(({ messages }) => messages.map(({ term }) => term));
}

test('frames are the same, however the socket cuts them', (t) => {
  const batches = fc.array(fc.array(fc.nat(1000), { maxLength: 5 }), { maxLength: 8 });
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(batches, cuts, (terms, sizes) => {
      const bytes = Buffer.concat(
        terms.map((some) => encodeFrame(some.map(heartbeat).map(toWire))),
      );
      const reader = new FrameReader();
      const read: number[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = sizes.next().value ?? 1;
        for (const frame of reader.read(bytes.subarray(at, at + size)))
          read.push(...termsOf([RaftBatch.decode(frame)]));
        at += size;
      }
      t.deepEqual(read, terms.flat());
    }),
  );
});

test('a length that no frame has is refused before anything is kept for it', (t) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(frameBytesMax + 1);
  const error = t.throws(() => [...new FrameReader().read(head)]);
  t.true(hasCode(error, 'INVALID_ARGUMENT'));
});

interface End {
  readonly server: Server;
  readonly sockets: Socket[];
  readonly address: string;
}

async function listen(t: ExecutionContext, onSocket: (socket: Socket) => void): Promise<End> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { server, sockets, address: `127.0.0.1:${port}` };
}

const basics = { random: seededRandom(1), log: silentLogger };
const dropped = silentMetrics.counter('dropped', 'Dropped.', ['reason']);
const socketFor = (address: string): Socket => connect(Number(address.split(':')[1]), '127.0.0.1');

test('a link that broke is opened again, and what is sent then arrives', async (t) => {
  const terms: number[] = [];
  const clock = systemClock();
  const receive = (batch: RaftBatch): void => void terms.push(...termsOf([batch]));
  const end = await listen(t, (socket) =>
    receiveRaftLink(socket, { receive, clock, log: silentLogger }),
  );
  const link = new RaftLink(end.address, { ...basics, clock, socketFor, dropped });
  t.teardown(() => link.close());
  link.send(heartbeat(1));
  await poll('the first message is there', () => terms.includes(1));
  end.sockets[0]?.destroy();
  await poll('a later message is there', () => {
    link.send(heartbeat(2));
    return terms.includes(2);
  });
  t.is(end.sockets.length, 2);
});

test('who sends what it may not is cut off', async (t) => {
  const clock = systemClock();
  const receive = (): void => {
    throw new Error('not yours');
  };
  const end = await listen(t, (socket) =>
    receiveRaftLink(socket, { receive, clock, log: silentLogger }),
  );
  const link = new RaftLink(end.address, { ...basics, clock, socketFor, dropped });
  t.teardown(() => link.close());
  link.send(heartbeat(1));
  await poll('the connection is closed', () => end.sockets[0]?.destroyed === true);
  t.is(end.sockets.length, 1);
});

test('a peer that says nothing for three seconds is dialled anew; one that reads is not', async (t) => {
  const clock = new VirtualClock();
  const isAnswering = { value: true };
  const end = await listen(t, (socket) =>
    receiveRaftLink(socket, {
      receive: () => undefined,
      clock: {
        ...systemClock(),
        // A receiver that stands still reads, by the kernel, but never answers.
        after: (delayMs, fn) =>
          isAnswering.value ? systemClock().after(delayMs / 25, fn) : { cancel: () => undefined },
      },
      log: silentLogger,
    }),
  );
  let heard = 0;
  const link = new RaftLink(end.address, {
    ...basics,
    clock,
    dropped,
    socketFor: (address) => socketFor(address).on('data', () => heard++),
  });
  t.teardown(() => link.close());
  for (let second = 1; second <= 5; second++) {
    link.send(heartbeat(second));
    await poll('a sign of life', () => heard >= second);
    await clock.advance(1000);
  }
  t.is(end.sockets.length, 1);
  isAnswering.value = false;
  link.send(heartbeat(6));
  await clock.advance(4000);
  link.send(heartbeat(7));
  await clock.advance(1000);
  link.send(heartbeat(8));
  await poll('a second connection', () => end.sockets.length === 2);
  t.true(end.sockets.length === 2);
});
