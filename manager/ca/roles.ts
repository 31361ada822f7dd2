import { NodeRole } from '#proto';
import type { Node } from '#proto';

/**
 * The role a node acts in and gets certificates for. A promoted node becomes a manager at once; a demoted
 * one stays a manager until it is out of the Raft membership (`node.role` follows), because stopping
 * earlier could take the quorum with it.
 */
export function effectiveRole(node: Pick<Node, 'role' | 'spec'>): NodeRole {
  return node.spec?.role === NodeRole.MANAGER ? NodeRole.MANAGER : node.role;
}
