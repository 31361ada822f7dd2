import type { Ms } from '#lib';
import { NodeState, TaskState } from '#proto';
import type { Service, Task } from '#proto';
import { rebalance } from '#scheduler';
import type { Move, RebalanceOptions, RebalancePlan } from '#scheduler';
import type { Scene } from '../explaining/index.ts';
import { isUpdating } from '../orchestrator/plan-update.ts';
import { slotKeyOf } from '../orchestrator/slot.ts';
import { TaskComparer } from '../orchestrator/task-comparer.ts';
import { changedAtMs, isRunning, isStopped, isWanted } from '../orchestrator/task-state.ts';

/** A service of which a move failed is left alone for so long: the next would probably fail too. */
const failedRestMs: Ms = 10 * 60_000;

export interface PlanOptions extends Pick<RebalanceOptions, 'movesMax' | 'offset'> {
  /** Tasks that run for less are left alone; default 0. */
  readonly runMinMs?: Ms;
}

/** What would be moved, as the scene stands. Changes its view. O(tasks + what is looked at). */
export function planMoves(scene: Scene, options: PlanOptions = {}): RebalancePlan {
  const { view, scoring, nowMs } = scene;
  return rebalance(view, movableTasks(scene, options.runMinMs ?? 0), {
    ...options,
    nowMs,
    scoring,
  });
}

/** Tasks of calm slots: one that runs as its service wants it, on a node that is ready, and nothing under way. */
function* movableTasks(scene: Scene, runMinMs: Ms): Iterable<Task> {
  for (const service of scene.image.list('service')) {
    if (service.isRemoving || isUpdating(service)) continue;
    if (service.spec?.mode?.kind === 'global') continue;
    yield* calmTasks(scene, service, runMinMs);
  }
}

function* calmTasks(scene: Scene, service: Service, runMinMs: Ms): Iterable<Task> {
  const comparer = new TaskComparer(service, (id) => scene.node(id));
  const calm = new Map<string, Task>();
  const busy = new Set<string>();
  for (const task of scene.image.tasksOfService(service.id)) {
    const key = slotKeyOf(task);
    if (isMoveFailed(task, scene.nowMs)) return;
    if (isStopped(task) && !isWanted(task)) continue;
    const ranMs = scene.nowMs - (task.status?.runningAtMs ?? scene.nowMs);
    const isReady = scene.node(task.nodeId)?.status?.state === NodeState.READY;
    const isCalm =
      isRunning(task) && task.desiredState === TaskState.RUNNING && isReady && ranMs >= runMinMs;
    if (!isCalm || calm.has(key) || comparer.isOutdated(task)) busy.add(key);
    else calm.set(key, task);
  }
  for (const [key, task] of calm) if (!busy.has(key)) yield task;
}

function isMoveFailed(task: Task, nowMs: Ms): boolean {
  return (
    task.movedFromNodeId !== '' &&
    isStopped(task) &&
    (task.status?.runningAtMs ?? 0) === 0 &&
    nowMs - changedAtMs(task) < failedRestMs
  );
}

/** What gets better by a move, for people. */
export const gainWords: Readonly<Record<Move['gain'], string>> = {
  taints: 'leaves a taint that asks to be avoided',
  nodeAffinity: 'a node that it prefers',
  topologySpread: 'a domain with fewer tasks',
  serviceAffinity: 'nearer to what it likes',
  service: 'a node with fewer tasks of the service',
  load: 'a node with less on it',
  node: 'frees its node',
};
