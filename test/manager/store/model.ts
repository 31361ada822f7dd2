import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { hasCode } from '#lib';
import { NodeDescription } from '#proto';
import type { Service, Task } from '#proto';
import type { ClusterStore } from '#manager/store/cluster-store';
import { IndexTree } from '#manager/store/index-tree';
import { definitionOf, tableNames } from '#manager/store/tables';
import type {
  AnyObject,
  Commit,
  ReadTransaction,
  TableName,
  WriteTransaction,
} from '#manager/store/types';
import { aNode, aService, aTask } from '../../_support/objects.ts';
import { makeTestStore } from '../../_support/test-store.ts';

/** One write of a transaction, on few ids, so that they meet. */
type Step =
  | {
      readonly kind: 'put-task';
      readonly id: number;
      readonly service: number;
      readonly node: number;
    }
  | { readonly kind: 'remove-task'; readonly id: number }
  | { readonly kind: 'put-service'; readonly id: number; readonly name: number }
  | { readonly kind: 'remove-service'; readonly id: number }
  | { readonly kind: 'put-node'; readonly id: number; readonly name: number }
  | { readonly kind: 'throw' };

const small = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put-task' as const), id: small, service: small, node: small }),
  fc.record({ kind: fc.constant('remove-task' as const), id: small }),
  fc.record({ kind: fc.constant('put-service' as const), id: small, name: small }),
  fc.record({ kind: fc.constant('remove-service' as const), id: small }),
  fc.record({ kind: fc.constant('put-node' as const), id: small, name: small }),
  { weight: 1, arbitrary: fc.constant({ kind: 'throw' as const }) },
);
/** Groups of transactions that are asked for in one turn. */
const history = fc.array(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 4 }), {
  maxLength: 8,
});

/** The plainest store there is: copied as a whole, searched from end to end. */
interface Model {
  readonly tasks: Map<string, { service: string; node: string }>;
  readonly services: Map<string, string>;
}

const copy = (model: Model): Model => ({
  tasks: new Map(model.tasks),
  services: new Map(model.services),
});

class Refused extends Error {}

const nodeName = (node: number): string => (node === 0 ? '' : `n${node}`);

function modelStep(model: Model, one: Step): void {
  switch (one.kind) {
    case 'put-task':
      model.tasks.set(`t${one.id}`, { service: `s${one.service}`, node: nodeName(one.node) });
      return;
    case 'remove-task':
      if (!model.tasks.delete(`t${one.id}`)) throw new Refused();
      return;
    case 'put-service': {
      const name = `name${one.name}`;
      for (const [id, taken] of model.services) {
        if (taken === name && id !== `s${one.id}`) throw new Refused();
      }
      model.services.set(`s${one.id}`, name);
      return;
    }
    case 'put-node':
      // Only its index is looked at, beside the nodes that the store has.
      return;
    case 'remove-service':
      if (!model.services.delete(`s${one.id}`)) throw new Refused();
      return;
    case 'throw':
      throw new Refused();
  }
}

function storeStep(tx: WriteTransaction, one: Step): void {
  switch (one.kind) {
    case 'put-task': {
      const part = { serviceId: `s${one.service}`, nodeId: nodeName(one.node) };
      const present = tx.get('task', `t${one.id}`);
      if (present === undefined) tx.create('task', aTask({ id: `t${one.id}`, ...part }));
      else tx.update('task', { ...present, ...part });
      return;
    }
    case 'remove-task':
      tx.remove('task', `t${one.id}`);
      return;
    case 'put-service': {
      const next = aService(`s${one.id}`, `Name${one.name}`);
      const present = tx.get('service', next.id);
      if (present === undefined) tx.create('service', next);
      else tx.update('service', { ...present, spec: next.spec });
      return;
    }
    case 'put-node': {
      const description = NodeDescription.create({ hostname: `Host${one.name}` });
      const present = tx.get('node', `n${one.id}`);
      if (present === undefined) tx.create('node', aNode(`n${one.id}`, { description }));
      else tx.update('node', { ...present, description });
      return;
    }
    case 'remove-service':
      tx.remove('service', `s${one.id}`);
      return;
    case 'throw':
      throw new Refused();
  }
}

