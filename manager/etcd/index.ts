/**
 * Replication by an etcd beside the cluster instead of the managers' own Raft. etcd orders the entries
 * of the log and keeps them; this folder owns every key below the cluster's prefix. One manager leads by
 * a lease, all apply the log. Decision 0095.
 */
export { etcdReplication } from './etcd-replication-node.ts';
export type { EtcdSettings } from './etcd-client-node.ts';
