import { mkdtemp, rm } from 'node:fs/promises';
import { RaftNode, type Entry, type RaftMessage } from 'raft-ts';
import { nodeDisk, systemClock, systemRandom } from 'raft-ts/node';

// What is replicated: a list of words. `apply` is all that ever changes it.
class Words {
  list: string[] = [];

  apply(entry: Entry): void {
    this.list.push(new TextDecoder().decode(entry.data));
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(JSON.stringify(this.list));
  }

  async restore(_: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const text = await new Response(ReadableStream.from(chunks)).text();
    this.list = JSON.parse(text) as string[];
  }
}

const directory = await mkdtemp('/tmp/raft-example-');
const members = [1, 2, 3].map((id) => ({ id, role: 'voter', context: `host${id}` }) as const);
const nodes = new Map<number, RaftNode>();
const words = new Map(members.map(({ id }) => [id, new Words()]));

// Three members in one process. In earnest `send` writes to a socket; it may lose what it likes.
for (const { id } of members) {
  const node = await RaftNode.open({
    id,
    clock: systemClock(),
    random: systemRandom(),
    disk: nodeDisk(`${directory}/${id}`),
    stateMachine: words.get(id) ?? new Words(),
    transport: {
      send: (message: RaftMessage) => {
        setImmediate(() => nodes.get(message.to)?.receive(message));
      },
      sendSnapshot: async (header, meta, chunks) => {
        await nodes.get(header.to)?.receiveSnapshot(header, meta, chunks);
      },
    },
    bootstrap: { members },
  });
  nodes.set(id, node);
}

function leader(): RaftNode | undefined {
  return [...nodes.values()].find((node) => node.status().role === 'leader');
}

// A write is `rejected` (safe to repeat), `committed`, or `unknown`: then a client must look first.
async function write(word: string): Promise<void> {
  for (;;) {
    const outcome = await leader()?.propose(new TextEncoder().encode(word));
    if (outcome?.kind === 'committed') return;
    if (outcome?.kind === 'unknown') throw new Error(outcome.reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

await write('hello');
await write('world');

await leader()?.readIndex(); // everything acknowledged before is applied here now
console.log(words.get(leader()?.status().id ?? 0)?.list.join(' '));

for (const node of nodes.values()) await node.stop();
await rm(directory, { recursive: true });
