/**
 * Two of three members are replaced at once, by joint consensus: the new ones catch up as learners,
 * then one change puts them in and the old ones out. It prints who the members are, step by step.
 */
import { memoryDisk, RaftNode, type Member, type RaftMessage } from 'raft-ts';
import { systemClock, systemRandom } from 'raft-ts/node';

const nodes = new Map<number, RaftNode>();

/** The state is a number: how many entries were applied. Enough to see that nothing is missing. */
class Counter {
  count = 0;

  apply(): void {
    this.count++;
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(String(this.count));
  }

  async restore(_: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.count = Number(await new Response(ReadableStream.from(chunks)).text());
  }
}

const counters = new Map<number, Counter>();
const first: readonly Member[] = [1, 2, 3].map((id) => ({
  id,
  role: 'voter',
  context: `host${id}`,
}));

/** A member that joins has no `bootstrap`: the leader tells it everything. */
async function open(id: number, bootstrap?: readonly Member[]): Promise<void> {
  const counter = new Counter();
  counters.set(id, counter);
  const node = await RaftNode.open({
    id,
    clock: systemClock(),
    random: systemRandom(),
    disk: memoryDisk(),
    stateMachine: counter,
    transport: {
      send: (message: RaftMessage) => {
        setImmediate(() => nodes.get(message.to)?.receive(message));
      },
      sendSnapshot: async (header, meta, chunks) => {
        await nodes.get(header.to)?.receiveSnapshot(header, meta, chunks);
      },
    },
    ...(bootstrap && { bootstrap: { members: bootstrap } }),
  });
  nodes.set(id, node);
}

async function until<T>(find: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function leader(): Promise<RaftNode> {
  return until(() => [...nodes.values()].find((node) => node.status().role === 'leader'));
}

/** Only what was refused is tried again: that is certainly not in the log. */
async function write(text: string): Promise<void> {
  for (;;) {
    const outcome = await (await leader()).propose(new TextEncoder().encode(text));
    if (outcome.kind === 'committed') return;
    if (outcome.kind === 'unknown') throw new Error(outcome.reason);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Tries again what was refused for now: no leader, another change, a learner that lags. */
async function setMembers(members: readonly Member[]): Promise<void> {
  for (;;) {
    const outcome = await (await leader()).changeMembership({ kind: 'set-members', members });
    if (outcome.kind === 'committed') break;
    if (outcome.kind === 'rejected' && outcome.reason === 'invalid-membership-change') {
      throw new Error('these members are not possible');
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const voterCount = members.filter(({ role }) => role === 'voter').length;
  console.log(`members: ${voterCount} voters, ${members.length - voterCount} learners`);
}

for (const { id } of first) await open(id, first);
for (let i = 0; i < 10; i++) await write(`${i}`);

// The two newcomers first receive the log, without a vote.
for (const id of [4, 5]) await open(id);
const newcomers = [4, 5].map((id) => ({ id, context: `host${id}` }));
await setMembers([...first, ...newcomers.map((one) => ({ ...one, role: 'learner' as const }))]);

// Then one change replaces all but the leader. It is answered when the old ones count no more.
const stays = first.filter(({ id }) => nodes.get(id)?.status().role === 'leader');
const voters = newcomers.map((one) => ({ ...one, role: 'voter' as const }));
await setMembers([...stays, ...voters]);
for (const { id } of first) {
  if (stays.some((one) => one.id === id)) continue;
  await nodes.get(id)?.stop();
  nodes.delete(id);
}

await write('after');
await until(() => [4, 5].every((id) => counters.get(id)?.count === 11));
console.log('11 entries on the newcomers, and the others are gone');
for (const node of nodes.values()) await node.stop();
