/** Bugs of the leader's loops. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

export const orchestratorMutants: readonly Mutant[] = [
  {
    name: 'rejected-tasks-do-not-back-off',
    breaks: 'a task that cannot be prepared is replaced with growing delays',
    edits: [
      {
        file: 'manager/orchestrator/plan-slot.ts',
        find: 'return last.specVersion === service.specVersion ? last.runNotBeforeMs : 0;',
        replace: 'return last.specVersion < 0 ? service.specVersion : 0;',
      },
    ],
    suite: ava('test/bugs/rejected-tasks-back-off.ts'),
  },
  {
    name: 'a-drain-knows-no-budget',
    breaks: 'a drain takes no more tasks of a service at once than its budget allows',
    edits: [
      {
        file: 'manager/orchestrator/plan-slot.ts',
        find: "if (world.budgets.allows(task)) return leave('its node is drained', true);",
        replace: "return leave('its node is drained', true);",
      },
    ],
    suite: ava('test/manager/orchestrator/drain.ts'),
  },
  {
    name: 'a-global-service-being-stopped-is-not-missing',
    breaks:
      'of nodes that are drained together a global service leaves no more at once than its budget allows',
    edits: [
      {
        file: 'manager/disruption/budget.ts',
        find: 'if (isOnNode(task) && !isLost(nodeOf(task.nodeId))) wanted.add(key);',
        replace: 'if (isOnNode(task) && isWanted(task)) wanted.add(key);',
      },
    ],
    suite: ava('test/manager/orchestrator/drain.ts'),
  },
  {
    name: 'a-lost-node-is-not-tolerated',
    breaks: 'a task stays on its lost node for as long as its service tolerates that',
    edits: [
      {
        file: 'manager/orchestrator/plan-slot.ts',
        find: 'const atMs = Math.max(world.replaceAtMs(node), staysUntilMs);',
        replace: 'const atMs = Math.min(world.replaceAtMs(node), staysUntilMs);',
      },
    ],
    suite: ava('test/manager/orchestrator/lost-nodes.ts'),
  },
  {
    name: 'a-plan-opens-all-slots-however-long-it-takes',
    breaks: 'no plan holds the event loop for longer than a slice, also while the collector marks',
    edits: [
      {
        file: 'manager/orchestrator/plan-service.ts',
        find: 'if (steps.length > 0 && steps.length % openedPerLook === 0 && isLate()) break;',
        replace: 'if (steps.length > slotsMax && isLate()) break;',
      },
    ],
    suite: ava('test/manager/orchestrator/room.ts'),
  },
];
