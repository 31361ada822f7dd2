/** Telling watchers: what one commit costs with many of them, and going on from a version. */
import { TaskState } from '#proto';
import type { ClusterStore, Subscription } from '#manager';
import type { Row } from './row.ts';
import {
  measure,
  median,
  moved,
  newService,
  newStore,
  newTask,
  row,
  serviceCount,
  serviceId,
  setState,
  taskId,
} from './store-load.ts';

const samples = 30;
const updatesPerSample = 200;
const tasks = 10_000;

/** µs for one update, each in an entry of its own, with these watchers listening. */
async function updateMicros(store: ClusterStore, watchers: readonly Subscription[]) {
  const took: number[] = [];
  for (let sample = 0; sample < samples; sample++)
    took.push(
      await measure(async () => {
        for (let i = 0; i < updatesPerSample; i++)
          await setState(store, taskId((sample * 31 + i) % tasks), TaskState.RUNNING);
      }),
    );
  for (const watcher of watchers) watcher.cancel();
  return (median(took) / updatesPerSample) * 1000;
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

export async function bench(): Promise<Row[]> {
  const store = newStore();
  const services = times(serviceCount, (i) => i);
  await store.batch(services, (tx, i) => tx.create('service', newService(i)));
  await store.batch(
    times(tasks, (i) => i),
    (tx, i) => tx.create('task', newTask(i)),
  );
  let heard = 0;
  const listen = (): void => void heard++;
  const ofEverything = (count: number): readonly Subscription[] =>
    times(count, () => store.watch(listen));
  const ofServices = (count: number): readonly Subscription[] =>
    times(count, (i) =>
      store.watch(listen, { only: { kind: 'service', serviceId: serviceId(i) } }),
    );
  const rows: Row[] = [
    row('store watch: one update, nobody watches', 'µs', await updateMicros(store, [])),
  ];
  for (const count of [1_000, 10_000]) {
    const name = `store watch: one update, ${count.toLocaleString('en')} watchers`;
    rows.push(row(`${name} of everything`, 'µs', await updateMicros(store, ofEverything(count))));
    const micros = await updateMicros(store, ofServices(count));
    rows.push(row(`${name} of 1,000 services`, 'µs', micros));
  }
  if (heard === 0) throw new Error('the watchers heard nothing');
  const from = store.view((tx) => tx.version);
  // A full entry at a time, so that there is something to miss.
  for (let round = 0; round < 50; round++)
    await store.update((tx) => {
      for (let i = 0; i < 200; i++) {
        const task = tx.get('task', taskId((round * 200 + i) % tasks));
        if (task !== undefined) tx.update('task', moved(task, TaskState.READY));
      }
    });
  const resumed: number[] = [];
  let missed = 0;
  for (let i = 0; i < samples; i++)
    resumed.push(
      await measure(() => {
        const watch = store.watch(listen, { fromVersion: from });
        missed = watch.missed.length;
        watch.cancel();
      }),
    );
  rows.push(
    row('store watch: commits a resumed watch missed', 'commits', missed),
    row('store watch: going on from before them', 'ms', median(resumed)),
  );
  return rows;
}

if (import.meta.main) console.table(await bench());
