/**
 * A replicated map of keys to values over TCP, on real disks. Three members run in this process, each
 * with a server, a directory and a state of its own; nothing but sockets joins them. It prints what
 * it wrote, read and found again after all members had stopped.
 */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { RaftNode, type Entry, type RaftMessage, type SnapshotMeta, type Transport } from 'raft-ts';
import { nodeDisk, systemClock, systemRandom } from 'raft-ts/node';

/** The state: what is proposed is `{"key": ..., "value": ...}`. */
class KeyValues {
  map = new Map<string, string>();

  apply(entry: Entry): void {
    const { key, value } = JSON.parse(new TextDecoder().decode(entry.data)) as {
      readonly key: string;
      readonly value: string;
    };
    this.map.set(key, value);
  }

  /** The copy is taken at once, what is written after it does not show. */
  async *snapshot(): AsyncGenerator<Uint8Array> {
    const pairs = [...this.map];
    for (let at = 0; at < pairs.length; at += 1000) {
      yield new TextEncoder().encode(`${JSON.stringify(pairs.slice(at, at + 1000))}\n`);
    }
  }

  async restore(_: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const text = await new Response(ReadableStream.from(chunks)).text();
    const parts = text.split('\n').filter((line) => line !== '');
    this.map = new Map(parts.flatMap((line) => JSON.parse(line) as [string, string][]));
  }
}

/** One line of JSON a frame; bytes travel as base64. */
type Frame =
  | { readonly kind: 'message'; readonly message: RaftMessage }
  | { readonly kind: 'snapshot'; readonly message: RaftMessage; readonly meta: SnapshotMeta }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

function encode(frame: Frame): string {
  const text = JSON.stringify(frame, (_, value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
  );
  return `${text}\n`;
}

function decode(line: string): Frame {
  return JSON.parse(line, (_, value: { base64?: string } | null) =>
    typeof value?.base64 === 'string' ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value,
  ) as Frame;
}

async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  for await (const line of createInterface({ input: socket })) yield decode(line);
}

async function* chunksOf(frames: AsyncGenerator<Frame>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { value: frame, done } = await frames.next();
    if (done || (frame.kind !== 'chunk' && frame.kind !== 'end')) throw new Error('cut short');
    if (frame.kind === 'end') return;
    yield frame.bytes;
  }
}

/** To each peer one connection for messages; a snapshot has a connection of its own. */
function tcpTransport(portOf: (id: number) => number): Transport & { close(): void } {
  const sockets = new Map<number, Socket>();
  const dial = (id: number): Socket => {
    const socket = connect(portOf(id), '127.0.0.1');
    socket.on('error', () => socket.destroy()); // Raft sends again what it still needs.
    return socket;
  };
  return {
    send(message) {
      let socket = sockets.get(message.to);
      if (socket === undefined || socket.destroyed) {
        socket = dial(message.to);
        sockets.set(message.to, socket);
      }
      // A peer that does not read must not fill our memory: drop, as a network does.
      if (socket.writableLength < 64 << 20) socket.write(encode({ kind: 'message', message }));
    },
    async sendSnapshot(message, meta, chunks, signal) {
      const socket = dial(message.to);
      const stop = (): void => void socket.destroy();
      signal.addEventListener('abort', stop);
      try {
        await once(socket, 'connect', { signal });
        socket.write(encode({ kind: 'snapshot', message, meta }));
        for await (const bytes of chunks) {
          if (!socket.write(encode({ kind: 'chunk', bytes }))) {
            await once(socket, 'drain', { signal });
          }
        }
        socket.write(encode({ kind: 'end' }));
        // The peer answers with one line when it has stored it, and hangs up when it could not.
        const { done } = await framesOf(socket).next();
        if (done) throw new Error('the peer has not stored the snapshot');
      } finally {
        signal.removeEventListener('abort', stop);
        socket.destroy();
      }
    },
    close() {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

interface Member {
  readonly node: RaftNode;
  readonly state: KeyValues;
  stop(): Promise<void>;
}

const ids = [1, 2, 3] as const;

async function startMember(id: number, directory: string, servers: Server[]): Promise<Member> {
  const state = new KeyValues();
  const portOf = (peer: number): number =>
    (servers[peer - 1]?.address() as { readonly port: number } | null)?.port ?? 0;
  const transport = tcpTransport(portOf);
  const node = await RaftNode.open({
    id,
    clock: systemClock(),
    random: systemRandom(),
    disk: nodeDisk(`${directory}/${id}`),
    stateMachine: state,
    transport,
    bootstrap: { members: ids.map((one) => ({ id: one, role: 'voter', context: `m${one}` })) },
  });
  servers[id - 1]?.on('connection', (socket) => {
    socket.on('error', () => socket.destroy());
    void serve(node, socket).catch(() => socket.destroy());
  });
  const stop = async (): Promise<void> => {
    await node.stop();
    transport.close();
  };
  return { node, state, stop };
}

async function serve(node: RaftNode, socket: Socket): Promise<void> {
  const frames = framesOf(socket);
  for await (const frame of frames) {
    if (frame.kind === 'message') node.receive(frame.message);
    if (frame.kind !== 'snapshot') continue;
    await node.receiveSnapshot(frame.message, frame.meta, chunksOf(frames));
    socket.end(encode({ kind: 'end' }));
    return;
  }
}

/** A server for each member first, so that each knows the others' ports. */
async function start(directory: string): Promise<{ members: Member[]; stop(): Promise<void> }> {
  const servers = await Promise.all(
    ids.map(async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const members = await Promise.all(ids.map((id) => startMember(id, directory, servers)));
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.stop()));
    for (const server of servers) server.close();
  };
  return { members, stop };
}

/** Asks whoever leads, until `call` gives an answer that is not undefined. */
async function atLeader<T>(
  members: readonly Member[],
  call: (leader: Member) => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    const leader = members.find(({ node }) => node.status().role === 'leader');
    const answer = leader && (await call(leader));
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function set(members: readonly Member[], key: string, value: string): Promise<true> {
  const data = new TextEncoder().encode(JSON.stringify({ key, value }));
  return atLeader(members, async ({ node }) => {
    const outcome = await node.propose(data);
    // Setting a key twice is setting it once, so even an unknown outcome may be tried again.
    return outcome.kind === 'committed' ? true : undefined;
  });
}

function get(members: readonly Member[], key: string): Promise<string> {
  return atLeader(members, async ({ node, state }) => {
    try {
      await node.readIndex();
    } catch {
      return undefined; // It leads no more: ask the next one.
    }
    return state.map.get(key) ?? '(none)';
  });
}

const directory = await mkdtemp('/tmp/raft-kv-');
let cluster = await start(directory);
for (let i = 1; i <= 100; i++) await set(cluster.members, `key${i}`, `value${i}`);
console.log(`key42 is ${await get(cluster.members, 'key42')}`);
await cluster.stop();

cluster = await start(directory);
console.log(`after a restart key100 is ${await get(cluster.members, 'key100')}`);
await cluster.stop();
await rm(directory, { recursive: true });
