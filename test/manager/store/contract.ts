/** What every replicator promises, checked through the port on each of them. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { LocalReplicator } from '#manager';
import type { ReplicatedState, Replicator } from '#manager';
import { RaftReplicator } from '#manager/replication/raft-replicator';
import { memoryDisk } from 'raft-ts';
import { EtcdCluster } from '../../_support/etcd-cluster.ts';
import { leaderOf, startManager } from '../../_support/etcd-world.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

interface Subject {
  readonly replicator: Replicator;
  readonly clock: Pick<VirtualClock, 'resolve' | 'advance'>;
  /** From now on nothing can be written. */
  depose(): Promise<void>;
  stop(): Promise<void>;
}

type MakeSubject = (state: ReplicatedState, t: ExecutionContext) => Promise<Subject>;

async function local(state: ReplicatedState, delayMs: number): Promise<Subject> {
  const clock = new VirtualClock();
  const replicator = new LocalReplicator({ clock, delayMs });
  replicator.attach(state);
  return {
    replicator,
    clock,
    depose: async () => {
      replicator.isLeader = false;
    },
    stop: () => Promise.resolve(),
  };
}

async function raft(state: ReplicatedState): Promise<Subject> {
  const clock = new VirtualClock();
  const replicator = new RaftReplicator({
    clock,
    random: seededRandom(5),
    log: silentLogger,
    metrics: silentMetrics,
    transport: {
      send: () => undefined,
      sendSnapshot: () => Promise.reject(new Error('there is nobody else')),
    },
    disk: memoryDisk(),
    onFailed: (error) => {
      throw error;
    },
  });
  replicator.attach(state);
  const started = replicator.start({
    raftId: 7,
    self: { nodeId: 'n', address: 'n:1' },
    isFirst: true,
    contacts: new Map(),
  });
  await clock.resolve(started, 10_000);
  await clock.until(() => replicator.isLeader(), 10_000);
  return {
    replicator,
    clock,
    depose: () => clock.resolve(replicator.stop(), 10_000),
    stop: () => clock.resolve(replicator.stop(), 10_000),
  };
}

const etcds = EtcdCluster.make({ size: 3 });

test.after.always(async () => (await etcds).close());

/** On a real etcd of three members; time is the machine's. */
async function etcd(state: ReplicatedState, t: ExecutionContext): Promise<Subject> {
  const cluster = await etcds;
  await cluster.ready();
  const manager = await startManager(
    t,
    cluster,
    1,
    { prefix: t.title.replaceAll(/\W+/g, '-') },
    state,
  );
  await leaderOf([manager]);
  const { replicator } = manager;
  return {
    replicator,
    clock: { resolve: (promise) => promise, advance: () => Promise.resolve() },
    depose: () => replicator.stop(),
    stop: () => replicator.stop(),
  };
}

const subjects: Readonly<Record<string, MakeSubject>> = {
  'a local one': (state) => local(state, 0),
  'a local one that takes its time': (state) => local(state, 7),
  Raft: raft,
  etcd,
};

/** Keeps what it is told. */
class Recorder implements ReplicatedState {
  readonly applied: { readonly version: number; readonly text: string }[] = [];

  apply(version: number, entry: Uint8Array): void {
    this.applied.push({ version, text: new TextDecoder().decode(entry) });
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
  }

  async restore(): Promise<void> {
    throw new Error('nothing to restore here');
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function forEach(
  title: string,
  body: (t: ExecutionContext, subject: Subject, state: Recorder) => Promise<void>,
): void {
  for (const [name, make] of Object.entries(subjects)) {
    test(`${name}: ${title}`, async (t) => {
      const state = new Recorder();
      const subject = await make(state, t);
      await body(t, subject, state);
      await subject.stop();
    });
  }
}

forEach('an entry is applied before it is told committed', async (t, subject, state) => {
  const outcome = await subject.clock.resolve(subject.replicator.propose(bytes('a')), 10_000);
  t.is(outcome.kind, 'committed');
  if (outcome.kind === 'committed') {
    t.deepEqual(state.applied, [{ version: outcome.version, text: 'a' }]);
  }
});

forEach('entries are applied in the order they were proposed', async (t, subject, state) => {
  const texts = Array.from({ length: 50 }, (_, i) => `entry ${i}`);
  const all = Promise.all(texts.map((text) => subject.replicator.propose(bytes(text))));
  const outcomes = await subject.clock.resolve(all, 10_000);
  t.true(outcomes.every((outcome) => outcome.kind === 'committed'));
  t.deepEqual(
    state.applied.map(({ text }) => text),
    texts,
  );
  const versions = state.applied.map(({ version }) => version);
  t.deepEqual(
    versions,
    [...new Set(versions)].toSorted((a, b) => a - b),
  );
});

forEach('after a barrier everything committed before is applied', async (t, subject, state) => {
  await subject.clock.resolve(subject.replicator.propose(bytes('a')), 10_000);
  await subject.clock.resolve(subject.replicator.readBarrier(), 10_000);
  t.is(state.applied.length, 1);
  const aborted = AbortSignal.abort(new Error('no longer wanted'));
  await t.throwsAsync(subject.clock.resolve(subject.replicator.readBarrier(aborted), 10_000), {
    message: 'no longer wanted',
  });
});

forEach('what is refused is never applied', async (t, subject, state) => {
  await subject.clock.resolve(subject.replicator.propose(bytes('kept')), 10_000);
  await subject.depose();
  const outcome = await subject.clock.resolve(subject.replicator.propose(bytes('lost')), 10_000);
  t.true(outcome.kind === 'rejected' && outcome.isLeadershipLost);
  await t.throwsAsync(subject.clock.resolve(subject.replicator.readBarrier(), 10_000));
  await subject.clock.advance(5_000);
  t.deepEqual(
    state.applied.map(({ text }) => text),
    ['kept'],
  );
});
