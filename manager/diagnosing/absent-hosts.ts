import { NetworkDriver, NodeState } from '#proto';
import type { Network } from '#proto';
import { takesPart } from '../dispatcher/index.ts';
import type { ReadTransaction } from '../store/types.ts';

/**
 * Nodes that have an address on one of these networks and are not to be reached there, as "NETWORK/NODE": they
 * are not READY, or no task of theirs is on it any more.
 */
export function absentHosts(tx: ReadTransaction, networks: readonly Network[]): readonly string[] {
  const present = new Map<string, ReadonlySet<string>>();
  for (const { id, status } of tx.list('node')) {
    if (status?.state !== NodeState.READY) continue;
    const own = new Set<string>();
    for (const task of tx.tasksOfNode(id))
      if (takesPart(task)) for (const { networkId } of task.networks) own.add(networkId);
    present.set(id, own);
  }
  return networks
    .filter(({ spec }) => spec?.driver !== NetworkDriver.BRIDGE)
    .flatMap(({ id, isIngress, hosts }) =>
      Object.keys(hosts)
        .filter((nodeId) => {
          const own = present.get(nodeId);
          return own === undefined || (!isIngress && !own.has(id));
        })
        .map((nodeId) => `${id}/${nodeId}`),
    );
}
