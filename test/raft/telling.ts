import test from 'ava';
import { Cluster } from '../_support/raft-cluster.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('of one write after another each costs one append and one answer per follower', async (t) => {
  const cluster = await Cluster.of(3);
  const leader = await cluster.leader();
  await cluster.clock.advance(500);
  cluster.sent.length = 0;
  const writes = 50;
  for (let i = 0; i < writes; i++) {
    await cluster.clock.resolve(leader.node.propose(bytes(`w${i}`)), 1000, 'a write');
    // The client thinks.
    await cluster.clock.advance(2);
  }
  const appends = cluster.sent.filter(
    ({ kind }) => kind === 'append' || kind === 'append-response',
  );
  // Two followers. A commit that the next write carries never has a message of its own.
  t.true(appends.length >= writes * 4 - 2, `${appends.length} messages`);
  t.true(appends.length <= writes * 4 + 2, `${appends.length} messages`);
});

test('followers hear within milliseconds of a commit that nothing else carries', async (t) => {
  const cluster = await Cluster.of(3);
  const leader = await cluster.leader();
  await cluster.clock.advance(500);
  await cluster.clock.resolve(leader.node.propose(bytes('last')), 1000, 'a write');
  const all = (): boolean =>
    [...cluster.members.values()].every(({ machine }) => machine.values.at(-1) === 'last');
  t.false(all());
  // Far less than the heartbeats' 100 ms.
  await cluster.clock.until(all, 10, 'the commit is told');
  t.true(all());
});

test('what is proposed while the events at hand are handled shares a write', async (t) => {
  let syncs = 0;
  const cluster = new Cluster();
  const due: (() => void)[] = [];
  Object.assign(cluster.clock, { soon: (fn: () => void) => void due.push(fn) });
  const one = await cluster.start(1, {
    bootstrap: { members: [{ id: 1, role: 'voter', context: '' }] },
    observer: { synced: ({ entries }) => void (syncs += entries > 0 ? 1 : 0) },
  });
  await cluster.clock.advance(100);
  syncs = 0;
  const writes = [];
  for (let i = 0; i < 5; i++) {
    writes.push(one.node.propose(bytes(`w${i}`)));
    // As between two callbacks of one go of the event loop.
    await Promise.resolve();
  }
  for (const fn of due.splice(0)) fn();
  await cluster.clock.resolve(Promise.all(writes), 1000, 'five writes');
  t.is(syncs, 1);
  t.is(one.machine.values.length, 5);
});
