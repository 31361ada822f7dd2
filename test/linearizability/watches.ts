/** What the checker of watches accepts, and what it must not. */
import test from 'ava';
import { AgreedStates, WatchChecker } from '../_support/linearizability/watch-checker.ts';
import type { WatchedEvent } from '../_support/linearizability/watch-checker.ts';
import { watchStore } from '../_support/linearizability/store-watch.ts';
import { aService } from '../_support/objects.ts';
import { makeTestStore } from '../_support/test-store.ts';

const create = (key: string, print: string): WatchedEvent => ({ kind: 'create', key, print });
const update = (key: string, print: string, old: string): WatchedEvent => ({
  kind: 'update',
  key,
  print,
  old,
});
const remove = (key: string, old: string): WatchedEvent => ({
  kind: 'remove',
  key,
  print: '',
  old,
});

type Commits = readonly (readonly [version: number, ...events: WatchedEvent[]])[];

function follow(commits: Commits): WatchChecker {
  const checker = new WatchChecker('w', 0);
  for (const [version, ...events] of commits) checker.commit(version, events);
  return checker;
}

test('commits in order are accepted and lead to the state', (t) => {
  const checker = follow([
    [1, create('a', 'a1'), create('b', 'b1')],
    [4, update('a', 'a2', 'a1'), update('a', 'a3', 'a2')],
    [4],
    [5, remove('b', 'b1')],
    [6, create('b', 'b2')],
  ]);
  t.is(checker.commitCount, 5);
  t.notThrows(() => checker.mustEqual(new Map([...checker.state].toReversed())));
  t.deepEqual(Object.fromEntries(checker.state), { a: 'a3', b: 'b2' });
});

const bad: Readonly<Record<string, readonly [Commits, RegExp]>> = {
  'a version out of order': [[[2, create('a', 'a1')], [1]], /version 1 came after 2/],
  'a commit that comes twice': [
    [
      [1, create('a', 'a1')],
      [1, create('a', 'a1')],
    ],
    /version 1 came after 1/,
  ],
  'a creation left out': [[[2, update('a', 'a2', 'a1')]], /which is not there/],
  'a removal left out': [
    [
      [1, create('a', 'a1')],
      [3, create('a', 'a3')],
    ],
    /which is there already/,
  ],
  'an update left out': [
    [
      [1, create('a', 'a1')],
      [3, update('a', 'a3', 'a2')],
    ],
    /replaces a2, but there was a1/,
  ],
  'the same update under another version': [
    [
      [1, create('a', 'a1')],
      [2, update('a', 'a1', 'a1')],
    ],
    /changes nothing/,
  ],
};

for (const [what, [commits, message]] of Object.entries(bad)) {
  test(`found: ${what}`, (t) => {
    t.throws(() => follow(commits), { message });
  });
}

test('found: events that do not lead to the state that is there', (t) => {
  const checker = follow([[1, create('a', 'a1')]]);
  t.throws(() => checker.mustEqual(new Map([['a', 'a2']])), { message: /the events give/ });
});

test('found: two watchers that have different states at one version', (t) => {
  const agreed = new AgreedStates();
  agreed.add('one', 1, new Map([['a', 'a1']]));
  agreed.add('other', 1, new Map([['a', 'a1']]));
  t.throws(() => agreed.add('third', 1, new Map()), { message: /third has not what one has/ });
  t.is(agreed.versionCount, 1);
});

test('a store is followed through its own watch', async (t) => {
  const { store } = makeTestStore();
  const states = { all: new AgreedStates(), services: new AgreedStates() };
  const wrong: unknown[] = [];
  await store.update((tx) => tx.create('service', aService('s1', 'web')));
  const watched = watchStore('w', store, states, (error) => wrong.push(error));
  for (const replicas of [2, 3])
    await store.update((tx) => {
      const { meta } = tx.get('service', 's1') ?? {};
      tx.update('service', { ...aService('s1', 'web', replicas), meta });
    });
  await store.update((tx) => tx.remove('service', 's1'));
  watched.cancel();
  t.deepEqual(wrong, []);
  t.is(states.all.versionCount, 3);
});