function runModel(model: Model, steps: readonly Step[]): Model {
  const next = copy(model);
  try {
    for (const one of steps) modelStep(next, one);
    return next;
  } catch (error) {
    if (error instanceof Refused) return model;
    throw error;
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Refused || hasCode(error, 'NOT_FOUND') || hasCode(error, 'ALREADY_EXISTS');

/** What a watcher knows that started with nothing. */
function follow(mirror: Map<string, unknown>, commit: Commit): void {
  for (const event of commit.events) {
    const key = `${event.table}/${event.object.id}`;
    const known = mirror.get(key);
    if (known !== event.old) throw new Error(`${key}: the old object is not the last one told`);
    if (event.kind === 'remove') mirror.delete(key);
    else mirror.set(key, event.object);
  }
}

/** Every name and every index of the table, against a search from end to end. */
function compareIndexes(t: ExecutionContext, tx: ReadTransaction, table: TableName): void {
  const all = [...tx.list(table)] as readonly AnyObject[];
  const idsOf = (objects: Iterable<AnyObject>): string[] => [...objects].map(({ id }) => id);
  const { indexes, nameOf } = definitionOf(table);
  for (const { id } of all) {
    const above = all.filter((other) => other.id > id);
    t.deepEqual(idsOf(tx.list(table, id)), idsOf(above));
  }
  for (const object of all) {
    const name = nameOf?.(object) ?? '';
    if (name !== '') t.is(tx.byName(table, name.toUpperCase())?.id, object.id);
  }
  for (const [index, keysOf] of Object.entries(indexes)) {
    const keys = new Set(all.flatMap((object) => keysOf(object)).filter((key) => key !== ''));
    for (const key of [...keys, 'nobody']) {
      const holders = all.filter((object) => [keysOf(object)].flat().includes(key));
      for (const afterId of ['', ...idsOf(all)])
        t.deepEqual(
          idsOf(tx.byIndex(table, index as never, key, afterId)),
          idsOf(holders.filter(({ id }) => id > afterId)),
        );
    }
  }
}

test('an index finds an object under each of its keys, and under none that it had before', (t) => {
  const keys = fc.uniqueArray(fc.constantFrom('', 'a', 'b', 'ab', 'a\u0000b'));
  const steps = fc.array(fc.record({ id: fc.nat({ max: 4 }), keys: fc.option(keys) }));
  fc.assert(
    fc.property(steps, (changes) => {
      let index = new IndexTree<readonly string[]>('keys', (object) => object);
      const model = new Map<string, readonly string[]>();
      for (const { id, keys: next } of changes) {
        const before = index.clone();
        const idsBefore = ['a', 'b', 'ab'].map((key) => [...before.ids(key)]);
        index.move(`${id}`, model.get(`${id}`), next ?? undefined);
        if (next === null) model.delete(`${id}`);
        else model.set(`${id}`, next);
        t.deepEqual(
          ['a', 'b', 'ab'].map((key) => [...before.ids(key)]),
          idsBefore,
          'a clone stays',
        );
        index = index.clone();
      }
      for (const key of ['a', 'b', 'ab']) {
        const holders = [...model].filter(([, own]) => own.includes(key)).map(([id]) => id);
        t.deepEqual([...index.ids(key)], holders.toSorted());
      }
      t.deepEqual([...index.ids('a\u0000b')], []);
    }),
    { numRuns: 300, seed: 5 },
  );
});

/** Every object, and who has which name. */
function contentOf(tx: ReadTransaction): string {
  const names = Array.from({ length: 6 }, (_, i) => tx.serviceByName(`name${i}`)?.id);
  return JSON.stringify([tx.version, tableNames.map((table) => [...tx.list(table)]), names]);
}

async function bytesOf(store: ClusterStore): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.snapshot()) chunks.push(chunk);
  return chunks;
}

test('the store does what a plain map does, and watchers can follow it', async (t) => {
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 0, max: 1 }), async (groups, commitDelayMs) => {
      const { store, replicator } = makeTestStore({ commitDelayMs });
      const images: { readonly image: ReadTransaction; readonly was: string }[] = [];
      const mirror = new Map<string, unknown>();
      let lastVersion = 0;
      store.watch((commit) => {
        if (commit.version <= lastVersion) throw new Error('commits out of order');
        lastVersion = commit.version;
        follow(mirror, commit);
      });
      let model: Model = { tasks: new Map(), services: new Map() };
      for (const group of groups) {
        const image = store.image();
        images.push({ image, was: contentOf(image) });
        for (const steps of group) model = runModel(model, steps);
        const updates = group.map((steps) =>
          store.update((tx) => {
            for (const one of steps) storeStep(tx, one);
          }),
        );
        for (const result of await Promise.allSettled(updates)) {
          if (result.status === 'rejected' && !isRefusal(result.reason)) throw result.reason;
        }
      }
      for (const { image, was } of images) t.is(contentOf(image), was, 'an image stays');
      // A member that has only the entries comes to the same.
      const follower = makeTestStore().store;
      for (const { version, entry } of replicator.entries) follower.apply(version, entry);
      t.deepEqual(await bytesOf(follower), await bytesOf(store));
      for (const table of tableNames) compareIndexes(t, store.image(), table);
      store.view((tx) => {
        const ids = (tasks: Iterable<Task>): string[] => [...tasks].map((task) => task.id);
        const sorted = [...model.tasks].toSorted(([a], [b]) => (a < b ? -1 : 1));
        t.deepEqual(
          ids(tx.list('task')),
          sorted.map(([id]) => id),
        );
        for (let i = 0; i <= 5; i++) {
          const ofService = sorted.filter(([, task]) => task.service === `s${i}`);
          t.deepEqual(
            ids(tx.tasksOfService(`s${i}`)),
            ofService.map(([id]) => id),
          );
          const ofNode = i === 0 ? [] : sorted.filter(([, task]) => task.node === `n${i}`);
          t.deepEqual(
            ids(tx.tasksOfNode(`n${i}`)),
            ofNode.map(([id]) => id),
          );
          const owner = [...model.services].find(([, name]) => name === `name${i}`)?.[0];
          t.is(tx.serviceByName(`NAME${i}`)?.id, owner);
        }
        const all: (Service | Task)[] = [...tx.list('task'), ...tx.list('service')];
        t.is(mirror.size, all.length + tx.count('node'));
        for (const object of all) {
          const table = object.id.startsWith('t') ? 'task' : 'service';
          t.is(mirror.get(`${table}/${object.id}`), object);
        }
      });
    }),
    { numRuns: 150, seed: 20261 },
  );
});
