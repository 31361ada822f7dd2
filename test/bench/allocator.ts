/**
 * The allocator's own part of a service on a network: what a decision costs, with few and with many tasks
 * there already. A store without a disk; the longest time in which nothing else runs is one decision.
 */
import { newId, seededRandom } from '#lib';
import { AllocatorState } from '#manager/allocator/allocator-state';
import { writeDecision } from '#manager/allocator/write-decision';
import type { ClusterStore } from '#manager/store/cluster-store';
import { Network, NetworkAttachmentConfig, NetworkSpec, SubnetConfig } from '#proto';
import { Task, TaskSpec, TaskState, TaskStatus } from '#proto';
import { aNode } from '#test/_support/objects';
import { aServiceOf } from '#test/_support/orchestration';
import { makeTestStore } from '#test/_support/test-store';
import type { Row } from './row.ts';

const serviceCount = 1_000;
const nodeCount = 200;
const tasksMax = 1_000;
const networks = [NetworkAttachmentConfig.create({ network: 'ov' })];
const spec = TaskSpec.create({ networks });

const indexes = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

/** Tasks `from` to `to`, as the orchestrator makes them. */
async function addTasks(store: ClusterStore, from: number, to: number): Promise<void> {
  const numbers = indexes(to - from).map((at) => from + at);
  await store.batch(numbers, (tx, at) => {
    const serviceId = `s${at % serviceCount}`;
    const status = TaskStatus.create({ state: TaskState.NEW });
    const slot = 1 + Math.floor(at / serviceCount);
    const desiredState = TaskState.RUNNING;
    tx.create('task', Task.create({ id: `t${at}`, serviceId, slot, spec, desiredState, status }));
  });
}

class Bench {
  readonly #store: ClusterStore;
  readonly #random = seededRandom(1);
  readonly #state: AllocatorState;

  private constructor(store: ClusterStore) {
    this.#store = store;
    this.#state = store.view((tx) => AllocatorState.of(tx));
    store.watch(({ events }) => {
      for (const event of events) this.#state.apply(event);
    });
  }

  static async make(store: ClusterStore): Promise<Bench> {
    const subnets = [SubnetConfig.create({ subnet: '10.0.0.0/12' })];
    const network = Network.create({ id: 'ov', spec: NetworkSpec.create({ name: 'ov', subnets }) });
    await store.update((tx) => tx.create('network', network));
    await store.batch(indexes(nodeCount), (tx, at) => tx.create('node', aNode(`n${at}`)));
    await store.batch(indexes(serviceCount), (tx, at) =>
      tx.create('service', aServiceOf(`s${at}`, { task: { networks } })),
    );
    return new Bench(store);
  }

  /** Decides and writes until there is nothing left; how long decisions took, together and at most. */
  async rest(): Promise<{ readonly decideMs: number; readonly longestMs: number }> {
    let decideMs = 0;
    let longestMs = 0;
    for (;;) {
      const startedAt = performance.now();
      const decisions = this.#state.decide({ newId: () => newId(this.#random), tasksMax });
      const tookMs = performance.now() - startedAt;
      decideMs += tookMs;
      longestMs = Math.max(longestMs, tookMs);
      if (decisions.length === 0) return { decideMs, longestMs };
      await this.#store.batch(decisions, (tx, one) => writeDecision(tx, one, 1));
      this.#store.view((tx) => this.#state.settle(tx, decisions));
    }
  }
}

export async function bench(): Promise<Row[]> {
  const blank = { peer: null, ratio: null, bar: null, ok: null };
  const { store } = makeTestStore({ isFrozen: false });
  const own = await Bench.make(store);
  await own.rest();
  const rows: Row[] = [];
  let there = 0;
  for (const count of [10_000, 90_000]) {
    const what = `allocator: ${count} tasks more, ${there} there`;
    await addTasks(store, there, there + count);
    there += count;
    const { decideMs, longestMs } = await own.rest();
    const perTask = Math.round((decideMs / count) * 10_000) / 10;
    rows.push({ ...blank, name: `${what}, a decision`, unit: 'us/task', ours: perTask });
    const longest = Math.round(longestMs * 10) / 10;
    rows.push({ ...blank, name: `${what}, longest turn`, unit: 'ms', ours: longest });
  }
  return rows;
}
