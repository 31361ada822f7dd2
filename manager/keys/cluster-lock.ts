import { ClusterError } from '#lib';
import { ClusterLock } from '#proto';
import type { Cluster, ClusterSpec } from '#proto';
import { formatUnlockKey } from './unlock-key.ts';

/** The lock that `spec` asks for. `freshKey` is used when autolock is turned on. */
export function lockFor(
  present: ClusterLock | undefined,
  spec: ClusterSpec,
  freshKey: Uint8Array,
): ClusterLock | undefined {
  const isLocked = isLocking(present);
  if (spec.autolockManagers === isLocked) return present;
  const unlockKey = spec.autolockManagers ? freshKey : new Uint8Array(0);
  return ClusterLock.create({ unlockKey, version: (present?.version ?? 0) + 1 });
}

/** The lock with another key; FAILED_PRECONDITION where autolock is off. */
export function rotatedLock(cluster: Cluster, freshKey: Uint8Array): ClusterLock {
  unlockKeyText(cluster);
  return ClusterLock.create({ unlockKey: freshKey, version: (cluster.lock?.version ?? 0) + 1 });
}

/** The unlock key as people keep it; FAILED_PRECONDITION where autolock is off. */
export function unlockKeyText({ lock }: Cluster): string {
  if (lock !== undefined && isLocking(lock)) return formatUnlockKey(lock.unlockKey);
  throw new ClusterError(
    'FAILED_PRECONDITION',
    "no unlock key is set: autolock is off; turn it on with 'tsctl cluster update --autolock'",
  );
}

function isLocking(lock: ClusterLock | undefined): boolean {
  return lock !== undefined && lock.unlockKey.length > 0;
}
