/** Watches that go on from a version: what is kept for them, and what they are told. */
import test from 'ava';
import fc from 'fast-check';
import { hasCode, silentLogger, silentMetrics } from '#lib';
import type { Logger, Metrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { CommitRing } from '#manager/store/commit-ring';
import { slowMs } from '#manager/store/cluster-store';
import type { ClusterStore } from '#manager/store/cluster-store';
import type { Commit, WatchInterest } from '#manager/store/types';
import { WatchChecker } from '../../_support/linearizability/watch-checker.ts';
import { toWatched, watchedState } from '../../_support/linearizability/store-watch.ts';
import { aNode, aService, aTask } from '../../_support/objects.ts';
import { makeTestStore } from '../../_support/test-store.ts';

const aCommit = (version: number): Commit => ({ version, events: [] });
const versions = (commits: readonly Commit[]): number[] => commits.map(({ version }) => version);

test('a ring keeps the last commits within its limits, and says from where on', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), bytes: fc.nat({ max: 40 }) })),
      fc.record({
        commits: fc.integer({ min: 1, max: 9 }),
        bytes: fc.integer({ min: 1, max: 99 }),
      }),
      (steps, limits) => {
        const ring = new CommitRing(limits);
        const all: { readonly version: number; readonly bytes: number }[] = [];
        let version = 0;
        for (const { gap, bytes } of steps) {
          version += gap;
          ring.add(aCommit(version), bytes);
          all.push({ version, bytes });
        }
        let kept = all.slice(-limits.commits);
        while (kept.reduce((sum, one) => sum + one.bytes, 0) > limits.bytes) kept = kept.slice(1);
        t.is(ring.count, kept.length);
        t.is(
          ring.bytes,
          kept.reduce((sum, one) => sum + one.bytes, 0),
        );
        t.is(ring.oldestVersion, all.at(-kept.length - 1)?.version ?? 0);
        for (let from = 0; from <= version + 1; from++) {
          const expected = all.filter((one) => one.version > from).map((one) => one.version);
          if (from < ring.oldestVersion)
            t.true(
              hasCode(
                t.throws(() => ring.after(from)),
                'VERSION_COMPACTED',
              ),
            );
          else if (from > version)
            t.true(
              hasCode(
                t.throws(() => ring.after(from)),
                'VERSION_UNKNOWN',
              ),
            );
          else t.deepEqual(versions(ring.after(from)), expected);
        }
      },
    ),
    { numRuns: 200, seed: 3 },
  );
});

test('a ring that has turned many times gives its room back and stays in order', (t) => {
  const ring = new CommitRing({ commits: 10, bytes: 1_000 });
  for (let version = 1; version <= 20_000; version++) ring.add(aCommit(version), 1);
  t.deepEqual(versions(ring.after(19_995)), [19_996, 19_997, 19_998, 19_999, 20_000]);
  t.is(ring.oldestVersion, 19_990);
  ring.restart(30_000);
  t.deepEqual(ring.after(30_000), []);
  t.like(
    t.throws(() => ring.after(20_000)),
    {
      code: 'VERSION_COMPACTED',
      details: { oldest: '30000', newest: '30000' },
    },
  );
});

/** One small write after another, drawn by `choices`. */
async function scramble(store: ClusterStore, choices: readonly number[]): Promise<void> {
  for (const choice of choices) {
    const id = `${choice % 4}`;
    await store.update((tx) => {
      const task = tx.get('task', `t${id}`);
      if (task === undefined)
        tx.create('task', aTask({ id: `t${id}`, serviceId: `s${choice % 2}` }));
      else if (choice % 3 === 0) tx.remove('task', task.id);
      else tx.update('task', { ...task, slot: task.slot + 1 });
      const service = tx.get('service', `s${id}`);
      if (service === undefined) tx.create('service', aService(`s${id}`, `name${id}`));
      else if (choice % 5 === 0) tx.remove('service', service.id);
      if (choice % 7 === 0 && tx.get('node', `n${choice}`) === undefined)
        tx.create('node', aNode(`n${choice}`));
    });
  }
}

const choices = fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 12 });

test('whoever goes on from any version comes to the same state, without gap or repetition', async (t) => {
  await fc.assert(
    fc.asyncProperty(choices, choices, choices, async (before, between, after) => {
      const { store } = makeTestStore();
      await scramble(store, before);
      const start = store.image();
      await scramble(store, between);
      // Cut off at `start`, back now.
      const checker = new WatchChecker('resumed', start.version, watchedState(start));
      const hear = (commit: Commit): void =>
        checker.commit(commit.version, commit.events.map(toWatched));
      const watch = store.watch(hear, { fromVersion: start.version });
      for (const commit of watch.missed) hear(commit);
      checker.mustEqual(watchedState(store.image()));
      await scramble(store, after);
      checker.mustEqual(watchedState(store.image()));
      t.is(checker.commitCount, store.view((tx) => tx.version) - start.version);
    }),
    { numRuns: 100, seed: 11 },
  );
});

