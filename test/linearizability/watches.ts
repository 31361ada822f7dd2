/** What the checker of watches accepts, and what it must not. */
import test from 'ava';
import { AgreedStates, WatchChecker } from '../_support/linearizability/watch-checker.ts';
import type { WatchedEvent } from '../_support/linearizability/watch-checker.ts';
import { StreamChecker, watchStore } from '../_support/linearizability/store-watch.ts';
import { WatchEvent, WatchEventKind, WatchResponse } from '#proto';
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

const event = (kind: WatchEventKind, id: string, version: number): WatchEvent =>
  WatchEvent.create({
    kind,
    object: {
      kind: 'service',
      service: { ...aService(id, id), meta: { version, createdAtMs: 1, updatedAtMs: 1 } },
    },
  });
const created = (id: string, version: number): WatchEvent =>
  event(WatchEventKind.CREATE, id, version);
const changed = (id: string, version: number): WatchEvent =>
  event(WatchEventKind.UPDATE, id, version);
const aMessage = (version: number, init: Partial<WatchResponse> = {}): WatchResponse =>
  WatchResponse.create({ version, ...init });

/** Plays messages, each null being a stream that breaks off; with what others have at some versions. */
function play(
  messages: readonly (WatchResponse | null)[],
  agreed = new AgreedStates(),
): StreamChecker {
  const checker = new StreamChecker('s', agreed);
  for (const message of messages)
    if (message === null) checker.cut();
    else checker.message(message);
  return checker;
}

test('a stream in parts, broken off and gone on with is accepted', (t) => {
  const checker = play([
    aMessage(5, { isSnapshot: true, events: [created('a', 1)], hasMore: true }),
    aMessage(5, { isSnapshot: true, events: [created('b', 2)] }),
    aMessage(7, { events: [changed('a', 7)], hasMore: true }),
    null,
    aMessage(7, { events: [changed('a', 7)], hasMore: true }),
    aMessage(7, { events: [changed('b', 7)] }),
    aMessage(7),
    aMessage(9),
  ]);
  t.is(checker.version, 9);
  t.is(checker.commitCount, 3);
});

const first = aMessage(5, { isSnapshot: true, events: [created('a', 1)] });
const badStreams: Readonly<Record<string, readonly [(WatchResponse | null)[], RegExp]>> = {
  'no snapshot at the beginning': [[aMessage(5)], /a snapshot comes first/],
  'a snapshot in the middle, or after going on': [[first, null, first], /a snapshot comes first/],
  'a commit of which the end is left out': [
    [first, aMessage(6, { events: [changed('a', 6)], hasMore: true }), aMessage(7)],
    /a commit came in half/,
  ],
  'a commit that comes again after going on': [
    [
      first,
      aMessage(6, { events: [changed('a', 6)] }),
      null,
      aMessage(6, { events: [changed('a', 6)] }),
    ],
    /version 6 came after 6/,
  ],
  'a bookmark that goes back': [[first, aMessage(4)], /version 4 came after 5/],
};

for (const [what, [messages, message]] of Object.entries(badStreams)) {
  test(`found in a stream: ${what}`, (t) => {
    t.throws(() => play(messages), { message });
  });
}

test('found in a stream: a bookmark ahead of what was told, a commit left out on the way', (t) => {
  const others = new AgreedStates();
  play([first, aMessage(6, { events: [changed('a', 6)] }), aMessage(8)], others);
  t.notThrows(() => play([first, aMessage(6, { events: [changed('a', 6)] })], others));
  t.throws(() => play([first, aMessage(6)], others), { message: /has not what s has/ });
  t.throws(() => play([first, null, aMessage(8)], others), { message: /has not what s has/ });
});
