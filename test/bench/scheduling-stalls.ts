/**
 * How long the scheduling loop of a leader holds the event loop at worst, on 5,000 nodes: where a term begins with many
 * tasks that stand, and where tasks have rules for which every node is a domain of its own. The store is real and commits
 * at once; Raft is not in it.
 */
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { TaskState } from '#proto';
import type { Task } from '#proto';
import { SchedulingLoop } from '#manager/scheduling/index';
import { spreadOver, taskSelector } from '#test/_support/affinity';
import { nodeOf, taskOf, tasksOf } from '#test/_support/placement';
import { makeTestStore } from '#test/_support/test-store';
import { poll } from '#test/_support/poll';
import { withStallProbe } from './loop-stall.ts';
import type { Row } from './row.ts';

const nodeCount = 5_000;
/** What no loop of the leader may take at a time. */
const barMs = 50;
const labels = { app: 'web' };
const byHost = { topologySpread: [spreadOver('host', 1, { selector: taskSelector('app=web') })] };

interface Shape {
  readonly name: string;
  readonly tasks: readonly Task[];
  /** Tasks that have a node when it is over. */
  readonly expected: number;
}

const on = (at: number): string => `n${at % nodeCount}`;
const shapes: readonly Shape[] = [
  {
    name: 'a term begins with 100,000 tasks that stand, one is placed',
    tasks: Array.from({ length: 100_001 }, (_, at) =>
      taskOf(`t${at}`, {
        service: `s${at % 100}`,
        slot: at + 1,
        ...(at === 0 ? {} : { nodeId: on(at), state: TaskState.RUNNING }),
      }),
    ),
    expected: 100_001,
  },
  {
    name: '5,000 tasks of a service, spread over host names',
    tasks: tasksOf(5_000, { labels, placement: byHost }),
    expected: 5_000,
  },
  {
    name: '200 services of one task, spread over host names',
    tasks: Array.from({ length: 200 }, (_, at) =>
      taskOf(`t${at}`, { service: `s${at}`, labels, placement: byHost }),
    ),
    expected: 200,
  },
  {
    name: '5,000 plain tasks',
    tasks: tasksOf(5_000, { cpus: 0.1 }),
    expected: 5_000,
  },
];

async function measure({ name, tasks, expected }: Shape): Promise<readonly Row[]> {
  const clock = systemClock();
  const { store } = makeTestStore({ clock, isFrozen: false, commitDelayMs: 1 });
  const nodes = Array.from({ length: nodeCount }, (_, at) =>
    nodeOf(`n${at}`, { labels: { host: `n${at}` } }),
  );
  await store.batch(nodes, (tx, node) => tx.create('node', node));
  await store.batch(tasks, (tx, task) => tx.create('task', task));
  const basics = { log: silentLogger, metrics: silentMetrics, random: seededRandom(1) };
  const loop = new SchedulingLoop({ ...basics, store, clock });
  let placed = tasks.filter(({ nodeId }) => nodeId !== '').length;
  store.watch(({ events }) => {
    for (const { table, object } of events)
      if (table === 'task' && (object as Task).status?.state === TaskState.ASSIGNED) placed++;
  });
  const { stallMs, tookMs } = await withStallProbe(async () => {
    loop.start();
    await poll(`${name}: all are placed`, () => placed >= expected, { deadlineMs: 120_000 });
  });
  await loop.stop();
  const row = { peer: null, ratio: null, unit: 'ms' };
  return [
    {
      ...row,
      name: `${name}, longest stall`,
      ours: stallMs,
      bar: `<= ${barMs} ms`,
      ok: stallMs <= barMs,
    },
    { ...row, name: `${name}, until all are placed`, ours: tookMs, bar: null, ok: null },
  ];
}

export async function bench(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const shape of shapes) rows.push(...(await measure(shape)));
  return rows;
}
