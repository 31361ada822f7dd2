import test from 'ava';
import fc from 'fast-check';
import {
  ListNodesRequest,
  ListServicesRequest,
  NodeDescription,
  Service,
  TaskState,
  TaskStatus,
} from '#proto';
import { pageBytesMax, pageItemsMax, pageOf, pageScannedMax } from '#manager/control/pages';
import { watchSlice } from '#manager/control/watch-messages';
import { WatchRequest } from '#proto';
import { aCall, aReadyNode, aSpec, makeTestControl } from '../../_support/control.ts';
import { aTask } from '../../_support/objects.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

interface Item {
  readonly id: string;
  readonly bytes: number;
  readonly isShown: boolean;
}

const idAt = (i: number): string => `i${String(i).padStart(6, '0')}`;

test('pages together are the whole list, and each is within its limits', (t) => {
  const runs = fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 3_000 }),
      bytes: fc.constantFrom(1, 500, 3_000, 400_000, 2 * pageBytesMax),
      isShown: fc.boolean(),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(runs, (drawn) => {
      const all: Item[] = [];
      for (const { count, bytes, isShown } of drawn)
        for (let i = 0; i < (bytes > 3_000 ? count % 7 : count); i++)
          all.push({ id: idAt(all.length), bytes, isShown });
      const seen: string[] = [];
      let afterId = '';
      do {
        let scanned = 0;
        const page = pageOf(
          all.filter(({ id }) => id > afterId),
          (item) => {
            scanned++;
            return item.isShown ? item : undefined;
          },
          ({ bytes }) => ({ length: bytes }) as Uint8Array,
        );
        const bytes = page.items.reduce((sum, item) => sum + item.bytes, 0);
        t.true(bytes <= pageBytesMax || page.items.length === 1);
        t.true(page.items.length <= pageItemsMax && scanned <= pageScannedMax + 1);
        seen.push(...page.items.map(({ id }) => id));
        t.true(page.nextAfterId === '' || page.nextAfterId > afterId, 'it goes on');
        afterId = page.nextAfterId;
      } while (afterId !== '');
      t.deepEqual(
        seen,
        all.filter(({ isShown }) => isShown).map(({ id }) => id),
      );
    }),
    { numRuns: 60, seed: 4 },
  );
});

test('nodes and services come in pages, each service with its counts', async (t) => {
  const own = await makeTestControl();
  const ids = Array.from({ length: 2_300 }, (_, i) => idAt(i));
  await own.store.batch(ids, (tx, id) => {
    tx.create('node', aReadyNode(id, id));
    tx.create('service', Service.create({ id, spec: aSpec({ name: id }) }));
  });
  const nodes: string[] = [];
  const services: string[] = [];
  const counted: string[] = [];
  let pages = 0;
  for (let afterId = ''; pages === 0 || afterId !== ''; pages++) {
    const page = await own.control.listNodes(ListNodesRequest.create({ afterId }), aCall());
    nodes.push(...page.nodes.map(({ id }) => id));
    afterId = page.nextAfterId;
  }
  t.is(pages, 3);
  let afterId = '';
  do {
    const request = ListServicesRequest.create({ afterId });
    const page = await own.control.listServices(request, aCall());
    services.push(...page.services.map(({ id }) => id));
    counted.push(...page.counts.map(({ serviceId }) => serviceId));
    afterId = page.nextAfterId;
  } while (afterId !== '');
  t.deepEqual([nodes, services, counted], [ids, ids, ids]);
});

test('nobody waits for the counting of many tasks, nor for the snapshot of a watch', async (t) => {
  const clock = new VirtualClock();
  const own = await makeTestControl({ clock });
  const status = TaskStatus.create({ state: TaskState.RUNNING });
  const ids = Array.from({ length: 12_000 }, (_, i) => idAt(i));
  await own.store.update((tx) => {
    tx.create('service', Service.create({ id: 's1', spec: aSpec() }));
    tx.create('node', aReadyNode('n1', 'n1', { description: NodeDescription.create() }));
  });
  await own.store.batch(ids, (tx, id) =>
    tx.create('task', aTask({ id, serviceId: 's1', nodeId: 'n1', status })),
  );
  let before = clock.eventCount;
  const counting = own.control.getService({ ref: 's1' }, aCall());
  const { counts } = await clock.resolve(counting, 60_000);
  t.is(counts?.running, 12_000);
  t.true(clock.eventCount - before >= 2, 'at most 5,000 tasks between two turns');
  before = clock.eventCount;
  const hangUp = new AbortController();
  const call = aCall({ kind: 'local' }, hangUp.signal);
  const messages = own.control.watch(WatchRequest.create(), call)[Symbol.asyncIterator]();
  let seen = 0;
  for (let hasMore = true; hasMore; ) {
    const { value } = await clock.resolve(messages.next(), 60_000);
    seen += value?.events.length ?? 0;
    hasMore = value?.hasMore ?? false;
  }
  t.is(seen, 12_002);
  const turns = clock.eventCount - before;
  t.true(turns >= Math.floor(12_000 / watchSlice.itemsMax), `${turns} turns`);
  hangUp.abort();
  await t.throwsAsync(
    clock.resolve(
      messages.next().then(() => undefined),
      60_000,
    ),
  );
});
