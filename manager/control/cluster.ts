import { ClusterError, assert } from '#lib';
import {
  ClusterSpec,
  GetClusterResponse,
  GetJoinTokensResponse,
  JoinTokens,
  NodeRole,
  NodeRoleNames,
  SchedulingStrategyNames,
  UpdateClusterResponse,
} from '#proto';
import type { Cluster, RotateJoinTokenRequest, SchedulingSpec, UpdateClusterRequest } from '#proto';
import { weightMax, weightNames } from '#scheduler';
import type { ReadTransaction } from '../store/types.ts';
import { lockFor } from '../keys/cluster-lock.ts';
import { newUnlockKey } from '../keys/unlock-key.ts';
import { committed } from './committed.ts';
import { invalid, quoted, requireEnum, requireRange } from './invalid.ts';
import { limits } from './limits.ts';
import { managerAddresses } from './manager-status.ts';
import { checkedNetworkDefaults, requireSameDefaults } from './network-defaults.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { redactCluster } from './redact.ts';
import { validateLabels } from './validate-labels.ts';
import { validateName } from './validate-service.ts';

type ClusterHandlers = Pick<
  ControlHandlers,
  'getCluster' | 'getClusterStatus' | 'updateCluster' | 'getJoinTokens' | 'rotateJoinToken'
>;

const hourMs = 3_600_000;

/** What stands for 0 in a cluster's spec. */
export const clusterDefaults = {
  heartbeatPeriodMs: 1000,
  certificateLifeMs: 90 * 24 * hourMs,
  snapshotInterval: 10_000,
} as const;

/** The spec with its defaults filled in; INVALID_SPEC for the first fault. */
export function checkedClusterSpec(given: ClusterSpec): ClusterSpec {
  const spec: ClusterSpec = {
    ...given,
    name: given.name === '' ? 'default' : given.name,
    heartbeatPeriodMs: given.heartbeatPeriodMs || clusterDefaults.heartbeatPeriodMs,
    certificateLifeMs: given.certificateLifeMs || clusterDefaults.certificateLifeMs,
    snapshotInterval: given.snapshotInterval || clusterDefaults.snapshotInterval,
    taskHistoryLimit: Math.max(-1, given.taskHistoryLimit),
    networks: checkedNetworkDefaults(given.networks),
  };
  validateName('spec.name', 'cluster name', spec.name);
  validateLabels('spec.labels', '--label', spec.labels);
  const ranges = [
    ['heartbeat_period_ms', '--dispatcher-heartbeat (ms)', spec.heartbeatPeriodMs, 100, 60_000],
    ['task_history_limit', '--task-history-limit', spec.taskHistoryLimit, -1, 10_000],
    [
      'certificate_life_ms',
      '--cert-expiry (ms)',
      spec.certificateLifeMs,
      hourMs,
      limits.durationMsMax * 10,
    ],
    ['snapshot_interval', '--snapshot-interval', spec.snapshotInterval, 100, 10_000_000],
  ] as const;
  for (const [field, flag, value, min, max] of ranges)
    requireRange(`spec.${field}`, flag, value, min, max);
  if (spec.scheduling !== undefined) validateScheduling(spec.scheduling);
  return spec;
}

function validateScheduling({ strategy, scoreWeights }: SchedulingSpec): void {
  const at = 'spec.scheduling';
  requireEnum(`${at}.strategy`, '--strategy', strategy, SchedulingStrategyNames);
  for (const [name, weight] of Object.entries(scoreWeights)) {
    if (!weightNames.includes(name))
      throw invalid(
        `${at}.score_weights`,
        `--score-weight ${quoted(name)}: there is no such score: use one of ${weightNames.join(', ')}`,
      );
    requireRange(`${at}.score_weights`, `--score-weight ${name}`, weight, 0, weightMax);
  }
}

/** The one cluster object. */
export function clusterOf(tx: ReadTransaction): Cluster {
  for (const cluster of tx.list('cluster')) return cluster;
  throw new ClusterError('NOT_FOUND', 'the cluster is not set up yet: try again in a moment');
}

/** The cluster's settings and its join tokens. */
export function clusterHandlers(options: ControlOptions): ClusterHandlers {
  const { store } = options;
  const tokens = (): GetJoinTokensResponse =>
    store.view((tx) =>
      GetJoinTokensResponse.create({
        tokens: clusterOf(tx).rootCa?.joinTokens,
        managerAddresses: managerAddresses(tx, options.managerStatus()),
      }),
    );
  return {
    async getCluster(_request, context) {
      await store.readBarrier(context.signal);
      return store.view((tx) =>
        GetClusterResponse.create({ cluster: redactCluster(clusterOf(tx)) }),
      );
    },

    getClusterStatus: (_request, context) => options.clusterStatus(context.signal),

    async updateCluster(request: UpdateClusterRequest) {
      if (request.spec === undefined) throw invalid('spec', 'the request carries no cluster spec');
      const spec = checkedClusterSpec(request.spec);
      const freshKey = newUnlockKey(options.random);
      const result = await store.update((tx) => {
        const present = clusterOf(tx);
        const version = present.meta?.version ?? 0;
        if (request.version !== version)
          throw new ClusterError(
            'STALE_VERSION',
            `the cluster has changed since version ${request.version} (now ${version}):` +
              ' read it again and repeat the change',
          );
        requireSameDefaults(present.spec?.networks, spec.networks);
        const certificateLifeMaxMs = Math.max(
          present.certificateLifeMaxMs,
          present.spec?.certificateLifeMs || clusterDefaults.certificateLifeMs,
        );
        const lock = lockFor(present.lock, spec, freshKey);
        tx.update('cluster', { ...present, spec, certificateLifeMaxMs, lock });
        return present.id;
      });
      options.log.info('cluster updated');
      const cluster = committed(result, 'cluster', result.value);
      return UpdateClusterResponse.create({ cluster: redactCluster(cluster) });
    },

    async getJoinTokens(_request, context) {
      await store.readBarrier(context.signal);
      return tokens();
    },

    async rotateJoinToken(request: RotateJoinTokenRequest) {
      requireEnum('role', 'role', request.role, NodeRoleNames);
      await store.update((tx) => {
        const present = clusterOf(tx);
        assert(present.rootCa !== undefined, 'the cluster has a root certificate');
        const token = options.makeToken(request.role, present.rootCa);
        const old = present.rootCa.joinTokens ?? JoinTokens.create();
        const joinTokens =
          request.role === NodeRole.MANAGER
            ? { ...old, manager: token }
            : { ...old, worker: token };
        tx.update('cluster', { ...present, rootCa: { ...present.rootCa, joinTokens } });
      });
      options.log.info('join secret rotated', { role: NodeRoleNames[request.role] });
      return tokens();
    },
  };
}
