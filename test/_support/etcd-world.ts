/** Stores on one etcd, as several managers of this process would keep them. */
import type { ExecutionContext } from 'ava';
import { silentLogger, silentMetrics } from '#lib';
import type { ClusterError, Logger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import type { ReplicatedState, SeedState } from '#manager';
import { EtcdReplicator } from '#manager/etcd/etcd-replicator';
import type { EtcdReplicatorOptions } from '#manager/etcd/etcd-replicator';
import { toMemberContext } from '#manager/replication/raft-wire';
import type { EtcdCluster } from './etcd-cluster.ts';
import { poll } from './poll.ts';

export const clusterId = 'cluster-1';

/** Keeps what it is told, and can be made a snapshot of. */
export class Recorder implements ReplicatedState {
  applied: { readonly version: number; readonly text: string }[] = [];
  restores = 0;

  get texts(): readonly string[] {
    return this.applied.map(({ text }) => text);
  }

  apply(version: number, entry: Uint8Array): void {
    this.applied.push({ version, text: new TextDecoder().decode(entry) });
  }

  snapshot(): AsyncIterable<Uint8Array> {
    const bytes = new TextEncoder().encode(JSON.stringify(this.applied));
    return (async function* () {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    })();
  }

  async restore(_version: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.applied = JSON.parse(
      new TextDecoder().decode(Buffer.concat(parts)),
    ) as Recorder['applied'];
    this.restores++;
  }
}

export interface EtcdManager<S extends ReplicatedState = Recorder> {
  readonly raftId: number;
  readonly state: S;
  readonly replicator: EtcdReplicator;
  readonly failures: ClusterError[];
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Starts manager number `raftId`; the first one makes the cluster. It ends with the test. */
export async function startManager<S extends ReplicatedState = Recorder>(
  t: ExecutionContext,
  etcd: EtcdCluster,
  raftId: number,
  options: Partial<EtcdReplicatorOptions> = {},
  own?: S,
  seed?: SeedState,
): Promise<EtcdManager<S>> {
  const failures: ClusterError[] = [];
  const log: Logger = silentLogger;
  const replicator = new EtcdReplicator({
    etcd: etcd.client(),
    prefix: 'tessera',
    clusterId,
    clock: systemClock(),
    random: systemRandom(),
    log,
    metrics: silentMetrics,
    onFailed: (error) => failures.push(error),
    ...options,
  });
  const state = own ?? (new Recorder() as unknown as S);
  replicator.attach(state);
  t.teardown(() => replicator.stop());
  await replicator.start({
    raftId,
    self: { nodeId: `n${raftId}`, address: `n${raftId}:7377` },
    isFirst: raftId === 1,
    seed,
    contacts: new Map(),
  });
  return { raftId, state, replicator, failures };
}

/** The one that leads. */
export function leaderOf<M extends { readonly replicator: EtcdReplicator }>(
  managers: readonly M[],
): Promise<M> {
  return poll('a manager leads', async () =>
    managers.find(({ replicator }) => replicator.isLeader()),
  );
}

/** `count` managers, all of them members. */
export async function startManagers(
  t: ExecutionContext,
  etcd: EtcdCluster,
  count: number,
  options: Partial<EtcdReplicatorOptions> = {},
): Promise<readonly EtcdManager[]> {
  const managers = [await startManager(t, etcd, 1, options)];
  const leader = await leaderOf(managers);
  for (let raftId = 2; raftId <= count; raftId++) {
    const context = toMemberContext({ nodeId: `n${raftId}`, address: `n${raftId}:7377` });
    await leader.replicator.changeMembership({ kind: 'add-learner', id: raftId, context });
    managers.push(await startManager(t, etcd, raftId, options));
  }
  await poll('all are alive', async () => {
    const { members } = leader.replicator.status();
    return members.length === count && members.every((member) => member.isReachable);
  });
  return managers;
}
