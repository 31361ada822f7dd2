/** The settings of a cluster: flags of `init` and `update`. */
import { ClusterSpec } from '#proto';
import type { Command } from 'commander';
import { parseDuration } from '../parse/duration.ts';
import { parseInteger } from '../parse/integer.ts';
import { addSchedulingFlags, hasSchedulingFlags, withSchedulingFlags } from './scheduling-flags.ts';
import type { SchedulingFlags } from './scheduling-flags.ts';

export interface ClusterFlags extends SchedulingFlags {
  readonly autolock?: boolean;
  readonly certExpiry?: string;
  readonly dispatcherHeartbeat?: string;
  readonly snapshotInterval?: string;
  readonly taskHistoryLimit?: string;
}

export function addClusterFlags(command: Command): void {
  command
    .option('--autolock', 'managers wait for the unlock key after a restart (default off)')
    .option('--cert-expiry <duration>', 'life of node certificates (default 90 days: 2160h)')
    .option('--dispatcher-heartbeat <duration>', 'how often nodes report (default 1s)')
    .option('--snapshot-interval <n>', 'entries between two snapshots (default 10000)')
    .option('--task-history-limit <n>', 'finished tasks kept per slot; below 0 = all (default 5)');
  addSchedulingFlags(command);
}

export function hasClusterFlags(flags: ClusterFlags): boolean {
  const { certExpiry, dispatcherHeartbeat, snapshotInterval, taskHistoryLimit } = flags;
  const given = [certExpiry, dispatcherHeartbeat, snapshotInterval, taskHistoryLimit];
  return hasSchedulingFlags(flags) || given.some((flag) => flag !== undefined);
}

/** `spec` with what the flags say; a usage error names flag and value. */
export function withClusterFlags(spec: ClusterSpec, flags: ClusterFlags): ClusterSpec {
  const { autolock, certExpiry, dispatcherHeartbeat, snapshotInterval, taskHistoryLimit } = flags;
  return {
    ...spec,
    ...(autolock === undefined ? {} : { autolockManagers: autolock }),
    ...(certExpiry === undefined
      ? {}
      : { certificateLifeMs: parseDuration('--cert-expiry', certExpiry) }),
    ...(dispatcherHeartbeat === undefined
      ? {}
      : { heartbeatPeriodMs: parseDuration('--dispatcher-heartbeat', dispatcherHeartbeat) }),
    ...(snapshotInterval === undefined
      ? {}
      : { snapshotInterval: parseInteger('--snapshot-interval', snapshotInterval, 1, 2 ** 31) }),
    ...(taskHistoryLimit === undefined
      ? {}
      : {
          taskHistoryLimit: parseInteger('--task-history-limit', taskHistoryLimit, -1, 1_000_000),
        }),
    scheduling: withSchedulingFlags(spec.scheduling, flags),
  };
}
