/** What an agent remembers across restarts, as a port. Real: two files (`storage-node.ts`). */
import type { AgentState, NetworkState } from '#proto';

/** Largest encoded state, bytes: some 10,000 tasks. More is refused. */
export const agentStateBytesMax = 64 << 20;

export interface AgentStorage {
  /** undefined when nothing was ever saved, or when what is there cannot be read (it is logged). */
  load(): Promise<AgentState | undefined>;
  /**
   * Replaces what was saved, as a whole: after a power cut either the old or the new state is
   * there. LIMIT_EXCEEDED when it is larger than `agentStateBytesMax`; RUNTIME_ERROR when the
   * disk refuses.
   */
  save(state: AgentState): Promise<void>;
  /** As `load` and `save`, of what the managers told of this node's networks. */
  loadNetworks(): Promise<NetworkState | undefined>;
  saveNetworks(state: NetworkState): Promise<void>;
  /** For a node that leaves its cluster. */
  clear(): Promise<void>;
}
