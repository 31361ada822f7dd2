import { Reachability } from '#proto';
import type { Node } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import type { ManagerReachability } from './options.ts';

/** The node with what Raft says of it now; only the leader and reachability are filled in. */
export function withManagerStatus(node: Node, members: readonly ManagerReachability[]): Node {
  const { managerStatus } = node;
  if (managerStatus === undefined) return node;
  const member = members.find(({ raftId }) => raftId === managerStatus.raftId);
  const known = member?.reachable === true ? Reachability.REACHABLE : Reachability.UNREACHABLE;
  return {
    ...node,
    managerStatus: {
      ...managerStatus,
      isLeader: member?.isLeader ?? false,
      reachability: member === undefined ? Reachability.UNKNOWN : known,
    },
  };
}

/** host:port of every manager, the leader first. */
export function managerAddresses(
  tx: ReadTransaction,
  members: readonly ManagerReachability[],
): readonly string[] {
  const leader: string[] = [];
  const others: string[] = [];
  for (const node of tx.list('node')) {
    const status = withManagerStatus(node, members).managerStatus;
    if (status === undefined || status.address === '') continue;
    (status.isLeader ? leader : others).push(status.address);
  }
  return [...leader, ...others];
}
