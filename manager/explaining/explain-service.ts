import { ExplainPlacementResponse, UpdateState } from '#proto';
import type { PlacementExplanation, Service, Task } from '#proto';
import { explaining } from '#scheduler';
import { judgeGlobal } from '../orchestrator/global.ts';
import { isGlobal, replicasOf } from '../orchestrator/service-config.ts';
import { byAge, slotKeyOf } from '../orchestrator/slot.ts';
import { isRunning, isWanted } from '../orchestrator/task-state.ts';
import { explainTask, isWaitingForNode } from './explain-task.ts';
import type { Scene } from './scene.ts';
import { stateWords } from './state-words.ts';

/** Reasons that one answer tells of at most; the rest is counted in a note. */
const reasonsMax = 20;

type Alike = [Task, ...Task[]];

/** Why tasks of the service wait, the most tasks first; none for one of which everything runs. O(its tasks + nodes). */
export async function explainService(
  scene: Scene,
  service: Service,
): Promise<ExplainPlacementResponse> {
  const slots = slotsOf(scene, service);
  const groups = new Map<string, Alike>();
  let running = 0;
  let wanted = 0;
  for (const slot of slots.values()) {
    const live = slot.filter(isWanted);
    if (live.length > 0) wanted++;
    if (live.some(isRunning)) running++;
    else {
      const newest = slot[slot.length - 1];
      if (newest !== undefined) addTo(groups, reasonKey(scene, newest, slot), newest);
    }
  }
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const explanations: PlacementExplanation[] = [];
  for (const alike of sorted.slice(0, reasonsMax)) {
    const [task] = alike;
    const slot = slots.get(slotKeyOf(task)) ?? [task];
    explanations.push(await explainTask(scene, task, { alike, slot }));
  }
  const notes = await notesOn(scene, service);
  if (sorted.length > reasonsMax)
    notes.push(`${sorted.length - reasonsMax} more reasons are left out`);
  return ExplainPlacementResponse.create({
    serviceId: service.id,
    serviceName: service.spec?.name ?? '',
    explanations,
    isService: true,
    desired: isGlobal(service) ? wanted : replicasOf(service),
    running,
    notes,
  });
}

/** Its slots that are to have a task, each with its tasks oldest first. */
function slotsOf(scene: Scene, service: Service): ReadonlyMap<string, readonly Task[]> {
  const slots = new Map<string, Task[]>();
  for (const task of scene.image.tasksOfService(service.id)) {
    const key = slotKeyOf(task);
    const slot = slots.get(key);
    if (slot === undefined) slots.set(key, [task]);
    else slot.push(task);
  }
  const replicas = isGlobal(service) ? Infinity : replicasOf(service);
  for (const [key, slot] of slots) {
    slot.sort(byAge);
    // Slots that were scaled away only have tasks that go.
    if (!slot.some(isWanted) && Number(slot[0]?.slot) > replicas) slots.delete(key);
  }
  return slots;
}

function addTo(groups: Map<string, Alike>, key: string, task: Task): void {
  const present = groups.get(key);
  if (present === undefined) groups.set(key, [task]);
  else present.push(task);
}

/** Tasks of one version wait for a node for the same reasons; others are alike when their words are. */
function reasonKey(scene: Scene, task: Task, slot: readonly Task[]): string {
  if (isWaitingForNode(task)) return `node/${task.specVersion}/${task.nodeId}`;
  return `state/${stateWords(scene, { task, slot }).reason}`;
}

async function notesOn(scene: Scene, service: Service): Promise<string[]> {
  const notes: string[] = [];
  if (service.isRemoving) notes.push('the service is being removed');
  const { state, message } = service.updateStatus ?? {};
  if (state === UpdateState.PAUSED || state === UpdateState.ROLLBACK_PAUSED)
    notes.push(message ?? 'its update is paused');
  if (!isGlobal(service)) {
    if (replicasOf(service) === 0) notes.push('it asks for no replicas');
    return notes;
  }
  const left = new Set<string>();
  for (const node of scene.image.list('node'))
    if (judgeGlobal(service, node) !== 'run') left.add(node.id);
  if (left.size > 0)
    notes.push(
      `${left.size} of ${scene.view.nodeCount} nodes get no new task of this global service` +
        (await whyNot(scene, service, left)),
    );
  return notes;
}

/** What these nodes have against a task of the service, counted; empty where it has none to ask with. */
async function whyNot(
  scene: Scene,
  service: Service,
  nodeIds: ReadonlySet<string>,
): Promise<string> {
  const counts = new Map<string, number>();
  for (const task of scene.image.tasksOfService(service.id)) {
    const free = { ...task, nodeId: '', spec: service.spec?.task };
    const { meter } = scene;
    const { refused } = await scene.inSlices(explaining(scene.view, free, { meter }));
    for (const { nodeId, refusal } of refused)
      if (nodeIds.has(nodeId))
        for (const reason of refusal.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    break;
  }
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`);
  return parts.length === 0 ? '' : `: ${parts.toSorted().join(', ')}`;
}
