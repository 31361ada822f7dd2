/** A dispatcher that leads over a test store with a few nodes, in virtual time. */
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Metrics } from '#lib';
import { NodeSpec, NodeState, RootCa } from '#proto';
import type { Cluster, Node } from '#proto';
import { Dispatcher } from '#manager/dispatcher/dispatcher';
import type { ClusterStore } from '#manager/store/cluster-store';
import type { LocalReplicator } from '#manager/store/local-replicator';
import { WorkRouter } from '#manager/work/router';
import { ImageIndex } from '#scheduler';
import { FakeAgent } from './fake-agent.ts';
import { aCluster, aNode } from './objects.ts';
import { makeTestStore } from './test-store.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface TestDispatcher {
  /** What it was told of images. */
  readonly images: ImageIndex;
  readonly clock: VirtualClock;
  readonly store: ClusterStore;
  readonly replicator: LocalReplicator;
  readonly dispatcher: Dispatcher;
  readonly work: WorkRouter;
  /** A registered agent that beats; `isApplying` as of `FakeAgent`, true by default. */
  join(nodeId: string, init?: { readonly isApplying: boolean }): Promise<FakeAgent>;
  node(nodeId: string): Node;
}

export interface TestDispatcherOptions {
  readonly nodes?: readonly string[];
  readonly metrics?: Metrics;
  readonly heartbeatPeriodMs?: number;
  /** How long each commit takes. */
  readonly commitDelayMs?: number;
  readonly isStarted?: boolean;
}

/** With the cluster, in one entry. */
const nodesPerEntry = 100;

/** Nodes n1, n2, n3 that have not been heard of yet, under a leader that has just been elected. */
export async function makeTestDispatcher(
  options: TestDispatcherOptions = {},
): Promise<TestDispatcher> {
  const clock = new VirtualClock();
  const { store, replicator } = makeTestStore({
    clock,
    commitDelayMs: options.commitDelayMs ?? 0,
  });
  const parts = {
    clock,
    store,
    random: seededRandom(7),
    log: silentLogger,
    metrics: options.metrics ?? silentMetrics,
  };
  const work = new WorkRouter(parts);
  const images = new ImageIndex();
  const dispatcher = new Dispatcher({ ...parts, nodeId: 'n1', work, images });
  const plain = aCluster();
  const cluster: Cluster = {
    ...plain,
    spec: plain.spec && { ...plain.spec, heartbeatPeriodMs: options.heartbeatPeriodMs ?? 0 },
    rootCa: RootCa.create({ certificatePem: new TextEncoder().encode('root') }),
  };
  const ids = options.nodes ?? ['n1', 'n2', 'n3'];
  const written = store.update((tx) => {
    tx.create('cluster', cluster);
    for (const id of ids.slice(0, nodesPerEntry))
      tx.create('node', aNode(id, { spec: NodeSpec.create() }));
  });
  await clock.resolve(written, 1000);
  const more = store.batch(ids.slice(nodesPerEntry), (tx, id) =>
    tx.create('node', aNode(id, { spec: NodeSpec.create() })),
  );
  await clock.resolve(more, 10_000);
  if (options.isStarted !== false) await clock.resolve(dispatcher.start(), 1000);
  return {
    clock,
    store,
    replicator,
    dispatcher,
    images,
    work,
    async join(nodeId, { isApplying } = { isApplying: true }) {
      const agent = new FakeAgent(dispatcher, nodeId);
      agent.isApplying = isApplying;
      agent.hello();
      await clock.until(() => agent.assignments.length > 0, 1000, `${nodeId} is registered`);
      return agent.beat(clock);
    },
    node(nodeId) {
      const node = store.view((tx) => tx.get('node', nodeId));
      if (node === undefined) throw new Error(`there is no node ${nodeId}`);
      return node;
    },
  };
}

/** The name of a node's state. */
export function stateOf(node: Node): string {
  const names = Object.entries(NodeState).find(([, value]) => value === node.status?.state);
  return names?.[0] ?? 'none';
}
