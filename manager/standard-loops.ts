import type { LoopBasics, LoopMakers } from './leader-loops.ts';
import { orchestrationLoops } from './orchestration-loops.ts';

/** The loops of every leader, in the order in which they start. */
export function standardLoops(basics: LoopBasics): LoopMakers {
  return orchestrationLoops(basics);
}
