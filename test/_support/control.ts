/** A control API over a test store, and specs that it accepts. */
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Clock, Metrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import {
  ContainerSpec,
  NodeDescription,
  NodeRole,
  NodeSpec,
  NodeState,
  NodeStatus,
  ReplicatedMode,
  RootCa,
  ServiceSpec,
  TaskSpec,
} from '#proto';
import { GetClusterStatusResponse } from '#proto';
import { ImageIndex } from '#scheduler';
import { packBackup } from '#proto/backup-node';
import type { CallContext, Caller, Node } from '#proto';
import { controlHandlers } from '#manager/control/control';
import type { ControlHandlers, ControlOptions } from '#manager/control/options';
import type { ClusterStore } from '#manager/store/cluster-store';
import { WorkRouter } from '#manager/work/router';
import type { CommitRingLimits } from '#manager/store/commit-ring';
import { aCluster, aNode } from './objects.ts';
import { makeTestStore } from './test-store.ts';

export interface TestControl {
  readonly control: ControlHandlers;
  readonly store: ClusterStore;
  readonly work: WorkRouter;
}

export interface TestControlOptions extends Partial<ControlOptions> {
  readonly clock?: Clock;
  readonly metrics?: Metrics;
  readonly keep?: CommitRingLimits;
}

/** A call as the local root makes it, or whoever `caller` is. */
export function aCall(
  caller: Caller = { kind: 'local' },
  signal: AbortSignal = new AbortController().signal,
): CallContext {
  return { caller, address: '', signal };
}

/** With a cluster object that has a root certificate, and no node. */
export async function makeTestControl(options: TestControlOptions = {}): Promise<TestControl> {
  const clock = options.clock ?? systemClock();
  const { keep } = options;
  const { store } = makeTestStore({ clock, ...(keep === undefined ? {} : { keep }) });
  const parts = { clock, random: seededRandom(1), log: silentLogger, metrics: silentMetrics };
  const work = new WorkRouter({ ...parts, ...options });
  let tokens = 0;
  const control = controlHandlers({
    ...parts,
    store,
    work,
    images: new ImageIndex(),
    managerStatus: () => [],
    nodeId: 'm1',
    image: () => store.snapshot(),
    packBackup,
    canRemoveManager: () => undefined,
    clusterStatus: () => Promise.resolve(GetClusterStatusResponse.create()),
    makeToken: (role) => `token-${role}-${++tokens}`,
    ...options,
  });
  const rootCa = RootCa.create({
    certificatePem: new TextEncoder().encode('certificate'),
    keyPem: new TextEncoder().encode('very secret key'),
    digest: 'digest',
    joinTokens: { worker: 'worker-secret', manager: 'manager-secret' },
  });
  await store.update((tx) => tx.create('cluster', { ...aCluster(), rootCa }));
  return { control, store, work };
}

/** A replicated service that passes every check. */
export function aSpec(init: Partial<ServiceSpec> = {}): ServiceSpec {
  return ServiceSpec.create({
    name: 'web',
    task: TaskSpec.create({ containers: [ContainerSpec.create({ image: 'registry/web:1' })] }),
    mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 3 }) },
    ...init,
  });
}

/** `aSpec` with its one container changed. */
export function withContainer(init: Partial<ContainerSpec>): ServiceSpec {
  const container = ContainerSpec.create({ image: 'registry/web:1', ...init });
  return aSpec({ task: TaskSpec.create({ containers: [container] }) });
}

/** A worker that is READY under the host name `hostname`. */
export function aReadyNode(id: string, hostname: string, init: Partial<Node> = {}): Node {
  return aNode(id, {
    spec: NodeSpec.create({ role: NodeRole.WORKER }),
    description: NodeDescription.create({ hostname }),
    status: NodeStatus.create({ state: NodeState.READY }),
    ...init,
  });
}

/** The text and code of what `promise` is refused with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'accepted';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${String(error.code)}: ${error.message}`;
    throw error;
  }
}
