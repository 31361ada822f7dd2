/**
 * The store alone, over a replicator that commits at once: what transactions and reads cost beside
 * Raft. How large states, watches and restarts do is in the other store-*.ts.
 */
import { TaskState } from '#proto';
import type { Row } from './row.ts';
import {
  fillTasks,
  measure,
  median,
  newStore,
  row,
  serviceCount,
  setState,
  taskCount,
  taskId,
} from './store-load.ts';

const samples = 30;
const perRound = 1_000;

async function repeated(work: (round: number) => unknown): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < samples; i++) took.push(await measure(() => work(i)));
  return median(took);
}

export async function bench(): Promise<Row[]> {
  const store = newStore();
  const fillMs = await measure(() => fillTasks(store));
  const oneByOneMs = await repeated(async (round) => {
    for (let i = 0; i < perRound; i++)
      await setState(store, taskId(round * perRound + i), TaskState.RUNNING);
  });
  const groupedMs = await repeated((round) =>
    Promise.all(
      Array.from({ length: perRound }, (_, i) =>
        setState(store, taskId(round * 977 + i * 31), TaskState.ACCEPTED),
      ),
    ),
  );
  const readMs = await repeated((round) =>
    store.view((tx) => {
      for (let i = 0; i < 100; i++)
        for (const task of tx.tasksOfService(`service-${(round * 100 + i) % serviceCount}`))
          if (task.slot === 0) throw new Error('unexpected');
    }),
  );
  const nameMs = await repeated((round) =>
    store.view((tx) => {
      for (let i = 0; i < perRound; i++) tx.get('task', taskId(round * perRound + i));
    }),
  );
  return [
    row('store: create 100,000 tasks by batch, per task', 'µs', (fillMs / taskCount) * 1000),
    row('store: one update at a time', 'µs', (oneByOneMs / perRound) * 1000, 100),
    row('store: one update at a time', 'transactions/s', (perRound * 1000) / oneByOneMs),
    row('store: 1,000 updates at once, each', 'µs', (groupedMs / perRound) * 1000, 50),
    row('store: 1,000 updates at once', 'transactions/s', (perRound * 1000) / groupedMs),
    row('store: a task by its id', 'µs', (nameMs / perRound) * 1000),
    row('store: tasks of a service, per task', 'µs', (readMs / 10_000) * 1000, 5),
  ];
}

if (import.meta.main) console.table(await bench());
