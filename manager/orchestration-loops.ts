import { Allocator } from './allocator/index.ts';
import type { LeaderLoop, LoopBasics } from './leader-loops.ts';
import { ConstraintEnforcer, ServiceOrchestrator, TaskReaper } from './orchestrator/index.ts';
import { Rebalancer } from './rebalancing/index.ts';
import { SchedulingLoop } from './scheduling/index.ts';

/**
 * Makers of the loops that turn services into tasks with addresses and nodes and clear up after them, in
 * starting order.
 */
export function orchestrationLoops(basics: LoopBasics): Readonly<Record<string, () => LeaderLoop>> {
  let madeCount = 0;
  const make = (name: string): LoopBasics => ({
    ...basics,
    // Not what the loop of an earlier term drew: ids are not to come twice.
    random: basics.random.fork(`${name} ${++madeCount}`),
    log: basics.log.child({ loop: name }),
  });
  return {
    orchestrator: () => new ServiceOrchestrator(make('orchestrator')),
    allocator: () => new Allocator(make('allocator')),
    scheduler: () => new SchedulingLoop(make('scheduler')),
    enforcer: () => new ConstraintEnforcer(make('enforcer')),
    rebalancer: () => new Rebalancer(make('rebalancer')),
    reaper: () => new TaskReaper(make('reaper')),
  };
}
