/**
 * A process of its own: a state far larger than what may be in memory is saved, read back at a
 * restart, and sent to a new member. Prints how much memory grew. Arguments: MiB, directory.
 */
import type { RaftMessage, StateMachine } from 'raft-ts';
import { RaftNode } from 'raft-ts';
import { AesLogCipher, nodeDisk, systemClock, systemRandom } from 'raft-ts/node';
import { join } from 'node:path';
import { poll } from './poll.ts';

const chunkBytes = 256 << 10;
const mebibytes = Number(process.argv[2]);
const directory = process.argv[3] ?? '';
const chunkCount = (mebibytes << 20) / chunkBytes;

/** Its state is only thought of: each chunk is made when it is asked for, and checked when it comes. */
class ThoughtState implements StateMachine {
  restoredChunks = 0;

  apply(): void {
    // Nothing to keep.
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < chunkCount; i++) yield chunkAt(i);
  }

  async restore(_: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let count = 0;
    for await (const chunk of chunks) {
      if (!Buffer.from(chunk).equals(chunkAt(count))) throw new Error(`chunk ${count} is another`);
      count++;
    }
    this.restoredChunks = count;
  }
}

function chunkAt(index: number): Uint8Array {
  const chunk = new Uint8Array(chunkBytes).fill(index & 0xff);
  new DataView(chunk.buffer).setUint32(0, index);
  return chunk;
}

const nodes = new Map<number, RaftNode>();
const member = { id: 1, role: 'voter', context: '' } as const;

async function open(id: number, machine: StateMachine): Promise<RaftNode> {
  const node = await RaftNode.open({
    id,
    clock: systemClock(),
    random: systemRandom(),
    disk: nodeDisk(join(directory, String(id))),
    cipher: new AesLogCipher(new Uint8Array(32).fill(id)),
    stateMachine: machine,
    transport: {
      send: (message: RaftMessage) => setImmediate(() => nodes.get(message.to)?.receive(message)),
      sendSnapshot: async (header, meta, chunks) => {
        await nodes.get(header.to)?.receiveSnapshot(header, meta, chunks);
      },
    },
    observer: {
      failed: ({ error }) => {
        throw error;
      },
    },
    options: { snapshotEntries: 10, keepEntries: 1, segmentBytesMax: 200 },
    ...(id === 1 ? { bootstrap: { members: [member] } } : {}),
  });
  nodes.set(id, node);
  return node;
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

const startBytes = process.memoryUsage.rss();
let peakBytes = 0;
const sampler = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 20);
const took: Record<string, number> = {};
async function timed(name: string, run: () => Promise<void>): Promise<void> {
  const from = performance.now();
  await run();
  took[name] = Math.round(performance.now() - from);
}

const deadline = { deadlineMs: 120_000 };
let first = await open(1, new ThoughtState());
await poll('it leads', () => first.status().role === 'leader', deadline);
await timed('saveMs', async () => {
  for (let i = 0; i < 12; i++) await first.propose(new Uint8Array(10));
  await poll('the snapshot is saved', () => first.inspection.log.snapshot.index > 0, deadline);
});
await first.stop();
const restored = new ThoughtState();
await timed('restoreMs', async () => {
  first = await open(1, restored);
});
check(restored.restoredChunks === chunkCount, 'the state came back from the disk');
const received = new ThoughtState();
await timed('sendMs', async () => {
  await poll('it leads', () => first.status().role === 'leader');
  await open(2, received);
  await first.propose(new Uint8Array(10));
  await first.changeMembership({ kind: 'add-learner', id: 2, context: '' });
  await poll(
    'the new member has the state',
    () => received.restoredChunks === chunkCount,
    deadline,
  );
});
for (const node of nodes.values()) await node.stop();
clearInterval(sampler);
const grewMebibytes = Math.round((peakBytes - startBytes) / (1 << 20));
console.log(JSON.stringify({ mebibytes, grewMebibytes, ...took }));
