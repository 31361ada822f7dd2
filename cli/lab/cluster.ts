/** Makes one cluster of a lab's hosts, through the same calls as `tsctl init` and `tsctl join`. */
import { ClusterError, sleep } from '#lib';
import type { Clock } from '#lib';
import { LocalService, NodeState, NodeStateNames } from '#proto';
import type { Connection } from '../connection.ts';
import { listNodes } from '../service/lookup.ts';
import { hostAddress, hostName } from './names.ts';
import type { LabRef } from './names.ts';

/** The port that managers serve on. */
const managerPort = 7377;

export interface ClusterPlan extends LabRef {
  readonly hostCount: number;
  readonly managerCount: number;
}

export interface ClusterTools {
  readonly clock: Clock;
  /** Opens the socket of host `n`. */
  readonly connect: (host: number) => Promise<Connection>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** host1 makes the cluster, the next ones join as managers, the rest as workers, in parallel. */
export async function formCluster(plan: ClusterPlan, tools: ClusterTools): Promise<void> {
  const first = await tools.connect(1);
  const made = await first.call(LocalService.init, {
    advertiseAddress: hostAddress(plan.index, 1),
  });
  tools.say(`host1 made the cluster ${made.clusterId}`);
  const remoteAddress = `${hostAddress(plan.index, 1)}:${managerPort}`;
  const join = async (host: number, token: string): Promise<void> => {
    const connection = await tools.connect(host);
    await connection.call(
      LocalService.join,
      { token, remoteAddress, advertiseAddress: hostAddress(plan.index, host) },
      { deadlineMs: 60_000, signal: tools.signal },
    );
  };
  // One manager after the other: each changes the membership of the managers' Raft group.
  for (let host = 2; host <= plan.managerCount; host++)
    await join(host, made.tokens?.manager ?? '');
  const workers = Array.from(
    { length: plan.hostCount - plan.managerCount },
    (_, n) => plan.managerCount + 1 + n,
  );
  await Promise.all(workers.map((host) => join(host, made.tokens?.worker ?? '')));
  await waitUntilReady(plan.hostCount, first, tools, 60_000);
}

/** Resolves when `count` nodes are READY; DEADLINE_EXCEEDED names those that are not. */
export async function waitUntilReady(
  count: number,
  connection: Connection,
  tools: Pick<ClusterTools, 'clock' | 'signal'>,
  deadlineMs: number,
): Promise<void> {
  const endMs = tools.clock.monotonic() + deadlineMs;
  for (;;) {
    const nodes = await listNodes(connection);
    const ready = nodes.filter((node) => node.status?.state === NodeState.READY);
    if (ready.length >= count) return;
    if (tools.clock.monotonic() > endMs) {
      const states = nodes
        .map((node) => {
          const name = node.description?.hostname || node.id;
          return `${name} ${NodeStateNames[node.status?.state ?? 0]?.toLowerCase()}`;
        })
        .join(', ');
      throw new ClusterError(
        'DEADLINE_EXCEEDED',
        `${ready.length} of ${count} nodes are ready after ${deadlineMs / 1000} s ` +
          `(${states}): see 'tsctl lab logs ${hostName(1)}'`,
      );
    }
    await sleep(tools.clock, 50, tools.signal);
  }
}
