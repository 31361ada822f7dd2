import { PlacementExplanation, TaskState } from '#proto';
import type { Task } from '#proto';
import { explain, hints, rank } from '#scheduler';
import { byAge, slotKeyOf } from '../orchestrator/slot.ts';
import { isStopped, isWanted, stateOf } from '../orchestrator/task-state.ts';
import type { Scene } from './scene.ts';
import { stateWords } from './state-words.ts';
import { hintMessage, nodesMax, rankedVerdict, refusedVerdict } from './verdicts.ts';

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

/** What is to be said of a task, or of several that wait for a node alike: `alike` is not empty, `task` its first. */
export function explainTask(
  scene: Scene,
  task: Task,
  alike: readonly [Task, ...Task[]] = [task],
  slot: readonly Task[] = slotOf(scene, task),
): PlacementExplanation {
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
  if (isWaitingForNode(task)) return { ...base, ...waiting(scene, alike, base) };
  const isPlaced = task.nodeId !== '' && task.slot > 0;
  if (isStopped(task) || !isWanted(task) || !isPlaced) return base;
  return { ...base, ...standing(scene, task) };
}

function waiting(
  scene: Scene,
  alike: readonly [Task, ...Task[]],
  { details }: PlacementExplanation,
): Partial<PlacementExplanation> {
  const { view, scoring, nowMs } = scene;
  const [task] = alike;
  const { summary, refused, fitting, nodeCount } = explain(view, task);
  const nodes = [...refused.map((one) => refusedVerdict(scene, one))];
  if (fitting.length > 0) {
    const ranked = rank(view, task, { nowMs, scoring });
    const able = ranked.map((one) => rankedVerdict(scene, one));
    const reason = `it is about to get a node: ${fitting.length} of ${nodeCount} would take it`;
    return { reason, nodes: [...able, ...nodes].slice(0, nodesMax), nodeCount };
  }
  const said = task.status?.error ?? '';
  const more = [...details];
  // What is told of preemption follows the same line.
  if (said.startsWith(summary) && said.length > summary.length)
    more.push(said.slice(summary.length).trim());
  if (task.nominatedNodeId !== '')
    more.push(`room is being made for it on node ${scene.nodeName(task.nominatedNodeId)}`);
  const found = hints(view, alike, { nowMs, scoring });
  return {
    reason: summary,
    details: more,
    nodes: nodes.slice(0, nodesMax),
    nodeCount,
    hints: found.map(hintMessage),
  };
}

/** Where it could be now, as if it were not there. Takes the task out of the scene's view. */
function standing(scene: Scene, task: Task): Partial<PlacementExplanation> {
  const { view, scoring, nowMs } = scene;
  view.removeTask(task.id);
  const free = { ...task, nodeId: '' };
  const ranked = rank(view, free, { nowMs, scoring });
  const { refused, nodeCount } = explain(view, free);
  view.setTask(task);
  const nodes = [
    ...ranked.map((one) => rankedVerdict(scene, one)),
    ...refused.map((one) => refusedVerdict(scene, one)),
  ];
  return { nodes: nodes.slice(0, nodesMax), nodeCount, isScored: true };
}
