/**
 * 100,000 tasks of 1,000 services on 1,000 nodes: what a snapshot, a restore and the long reads of the
 * control API cost, and how long each of them holds the event loop up at worst while others write.
 */
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { prometheusMetrics } from '#lib/metrics-node';
import type { ClusterStore } from '#manager';
import { controlHandlers } from '#manager/control/control';
import { storeMetrics } from '#manager/store/store-metrics';
import { tableNames } from '#manager/store/tables';
import { WorkRouter } from '#manager/work/index';
import { ListNodesRequest, ListServicesRequest, ListTasksRequest, TaskState } from '#proto';
import { WatchRequest } from '#proto';
import type { CallContext } from '#proto';
import { ImageIndex } from '#scheduler';
import { withStallProbe } from './loop-stall.ts';
import type { Row } from './row.ts';
import {
  fullStore,
  measure,
  median,
  newStore,
  row,
  serviceId,
  setState,
  taskId,
} from './store-load.ts';

/** No heartbeat may be late because of one of these. */
const stallMaxMs = 50;

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Some writes in every turn of the event loop until `isOver`; answers how many. */
async function keepWriting(store: ClusterStore, isOver: () => boolean): Promise<number> {
  let count = 0;
  while (!isOver()) {
    const ids = Array.from({ length: 20 }, (_, i) => taskId(count + i));
    await Promise.all(ids.map((id) => setState(store, id, TaskState.RUNNING)));
    count += ids.length;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return count;
}

/** `work` while others write: how long it took, and the longest stall. */
async function amidWrites(store: ClusterStore, work: () => Promise<unknown>) {
  let isOver = false;
  return withStallProbe(async () => {
    const writing = keepWriting(store, () => isOver);
    await work();
    isOver = true;
    return writing;
  });
}

function controlOf(store: ClusterStore): ReturnType<typeof controlHandlers> {
  const parts = {
    clock: systemClock(),
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
  };
  return controlHandlers({
    ...parts,
    store,
    work: new WorkRouter(parts),
    images: new ImageIndex(),
    nodeId: 'n1',
    image: () => store.snapshot(),
    packBackup: (_header, image) => image,
    clusterStatus: () => Promise.reject(new Error('nobody asks')),
    managerStatus: () => [],
    canRemoveManager: () => undefined,
    makeToken: () => '',
  });
}

type Control = ReturnType<typeof controlOf>;

const callOf = (signal: AbortSignal): CallContext => ({
  caller: { kind: 'local' },
  address: '',
  signal,
});
const call = callOf(new AbortController().signal);

/** Each page is a call of its own: others have their turn in between. */
async function everyPage(ask: (afterId: string) => Promise<{ nextAfterId: string }>) {
  for (let afterId = '', isFirst = true; isFirst || afterId !== ''; isFirst = false) {
    afterId = (await ask(afterId)).nextAfterId;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Up to the end of the snapshot that a watch of everything begins with. */
async function readSnapshot(control: Control): Promise<void> {
  const hangUp = new AbortController();
  for await (const message of control.watch(WatchRequest.create(), callOf(hangUp.signal)))
    if (!message.hasMore) break;
  hangUp.abort();
}

async function reads(store: ClusterStore): Promise<Row[]> {
  const control = controlOf(store);
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    'snapshot of a watch of everything': () => readSnapshot(control),
    'every page of ListTasks': () =>
      everyPage((afterId) => control.listTasks(ListTasksRequest.create({ afterId }), call)),
    'every page of ListNodes': () =>
      everyPage((afterId) => control.listNodes(ListNodesRequest.create({ afterId }), call)),
    'every page of ListServices': () =>
      everyPage((afterId) => control.listServices(ListServicesRequest.create({ afterId }), call)),
    GetService: () => control.getService({ ref: serviceId(7) }, call),
    'a scrape of the metrics': () => scrape(store),
  };
  const rows: Row[] = [];
  for (const [what, work] of Object.entries(asked)) {
    const { tookMs, stallMs } = await amidWrites(store, work);
    rows.push(row(`store 100,000: ${what}`, 'ms', tookMs));
    rows.push(row(`store 100,000: ${what}, longest stall`, 'ms', stallMs, stallMaxMs));
  }
  return rows;
}

async function scrape(store: ClusterStore): Promise<void> {
  const metrics = prometheusMetrics();
  const count = (): number =>
    store.view((tx) => tableNames.reduce((sum, table) => sum + tx.count(table), 0));
  storeMetrics(metrics, {
    waiting: () => 0,
    version: () => store.view((tx) => tx.version),
    watchers: () => 0,
    keptCommits: () => 0,
    keptBytes: () => 0,
    objects: count,
  });
  await metrics.render();
}

export async function bench(): Promise<Row[]> {
  const store = await fullStore();
  const begun: number[] = [];
  for (let i = 0; i < 30; i++) begun.push(await measure(() => void store.snapshot()));
  const idle = await withStallProbe(() => collect(store.snapshot()));
  const amid = await amidWrites(store, () => collect(store.snapshot()));
  const chunks = idle.result;
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  // One that is brought up to date: it has half of the objects, and somebody watches.
  const copy = newStore();
  await copy.restore(Number.MAX_SAFE_INTEGER, streamOf(chunks));
  let changed = 0;
  copy.watch(({ events }) => {
    changed += events.length;
  });
  const newer = await collect(store.snapshot());
  const again = await withStallProbe(() => copy.restore(Number.MAX_SAFE_INTEGER, streamOf(newer)));
  if (changed === 0) throw new Error('the watcher of the restored store heard nothing');
  const empty = newStore();
  const fresh = await withStallProbe(() => empty.restore(Number.MAX_SAFE_INTEGER, streamOf(newer)));
  return [
    row('store 100,000: begin a snapshot', 'ms', median(begun), 1),
    row('store 100,000: encode it', 'ms', idle.tookMs),
    row('store 100,000: its size', 'MB', bytes / 1e6),
    row('store 100,000: encode it while others write', 'ms', amid.tookMs),
    row('store 100,000: the same, longest stall', 'ms', amid.stallMs, stallMaxMs),
    row('store 100,000: restore into an empty store', 'ms', fresh.tookMs),
    row('store 100,000: the same, longest stall', 'ms', fresh.stallMs, stallMaxMs),
    row('store 100,000: restore over an older state, watched', 'ms', again.tookMs),
    row('store 100,000: the same, longest stall', 'ms', again.stallMs, stallMaxMs),
    ...(await reads(store)),
  ];
}

if (import.meta.main) console.table(await bench());
