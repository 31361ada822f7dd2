/** How transactions are put into entries: never cut in two, never over the limits. */
import test from 'ava';
import fc from 'fast-check';
import { hasCode } from '#lib';
import { decodeEntry } from '#manager/store/action';
import { entryActionsMax, entryBytesMax } from '#manager/store/replicator';
import { aTask } from '../../_support/objects.ts';
import { handClock } from '../../_support/hand-clock.ts';
import { makeTestStore } from '../../_support/test-store.ts';

/** One item of a batch: how many objects it writes, and of what size each. */
const item = fc.record({
  objects: fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 50, max: entryActionsMax })),
  bytes: fc.constantFrom(0, 100, 4_000, 60_000),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

const fits = ({ objects, bytes }: Item): boolean => objects * (bytes + 200) < entryBytesMax;
const items = fc.array(item.filter(fits), { maxLength: 12 });

const idsOf = (index: number, { objects }: Item): string[] =>
  Array.from({ length: objects }, (_, i) => `i${String(index).padStart(3, '0')}-${i}`);

test('a batch is split between items only, in order, and each entry is within the limits', async (t) => {
  await fc.assert(
    fc.asyncProperty(items, fc.boolean(), async (drawn, isSlow) => {
      // By the machine's clock an entry may also be closed because it took long.
      const pace = isSlow ? { commitDelayMs: 1 } : { clock: handClock() };
      const { store, replicator } = makeTestStore({ isFrozen: false, ...pace });
      await store.batch([...drawn.entries()], (tx, [index, one]) => {
        const labels = { filler: 'x'.repeat(one.bytes) };
        for (const id of idsOf(index, one)) tx.create('task', aTask({ id, labels }));
      });
      const entries = replicator.entries.map(({ entry }) => {
        t.true(entry.length <= entryBytesMax, `${entry.length} bytes`);
        const { actions } = decodeEntry(entry);
        t.true(actions.length <= entryActionsMax, `${actions.length} actions`);
        return actions.map(({ object }) => object.id);
      });
      t.deepEqual(
        entries.flat(),
        drawn.flatMap((one, index) => idsOf(index, one)),
      );
      const entryOf = new Map(entries.flatMap((ids, at) => ids.map((id) => [id, at] as const)));
      for (const [index, one] of drawn.entries()) {
        const used = new Set(idsOf(index, one).map((id) => entryOf.get(id)));
        t.true(used.size <= 1, `item ${index} is in ${used.size} entries`);
      }
      // No entry is closed while the next item would still have fitted by half.
      for (const [at, ids] of entries.slice(0, -1).entries()) {
        const nextItem = drawn[Number(entries[at + 1]?.[0]?.slice(1, 4))];
        const actions = ids.length + (nextItem?.objects ?? 0);
        const bytes =
          (replicator.entries[at]?.entry.length ?? 0) +
          (nextItem?.objects ?? 0) * ((nextItem?.bytes ?? 0) + 200);
        t.true(actions > entryActionsMax || bytes > entryBytesMax || isSlow);
      }
    }),
    { numRuns: 40, seed: 9 },
  );
});

test('updates asked for at once are each in one entry, whatever their sizes', async (t) => {
  await fc.assert(
    fc.asyncProperty(items, async (drawn) => {
      const { store, replicator } = makeTestStore({ isFrozen: false, commitDelayMs: 1 });
      const results = await Promise.all(
        drawn.map((one, index) =>
          store.update((tx) => {
            const labels = { filler: 'x'.repeat(one.bytes) };
            for (const id of idsOf(index, one)) tx.create('task', aTask({ id, labels }));
          }),
        ),
      );
      const versions = new Map(
        replicator.entries.flatMap(({ version, entry }) =>
          decodeEntry(entry).actions.map(({ object }) => [object.id, version] as const),
        ),
      );
      for (const [index, one] of drawn.entries())
        for (const id of idsOf(index, one)) t.is(versions.get(id), results[index]?.version);
    }),
    { numRuns: 25, seed: 10 },
  );
});

test('an update that is too large says by how much and what the most is, and leaves nothing', async (t) => {
  const { store, replicator } = makeTestStore({ isFrozen: false });
  const many = store.update((tx) => {
    for (let i = 0; i <= entryActionsMax; i++) tx.create('task', aTask({ id: `t${i}` }));
  });
  const tooMany = await t.throwsAsync(many);
  t.true(hasCode(tooMany, 'LIMIT_EXCEEDED'));
  t.regex(
    tooMany.message,
    /^one update changes 1001 objects in \d+ bytes; the most is 1000 objects and 1500000 bytes: make it smaller$/,
  );
  const large = store.update((tx) =>
    tx.create('task', aTask({ labels: { filler: 'x'.repeat(entryBytesMax) } })),
  );
  const tooLarge = await t.throwsAsync(large);
  t.regex(tooLarge.message, /^one update changes 1 objects in 15\d{5} bytes; the most is/);
  t.is(replicator.entries.length, 0);
  t.is(
    store.view((tx) => tx.count('task')),
    0,
  );
});

test('exactly at the limit is not too much', async (t) => {
  const { store, replicator } = makeTestStore({ isFrozen: false });
  await store.update((tx) => {
    for (let i = 0; i < entryActionsMax; i++) tx.create('task', aTask({ id: `t${i}` }));
  });
  t.is(
    store.view((tx) => tx.count('task')),
    entryActionsMax,
  );
  // As large as still goes, found by halving; one byte more is refused.
  const write = (bytes: number): Promise<unknown> =>
    store.update((tx) =>
      tx.create('task', aTask({ id: `x${bytes}`, labels: { filler: 'x'.repeat(bytes) } })),
    );
  let low = 1_400_000;
  let high = entryBytesMax;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const isAccepted = await write(middle).then(
      () => true,
      () => false,
    );
    if (isAccepted) low = middle;
    else high = middle;
  }
  const largest = Math.max(...replicator.entries.map(({ entry }) => entry.length));
  t.true(largest <= entryBytesMax && largest > entryBytesMax - 64, `${largest} bytes`);
});
