import type { LoopBasics, LoopMakers } from './leader-loops.ts';
import { ConstraintEnforcer, ServiceOrchestrator, TaskReaper } from './orchestrator/index.ts';
import { SchedulingLoop } from './scheduling/index.ts';

/** The loops of every leader, in the order in which they start. */
export function standardLoops(basics: LoopBasics): LoopMakers {
  return {
    reaper: () => new TaskReaper(basics),
    enforcer: () => new ConstraintEnforcer(basics),
    orchestrator: () => new ServiceOrchestrator(basics),
    scheduler: () => new SchedulingLoop(basics),
  };
}
