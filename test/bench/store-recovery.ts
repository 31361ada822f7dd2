/**
 * A manager that starts again: from a Raft log of 100,000 entries, and from a snapshot of 100,000 tasks,
 * until its store has everything. One member, on the machine's disk.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, silentLogger, silentMetrics } from '#lib';
import type { Metrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { ClusterStore } from '#manager';
import { RaftReplicator } from '#manager/replication/raft-replicator';
import { encodeAction, joinEntry } from '#manager/store/action';
import type { RaftNodeOptions } from 'raft-ts';
import { nodeDisk } from 'raft-ts/node';
import { withStallProbe } from './loop-stall.ts';
import type { Row } from './row.ts';
import { newTask, row } from './store-load.ts';

const entryCount = 100_000;
const inFlight = 1_000;
const deadlineMs = 90_000;
/** Nothing is ever snapshotted: the whole log is there at the next start. */
const wholeLog: RaftNodeOptions = {
  snapshotEntries: 10_000_000,
  snapshotBytes: 2 ** 33,
  keepBytes: 2 ** 33,
};

interface Member {
  readonly store: ClusterStore;
  readonly replicator: RaftReplicator;
  /** Taken since it was opened. */
  readonly snapshotCount: () => number;
}

async function open(directory: string, raft: RaftNodeOptions): Promise<Member> {
  let snapshots = 0;
  const metrics: Metrics = {
    ...silentMetrics,
    counter: (name) => ({
      inc: () => {
        if (name === 'tessera_raft_snapshots_total') snapshots++;
      },
    }),
  };
  const parts = { clock: systemClock(), random: systemRandom(), log: silentLogger, metrics };
  const replicator = new RaftReplicator({
    ...parts,
    raft,
    disk: nodeDisk(directory),
    transport: {
      send: () => undefined,
      sendSnapshot: () => Promise.reject(new Error('there is nobody else')),
    },
    onFailed: (error) => {
      throw error;
    },
  });
  const store = new ClusterStore({ ...parts, replicator });
  replicator.attach(store);
  await replicator.start({
    raftId: 7,
    self: { nodeId: 'n1', address: '127.0.0.1:1' },
    isFirst: true,
    contacts: new Map(),
  });
  return { store, replicator, snapshotCount: () => snapshots };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const taskCountOf = (store: ClusterStore): number => store.view((tx) => tx.count('task'));

/** One task an entry. Each says on which version it stands, so that the store takes it. */
async function writeLog({ replicator, store }: Member): Promise<void> {
  await until('a leader', () => replicator.isLeader());
  const first = await store.update((tx) => tx.create('task', newTask(0)));
  for (let at = 1; at < entryCount; at += inFlight) {
    const count = Math.min(inFlight, entryCount - at);
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, i) => {
        const action = { kind: 'create', table: 'task', object: newTask(at + i) } as const;
        const tail = { proposedAtMs: 1, baseVersion: first.version + at + i - 1 };
        return replicator.propose(joinEntry([encodeAction(action)], tail));
      }),
    );
    assert(
      outcomes.every(({ kind }) => kind === 'committed'),
      'every entry of the log is committed',
    );
  }
  assert(taskCountOf(store) === entryCount, 'every entry made a task');
}

/** From an open of the directory until the store has all tasks. */
async function recover(directory: string, raft: RaftNodeOptions, name: string): Promise<Row[]> {
  const { result, tookMs, stallMs } = await withStallProbe(async () => {
    const opened = await open(directory, raft);
    await until('every task', () => taskCountOf(opened.store) === entryCount);
    return opened;
  });
  await result.replicator.stop();
  return [
    row(`${name}: until the store has everything`, 'ms', tookMs),
    row(`${name}: the same, longest stall`, 'ms', stallMs),
  ];
}

export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'store-recovery-'));
  try {
    const member = await open(directory, wholeLog);
    await writeLog(member);
    await member.replicator.stop();
    const rows = await recover(directory, wholeLog, 'recovery, log of 100,000 entries');
    // With its own settings it takes a snapshot at once, which the next start begins with.
    const { store, replicator, snapshotCount } = await open(directory, {});
    await until('a leader', () => replicator.isLeader());
    await replicator.readBarrier();
    await store.update((tx) => tx.remove('task', newTask(0).id));
    await store.update((tx) => tx.create('task', newTask(0)));
    await until('a snapshot', () => snapshotCount() > 0);
    await replicator.stop();
    rows.push(...(await recover(directory, {}, 'recovery, snapshot of 100,000 tasks')));
    return rows;
  } finally {
    await rm(directory, { recursive: true });
  }
}

if (import.meta.main) console.table(await bench());
