/** What an agent remembers across restarts, as a port. Real: one file (`storage-node.ts`). */
import type { AgentState } from '#proto';

/** Largest encoded state, bytes: some 10,000 tasks. More is refused by `save`. */
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
  /** For a node that leaves its cluster. */
  clear(): Promise<void>;
}
