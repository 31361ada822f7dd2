import { limitedLogger } from '#lib';
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
    // An etcd that does not answer is told of several times a second otherwise.
    const log = limitedLogger(basics.log.child({ module: 'etcd' }), basics.clock);
    const etcd = new EtcdClient({ ...basics, ...settings });
    return new EtcdReplicator({ ...basics, ...settings, log, clusterId, etcd });
  };
}