test('a watch that wants a part is told that part of every commit, missed or live', async (t) => {
  const interests: readonly WatchInterest[] = [
    { kind: 'table', table: 'node' },
    { kind: 'table', table: 'task' },
    { kind: 'service', serviceId: 's0' },
    { kind: 'service', serviceId: 's1' },
    { kind: 'service', serviceId: 'nobody' },
  ];
  await fc.assert(
    fc.asyncProperty(choices, choices, async (missed, live) => {
      const { store } = makeTestStore();
      const all: Commit[] = [];
      store.watch((commit) => all.push(commit));
      await scramble(store, missed);
      const heard = interests.map((only) => {
        const commits: Commit[] = [];
        const watch = store.watch((commit) => commits.push(commit), { fromVersion: 0, only });
        commits.push(...watch.missed);
        return commits;
      });
      await scramble(store, live);
      for (const [i, only] of interests.entries()) {
        const expected = all
          .map(({ version, events }) => ({
            version,
            events: events.filter((event) => {
              if (only.kind === 'table') return event.table === only.table;
              if (event.table === 'task') return event.object.serviceId === only.serviceId;
              return event.table === 'service' && event.object.id === only.serviceId;
            }),
          }))
          .filter(({ events }) => events.length > 0);
        t.deepEqual(heard[i], expected);
      }
    }),
    { numRuns: 60, seed: 12 },
  );
});

test('after a restore nobody can go on from before it, and everybody from it', async (t) => {
  const source = makeTestStore();
  await scramble(source.store, [1, 2, 3, 4, 5, 6]);
  const { store } = makeTestStore();
  await scramble(store, [1, 2, 3]);
  await store.restore(6, source.store.snapshot());
  for (const fromVersion of [0, 3, 5])
    t.like(
      t.throws(() => store.watch(() => undefined, { fromVersion })),
      {
        code: 'VERSION_COMPACTED',
        details: { oldest: '6', newest: '6' },
      },
    );
  t.like(
    t.throws(() => store.watch(() => undefined, { fromVersion: 7 })),
    {
      code: 'VERSION_UNKNOWN',
    },
  );
  t.deepEqual(store.watch(() => undefined, { fromVersion: 6 }).missed, []);
});

test('an image stays what it was, whatever is written and restored afterwards', async (t) => {
  const { store } = makeTestStore();
  await scramble(store, [1, 2, 3, 4]);
  const image = store.image();
  const before = watchedState(image);
  await scramble(store, [4, 5, 6, 7, 8]);
  const other = makeTestStore();
  await scramble(
    other.store,
    Array.from({ length: 20 }, (_, i) => i),
  );
  await store.restore(20, other.store.snapshot());
  t.is(image.version, 4);
  t.deepEqual(watchedState(image), before);
});

test('a transaction or a watcher that holds all others up is logged by name and counted', async (t) => {
  let nowMs = 0;
  const lines: string[] = [];
  const counted: string[] = [];
  const clock = { ...systemClock(), monotonic: () => nowMs };
  const log: Logger = {
    ...silentLogger,
    warn: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  const metrics: Metrics = {
    ...silentMetrics,
    counter: (name) => ({
      inc: (labels) =>
        void (name === 'tessera_store_slow_total' && counted.push(labels?.['what'] ?? '')),
    }),
  };
  const { store } = makeTestStore({ clock, log, metrics });
  store.watch(() => void (nowMs += slowMs - 1), { name: 'quick' });
  const slow = store.watch(() => void (nowMs += slowMs), { name: 'slow' });
  store.watch(() => undefined, { name: 'behind it' });
  await store.update((tx) => tx.create('task', aTask()));
  slow.cancel();
  await store.update((tx) => {
    nowMs += 2 * slowMs;
    tx.remove('task', 't1');
  });
  await store.batch([1, 2], () => void (nowMs += slowMs));
  t.deepEqual(lines, [
    `a watcher of the store took long {"watcher":"slow","version":1,"events":1,"tookMs":${slowMs}}`,
    `a transaction took long {"tookMs":${2 * slowMs}}`,
    `a transaction took long {"tookMs":${slowMs}}`,
    `a transaction took long {"tookMs":${slowMs}}`,
  ]);
  t.deepEqual(counted, ['watcher', 'transaction', 'transaction', 'transaction']);
});

test('a watcher may begin and end others while a commit is told', async (t) => {
  const { store } = makeTestStore();
  const heard: string[] = [];
  const late = store.watch(() => heard.push('late'));
  late.cancel();
  const first = store.watch(({ version }) => {
    heard.push(`first ${version}`);
    second.cancel();
    store.watch((commit) => heard.push(`added at ${version}, heard ${commit.version}`));
    first.cancel();
    first.cancel();
  });
  const second = store.watch(() => heard.push('second'));
  await scramble(store, [1, 2]);
  t.deepEqual(heard, ['first 1', 'added at 1, heard 2']);
});
