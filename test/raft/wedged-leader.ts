import test from 'ava';
import type { MemberId, Observer } from 'raft-ts';
import { bytesOf, Cluster, voters } from '#test/_support/raft-cluster';
import { memoryDisk } from 'raft-ts';

type HandedOver = Parameters<NonNullable<Observer['handedOver']>>[0];

interface Stall {
  /** Members whose disk syncs nothing now. */
  readonly stalled: Set<MemberId>;
  /** The disks work again. */
  readonly end: () => void;
  readonly events: HandedOver[];
}

/** Three members whose disks can be stalled. */
async function stallable(): Promise<{ readonly cluster: Cluster } & Stall> {
  const cluster = new Cluster();
  const stalled = new Set<MemberId>();
  const waiting: (() => void)[] = [];
  const events: HandedOver[] = [];
  const bootstrap = voters(3);
  for (const { id } of bootstrap.members) {
    const before = async (operation: string): Promise<void> => {
      if (operation !== 'sync' || !stalled.has(id)) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
    };
    cluster.disks.set(id, memoryDisk({ before }));
    const handedOver = (event: HandedOver): void => void events.push(event);
    await cluster.start(id, { bootstrap, observer: { handedOver } });
  }
  const end = (): void => {
    stalled.clear();
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { cluster, stalled, events, end };
}

test('a leader whose disk stalls commits through the others, then hands over', async (t) => {
  const { cluster, stalled, events, end } = await stallable();
  const { node } = await cluster.leader();
  await cluster.clock.advance(300);
  const { id } = node.status();
  stalled.add(id);
  for (let i = 0; i < 20; i++) {
    const write = await cluster.clock.resolve(node.propose(bytesOf(`w${i}`)), 20);
    t.is(write.kind, 'committed');
  }
  t.deepEqual(cluster.get(id).machine.values.length, 20);
  await cluster.clock.until(() => events.length > 0, 1200, 'the leader hands over');
  t.like(events[0], { reason: 'slow-disk', isDone: true });
  t.not(node.status().role, 'leader');
  const next = await cluster.leader();
  t.is(next.node.status().id, events[0]?.to ?? 0);
  const write = await cluster.clock.resolve(next.node.propose(bytesOf('on')), 100);
  t.is(write.kind, 'committed');
  end();
  await cluster.clock.advance(500);
  t.is(cluster.get(id).machine.values.at(-1), 'on');
  t.deepEqual(cluster.failures, []);
});

test('proposals made together still share one message while the leader has a slow disk', async (t) => {
  const { cluster, stalled } = await stallable();
  const { node } = await cluster.leader();
  await cluster.clock.advance(300);
  stalled.add(node.status().id);
  await cluster.clock.resolve(node.propose(bytesOf('first')), 20);
  cluster.sent.length = 0;
  const waiting = Array.from({ length: 64 }, (_, i) => node.propose(bytesOf(`${i}`)));
  await cluster.clock.resolve(Promise.all(waiting), 100);
  const appends = cluster.sent.filter((one) => one.kind === 'append' && one.entries.length > 0);
  t.is(appends.length, 2);
});

test('a leader with a stalled disk that cannot be replaced leads on', async (t) => {
  const { cluster, stalled, events, end } = await stallable();
  const { node } = await cluster.leader();
  await cluster.clock.advance(300);
  const { id, term } = node.status();
  cluster.kill(cluster.others(id)[0] ?? 0);
  stalled.add(id);
  const write = node.propose(bytesOf('waits'));
  await cluster.clock.advance(5000);
  t.like(node.status(), { role: 'leader', term });
  t.deepEqual(events, [{ reason: 'slow-disk', to: 0, isDone: false }]);
  end();
  t.is((await cluster.clock.resolve(write, 100)).kind, 'committed');
});

test('a wedged leader keeps nobody quiet when nothing can be committed', async (t) => {
  const { cluster, stalled, events, end } = await stallable();
  const { node } = await cluster.leader();
  await cluster.clock.advance(300);
  const { id } = node.status();
  const [slow = 0, other = 0] = cluster.others(id);
  // All three disks stall: nobody can be brought up to date, and the leader lets go of the others.
  for (const one of [id, slow, other]) stalled.add(one);
  const write = node.propose(bytesOf('lost?'));
  await cluster.clock.until(() => events.length > 0, 3000, 'the leader gives up');
  t.like(events[0], { reason: 'slow-disk', isDone: true });
  t.is((await cluster.clock.resolve(write, 10)).kind, 'unknown');
  t.is(node.status().role, 'follower');
  end();
  await cluster.leader();
});

test('a leader whose event loop is late again and again hands over, and only once', async (t) => {
  const { cluster, events } = await stallable();
  const { node } = await cluster.leader();
  await cluster.clock.advance(300);
  const { id } = node.status();
  for (let i = 0; i < 3; i++) {
    cluster.delay(id, 330);
    await cluster.clock.advance(600);
  }
  await cluster.clock.advance(200);
  t.like(events[0], { reason: 'late-loop', isDone: true });
  t.is(events.length, 1);
  const next = await cluster.leader();
  t.is(next.node.status().id, events[0]?.to ?? 0);
});
