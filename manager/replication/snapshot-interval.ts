import type { ReadTransaction, Store, Subscription } from '../store/types.ts';
import type { Replication } from './replication.ts';

/** What the cluster's spec asks for; 0 before there is a cluster, or when it says nothing. */
function intervalOf(tx: ReadTransaction): number {
  for (const { spec } of tx.list('cluster')) return spec?.snapshotInterval ?? 0;
  return 0;
}

/** Every manager follows `snapshot_interval` of the cluster's spec; call it after the start. */
export function followSnapshotInterval(
  store: Store,
  replicator: Pick<Replication, 'setSnapshotInterval'>,
): Subscription {
  const follow = (): void => {
    const interval = store.view(intervalOf);
    if (interval > 0) replicator.setSnapshotInterval(interval);
  };
  const subscription = store.watch(follow, {
    only: { kind: 'table', table: 'cluster' },
    name: 'snapshot interval',
  });
  follow();
  return subscription;
}
