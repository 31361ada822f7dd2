import test from 'ava';
import { bytesOf, Cluster } from '#test/_support/raft-cluster';
import { VirtualClock } from '#test/_support/virtual-clock';
import { Applier } from '../../raft/node/applier.ts';

test('a follower acknowledges an entry before it applies the one before it', async (t) => {
  const cluster = await Cluster.of(3);
  const leader = await cluster.leader();
  await cluster.clock.advance(500);
  const { id: leaderId } = leader.node.status();
  const acknowledged: string[] = [];
  for (const [id, { machine }] of cluster.members) {
    if (id === leaderId) continue;
    const apply = machine.apply.bind(machine);
    machine.apply = (entry) => {
      const isAcknowledged = cluster.sent.some(
        (message) =>
          message.kind === 'append-response' && message.from === id && message.index > entry.index,
      );
      if (isAcknowledged) acknowledged.push(`${id} ${entry.index}`);
      apply(entry);
    };
  }
  const writes = 10;
  // Each append carries the commit of the one before.
  for (let at = 0; at < writes; at++)
    await cluster.clock.resolve(leader.node.propose(bytesOf(`w${at}`)), 1_000, 'a write');
  await cluster.clock.advance(200);
  // The last one of either follower has nothing after it.
  t.is(acknowledged.length, 2 * (writes - 1));
  for (const { machine } of cluster.members.values()) t.is(machine.values.length, writes);
  t.deepEqual(cluster.failures, []);
});

test('what breaks once a batch that waited for a write is applied ends the member, not the process', async (t) => {
  const failures: unknown[] = [];
  const broken = new Error('an invariant does not hold');
  const clock = new VirtualClock();
  const applier = new Applier(
    { apply: () => undefined, snapshot: () => ReadableStream.from([]), restore: async () => {} },
    clock,
    {
      applied: () => undefined,
      done: () => {
        throw broken;
      },
      failed: (error) => failures.push(error),
    },
    { membership: { members: [] }, index: 0, batchMax: 1 },
  );
  const entry = { kind: 'data', index: 1, term: 1, data: bytesOf('a') } as const;
  applier.apply([entry], 'follower', Promise.resolve());
  await clock.advance(1);
  t.deepEqual(failures, [broken]);
});
