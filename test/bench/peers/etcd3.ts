/**
 * The same etcd by npm's client for it, `etcd3` with its defaults, as a program written for Node calls
 * it. It is given the leader alone: told of all three members it would go to followers two times in
 * three, which costs a hop more.
 */
import { Etcd3 } from 'etcd3';
import type { KeyValueCluster } from '../kv/cluster.ts';
import type { EtcdPeer } from './etcd.ts';

export function byEtcd3({ leader, pids }: EtcdPeer): KeyValueCluster {
  const client = new Etcd3({ hosts: leader });
  return {
    pids,
    put: async (key, value) => {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      await client.put(key).value(bytes);
    },
    close: async () => client.close(),
  };
}
