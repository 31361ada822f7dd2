/**
 * One manager's store in a process of its own: node member.ts ID DIRECTORY PORT... with a port of each member. The
 * store, Raft and its log on disk are a manager's; there are no TLS, no encryption, no API. The first member is
 * made the leader, takes in the others and runs the scheduling loop.
 */
import { connect, createServer } from 'node:net';
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { ClusterStore } from '#manager';
import { RaftReplicator } from '#manager/replication/raft-replicator';
import { receiveRaftLink } from '#manager/replication/raft-link-receiver-node';
import { NodeRaftTransport } from '#manager/replication/raft-transport-node';
import { fromWire, toMemberContext } from '#manager/replication/raft-wire';
import type { MemberAddress } from '#manager/replication/raft-wire';
import { poll } from '#test/_support/poll';
import type { MembershipChange } from 'raft-ts';
import { nodeDisk } from 'raft-ts/node';
import { makeTasks, measureShape } from './measure.ts';

export type MemberQuestion =
  /** Takes in the others; answered with an empty object once all of them vote. */
  | { readonly kind: 'lead'; readonly shape: string }
  /** Answered with a `Measured`. */
  | { readonly kind: 'measure'; readonly shape: string };

const [id = 0, ...ports] = [process.argv[2], ...process.argv.slice(4)].map(Number);
const directory = process.argv[3] ?? '';
const ids = ports.map((_, at) => at + 1);
const clock = systemClock();
const random = systemRandom();
const basics = { clock, random, log: silentLogger, metrics: silentMetrics };
const addressOf = (member: number): MemberAddress => ({
  nodeId: String(member),
  address: String(ports[member - 1]),
});

const replicator: RaftReplicator = new RaftReplicator({
  ...basics,
  disk: nodeDisk(directory),
  transport: new NodeRaftTransport({
    ...basics,
    channelFor: () => {
      throw new Error('nobody falls behind here');
    },
    socketFor: (address) => connect(Number(address), '127.0.0.1'),
    addressOf,
  }),
  onFailed: (error) => {
    throw error;
  },
});
const store = new ClusterStore({ ...basics, replicator });
replicator.attach(store);

const links = createServer((socket) =>
  receiveRaftLink(socket, {
    ...basics,
    receive: ({ messages }) => {
      for (const wire of messages) replicator.receive(fromWire(wire));
    },
  }),
);
links.listen(ports[id - 1], '127.0.0.1');

await replicator.start({
  raftId: id,
  self: addressOf(id),
  isFirst: id === 1,
  contacts: new Map(ids.map((one) => [one, addressOf(one)])),
});

let made: ReturnType<typeof makeTasks> = { tasks: [], singles: [] };

async function lead(shape: string): Promise<object> {
  made = makeTasks(shape);
  await poll('a leader', () => replicator.isLeader());
  const change = (what: MembershipChange): Promise<unknown> =>
    poll(
      `${what.kind}`,
      async () => (await replicator.changeMembership(what)).kind === 'committed',
    );
  for (const one of ids.slice(1)) {
    await change({ kind: 'add-learner', id: one, context: toMemberContext(addressOf(one)) });
    await change({ kind: 'promote', id: one });
  }
  return {};
}

process.on('message', (question: MemberQuestion) => {
  const answer =
    question.kind === 'lead'
      ? lead(question.shape)
      : measureShape({ ...basics, store }, question.shape, made);
  answer.then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error('member:', error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
