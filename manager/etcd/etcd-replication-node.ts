import type { ManagerOptions } from '../manager.ts';
import { EtcdClient } from './etcd-client-node.ts';
import type { EtcdSettings } from './etcd-client-node.ts';
import { EtcdReplicator } from './etcd-replicator.ts';

/** Makes a manager keep its state in this etcd. */
export function etcdReplication(
  settings: EtcdSettings,
  clusterId: string,
): NonNullable<ManagerOptions['replication']> {
  return (basics) => {
    const log = basics.log.child({ module: 'etcd' });
    const etcd = new EtcdClient({ ...basics, ...settings });
    return new EtcdReplicator({ ...basics, ...settings, log, clusterId, etcd });
  };
}
