import { PlacementExplanation, TaskState } from '#proto';
import type { NodeVerdict, Task } from '#proto';
import { explaining, hinting, pause, rank } from '#scheduler';
import type { Pause, RankedNode, RefusedNode } from '#scheduler';
import { byAge, slotKeyOf } from '../orchestrator/slot.ts';
import { isStopped, isWanted, stateOf } from '../orchestrator/task-state.ts';
import type { Scene } from './scene.ts';
import { stateWords } from './state-words.ts';
import { hintMessage, nodesMax, rankedVerdict, refusedVerdicts } from './verdicts.ts';

/** The tasks of its slot, itself among them, oldest first. */
function slotOf(scene: Scene, task: Task): readonly Task[] {
  const key = slotKeyOf(task);
  const slot: Task[] = [];
  for (const one of scene.image.tasksOfService(task.serviceId))
    if (slotKeyOf(one) === key) slot.push(one);
  return slot.sort(byAge);
}

/** Whether the scheduler is looking for a node for it. */
export function isWaitingForNode(task: Task): boolean {
  return stateOf(task) === TaskState.PENDING && isWanted(task);
}

/** What is to be said of a task, or of several of a service that wait alike, `task` the first of them. */
export async function explainTask(
  scene: Scene,
  task: Task,
  group?: { readonly alike: readonly [Task, ...Task[]]; readonly slot: readonly Task[] },
): Promise<PlacementExplanation> {
  const { alike, slot } = group ?? { alike: [task], slot: slotOf(scene, task) };
  const isAlone = group === undefined;
  const words = stateWords(scene, { task, slot });
  const base = PlacementExplanation.create({
    taskId: task.id,
    taskName: scene.taskName(task),
    taskCount: alike.length,
    state: stateOf(task),
    sinceMs: task.status?.changedAtMs ?? 0,
    nodeId: task.nodeId,
    nodeHostname: task.nodeId === '' ? '' : scene.nodeName(task.nodeId),
    ...words,
  });
  if (isWaitingForNode(task))
    return { ...base, ...(await scene.inSlices(waiting(scene, alike, base))) };
  // Of one that is held back, or one of many, where else it could be is beside the point.
  const isAsked = isAlone && task.desiredState === TaskState.RUNNING;
  const isPlaced = task.nodeId !== '' && task.slot > 0 && !isStopped(task);
  if (!isAsked || !isPlaced) return base;
  return { ...base, ...(await scene.inSlices(standing(scene, task))) };
}

function* waiting(
  scene: Scene,
  alike: readonly [Task, ...Task[]],
  { details }: PlacementExplanation,
): Generator<Pause, Partial<PlacementExplanation>> {
  const { view, scoring, nowMs, meter } = scene;
  const [task] = alike;
  const { summary, refused, fitting, nodeCount } = yield* explaining(view, task, { meter });
  if (fitting.length > 0) {
    yield pause;
    const ranked = rank(view, task, { nowMs, scoring });
    const reason = `it is about to get a node: ${fitting.length} of ${nodeCount} would take it`;
    return { reason, nodes: yield* verdicts(scene, ranked, refused), nodeCount };
  }
  const said = task.status?.error ?? '';
  const more = [...details];
  // What is told of preemption follows the same line.
  if (said.startsWith(summary) && said.length > summary.length)
    more.push(said.slice(summary.length).trim());
  if (task.nominatedNodeId !== '')
    more.push(`room is being made for it on node ${scene.nodeName(task.nominatedNodeId)}`);
  const nodes = yield* verdicts(scene, [], refused);
  const found = yield* hinting(view, alike, { nowMs, scoring, meter });
  return { reason: summary, details: more, nodes, nodeCount, hints: found.map(hintMessage) };
}

/** Where it could be now, as if it were not there. Takes the task out of the scene's view meanwhile. */
function* standing(scene: Scene, task: Task): Generator<Pause, Partial<PlacementExplanation>> {
  const { view, scoring, nowMs, meter } = scene;
  view.removeTask(task.id);
  const free = { ...task, nodeId: '' };
  const ranked = rank(view, free, { nowMs, scoring });
  yield pause;
  const { refused, nodeCount } = yield* explaining(view, free, { meter });
  view.setTask(task);
  return { nodes: yield* verdicts(scene, ranked, refused), nodeCount, isScored: true };
}

/** The best first, then those that refuse; as many as one answer tells of. */
function* verdicts(
  scene: Scene,
  ranked: readonly RankedNode[],
  refused: readonly RefusedNode[],
): Generator<Pause, readonly NodeVerdict[]> {
  const able = ranked.slice(0, nodesMax).map((one) => rankedVerdict(scene, one));
  yield pause;
  const unable = yield* refusedVerdicts(scene, refused, scene.meter);
  return [...able, ...unable].slice(0, nodesMax);
}
