import {
  NodeRole,
  NodeState,
  NodeUse,
  SimulateResponse,
  SimulatedMove,
  SimulatedWait,
} from '#proto';
import { Availability } from '#proto';
import type { Random } from '#lib';
import type { Node, SimulationStep, Task } from '#proto';
import { explain, unreachableTaintKey } from '#scheduler';
import { slotKeyOf } from '../orchestrator/slot.ts';
import { isOnNode, isWanted } from '../orchestrator/task-state.ts';
import { applySimulationStep } from './apply-step.ts';
import { isWaiting } from './simulated-cluster.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

const names = new Intl.Collator('en', { numeric: true });
/** Moves that one answer tells of; the others are counted. */
const movesMax = 1_000;
const waitsMax = 100;

interface Standing {
  readonly nodes: ReadonlyMap<string, Node>;
  /** Where the task of each slot stands. */
  readonly places: ReadonlyMap<string, Task>;
  readonly uses: ReadonlyMap<string, Use>;
}

interface Use {
  readonly tasks: number;
  readonly cpuNano: number;
  readonly memoryBytes: number;
}

const noUse: Use = { tasks: 0, cpuNano: 0, memoryBytes: 0 };

/** Plays the steps in order, each to its end, and says what is otherwise after them. */
export async function simulate(
  cluster: SimulatedCluster,
  steps: readonly SimulationStep[],
  random: Random,
  signal?: AbortSignal,
): Promise<SimulateResponse> {
  await cluster.settle(signal);
  const before = standingOf(cluster);
  const texts: string[] = [];
  const notes: string[] = [];
  for (const step of steps) {
    texts.push(applySimulationStep(cluster, step, random));
    notes.push(...notesOn(cluster, before));
    await cluster.settle(signal);
  }
  if (!cluster.isSettled) notes.push('it did not come to rest: what is shown is on the way');
  notes.push(...cluster.preemptions());
  const stayCount = [...cluster.lostStays()].length;
  if (stayCount > 0)
    notes.push(
      `${stayCount === 1 ? '1 task stays' : `${stayCount} tasks stay`} on nodes that are down, until those are back` +
        ` or removed (--toleration ${unreachableTaintKey})`,
    );
  const after = standingOf(cluster);
  const moves = movesBetween(before, after);
  return SimulateResponse.create({
    steps: texts,
    moves: moves.slice(0, movesMax),
    moveCount: moves.length,
    started: [...after.places.keys()].filter((key) => !before.places.has(key)).length,
    ended: [...before.places.keys()].filter((key) => !after.places.has(key)).length,
    waits: waitsOf(cluster),
    nodes: usesOf(before, after),
    notes: [...new Set(notes)],
  });
}

function standingOf(cluster: SimulatedCluster): Standing {
  const places = new Map<string, Task>();
  for (const task of cluster.tasks.all())
    if (isWanted(task) && isOnNode(task)) places.set(`${task.serviceId}/${slotKeyOf(task)}`, task);
  const uses = new Map<string, Use>();
  for (const { id, taskCount, reserved } of cluster.view.nodes())
    uses.set(id, {
      tasks: taskCount,
      cpuNano: reserved.cpuNano,
      memoryBytes: reserved.memoryBytes,
    });
  return { nodes: new Map(cluster.nodes), places, uses };
}

function hostname(node: Node | undefined, id: string): string {
  return node?.description?.hostname || id;
}

function movesBetween(before: Standing, after: Standing): readonly SimulatedMove[] {
  const moves: SimulatedMove[] = [];
  for (const [key, { nodeId: from }] of before.places) {
    const task = after.places.get(key);
    if (task === undefined || task.nodeId === from) continue;
    moves.push(
      SimulatedMove.create({
        taskName: `${task.serviceName}.${task.slot}`,
        fromHostname: hostname(before.nodes.get(from), from),
        toHostname: hostname(after.nodes.get(task.nodeId), task.nodeId),
      }),
    );
  }
  return moves.toSorted((a, b) => names.compare(a.taskName, b.taskName));
}

/** Services with tasks that no node takes, and why. */
function waitsOf(cluster: SimulatedCluster): readonly SimulatedWait[] {
  const groups = new Map<string, { readonly task: Task; count: number }>();
  for (const task of cluster.tasks.all()) {
    if (!isWaiting(task)) continue;
    const key = `${task.serviceId}/${task.nodeId}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { task, count: 1 });
    else group.count++;
  }
  return [...groups.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, waitsMax)
    .map(({ task, count }) =>
      SimulatedWait.create({
        serviceName: task.serviceName,
        count,
        summary: cluster.reasonOf(task.id) ?? explain(cluster.view, task).summary,
      }),
    );
}

function usesOf(before: Standing, after: Standing): readonly NodeUse[] {
  const ids = [...new Set([...before.nodes.keys(), ...after.nodes.keys()])];
  return ids
    .map((id) => {
      const node = after.nodes.get(id) ?? before.nodes.get(id);
      const [old, now] = [before.uses.get(id) ?? noUse, after.uses.get(id) ?? noUse];
      return NodeUse.create({
        hostname: hostname(node, id),
        what: wordOf(before.nodes.get(id), after.nodes.get(id)),
        capacity: node?.description?.resources,
        tasksBefore: old.tasks,
        tasksAfter: now.tasks,
        cpuNanoBefore: old.cpuNano,
        cpuNanoAfter: now.cpuNano,
        memoryBytesBefore: old.memoryBytes,
        memoryBytesAfter: now.memoryBytes,
      });
    })
    .sort((a, b) => names.compare(a.hostname, b.hostname));
}

function wordOf(before: Node | undefined, after: Node | undefined): string {
  if (after === undefined) return 'removed';
  if (after.status?.state === NodeState.DOWN) return 'down';
  if (after.spec?.availability === Availability.DRAIN) return 'drained';
  if (before === undefined) return 'new';
  return after.spec?.availability === Availability.PAUSE ? 'paused' : '';
}

/** What the managers would do otherwise than one may think. */
function notesOn(cluster: SimulatedCluster, before: Standing): readonly string[] {
  const notes: string[] = [];
  const held = cluster.heldNodes();
  if (held.size > 0)
    notes.push(
      `${held.size} of ${cluster.nodes.size} nodes go at once, more than half: their tasks are left alone until` +
        ' nodes come back or are removed (--remove shows what follows then)',
    );
  const managers = [...before.nodes.values()].filter(({ role }) => role === NodeRole.MANAGER);
  const left = managers.filter(
    ({ id }) => cluster.nodes.has(id) && cluster.nodes.get(id)?.status?.state !== NodeState.DOWN,
  );
  if (managers.length > 0 && left.length * 2 <= managers.length)
    notes.push(
      `${managers.length - left.length} of ${managers.length} managers go: without a majority nothing is moved at all`,
    );
  return notes;
}
