/**
 * The smallest change that would place tasks which no node takes. Every change is tried on the view, with the
 * filters and the placing themselves, and taken back.
 */
import { assert } from '#lib';
import { NodeState } from '#proto';
import type { Node, Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { explaining, refusalOf } from './explain.ts';
import type { RefusedNode } from './explain.ts';
import { finish, pause } from './meter.ts';
import type { Pause } from './meter.ts';
import { placing } from './place.ts';
import type { PlaceOptions } from './place.ts';
import type { FilterName, Refusal } from './refusal.ts';
import { anotherNode, remediesFor } from './remedies.ts';
import type { Remedy } from './remedies.ts';

export interface Hint {
  /** All of them together; nearly always one. */
  readonly changes: readonly Remedy[];
  /** How many of the tasks would find a node: 1 or more. */
  readonly placed: number;
}

/** Nodes on which changes are tried, of all that refuse for the same reasons, and altogether. */
const nodesPerReason = 4;
const nodesMax = 24;
/** Changes that one node may need before it is given up. */
const changesMax = 3;
/** Tasks that are placed to see how many a change helps. */
const tasksMax = 1_000;
/** Hints given at most. */
const hintsMax = 3;

/**
 * The least changes that would place `tasks`, alike and refused by every node; the least first. Where no single
 * change does, the least that belong together. Leaves the view as it was. O(nodes) for each change that is tried.
 */
export function hints(
  view: ClusterView,
  tasks: readonly [Task, ...Task[]],
  options: PlaceOptions,
): readonly Hint[] {
  return finish(hinting(view, tasks, options));
}

/** `hints` in slices. Where it pauses, others may run, but must neither change the view nor read it. */
export function* hinting(
  view: ClusterView,
  tasks: readonly [Task, ...Task[]],
  options: PlaceOptions,
): Generator<Pause, readonly Hint[]> {
  const [task] = tasks;
  const { refused, fitting } = yield* explaining(view, task, options);
  if (fitting.length > 0) return [];
  const found = new Map<string, readonly Remedy[]>();
  const keep = (changes: readonly Remedy[]): void => {
    found.set(changes.map(({ text }) => text).join('\n'), changes);
  };
  for (const { nodeId } of promising(refused)) {
    yield pause;
    const record = view.node(nodeId);
    if (record === undefined) continue;
    for (const changes of yield* waysOn(view, task, record.node)) keep(changes);
  }
  for (const node of worthDoubling(view, task, refused)) keep([anotherNode(node)]);
  const sorted = [...found.values()].sort((a, b) => costOf(a) - costOf(b));
  const isSingle = sorted.some((changes) => changes.length === 1);
  const given: Hint[] = [];
  for (const changes of sorted) {
    if (given.length >= (isSingle ? hintsMax : 1)) break;
    if (isSingle && changes.length > 1) continue;
    yield pause;
    const placed = yield* tried(view, tasks.slice(0, tasksMax), changes, options);
    if (placed > 0) given.push({ changes, placed });
  }
  return given;
}

function costOf(changes: readonly Remedy[]): number {
  return changes.reduce((sum, { cost }) => sum + cost, 0);
}

/** Of nodes that refuse for the same reasons those that lack the least. */
function promising(refused: readonly RefusedNode[]): readonly RefusedNode[] {
  const alike = new Map<string, RefusedNode[]>();
  for (const one of refused) {
    const id = one.refusal.reasons.join('\n');
    const present = alike.get(id);
    if (present === undefined) alike.set(id, [one]);
    else present.push(one);
  }
  return [...alike.values()]
    .flatMap((ones) => ones.sort((a, b) => lackOf(a) - lackOf(b)).slice(0, nodesPerReason))
    .slice(0, nodesMax);
}

function lackOf({ refusal }: RefusedNode): number {
  return refusal.shortages.reduce((sum, { need, have }) => sum + (need - have) / need, 0);
}

/** Makes those of the changes that are in the view; the result takes them back. */
function made(view: ClusterView, changes: readonly Remedy[]): () => void {
  const undo: (() => void)[] = [];
  for (const change of changes) if (change.inView !== undefined) undo.push(change.inView(view));
  return () => {
    for (const back of undo.toReversed()) back();
  };
}

/** Makes the changes, looks, takes them back. */
function withChanges<R>(
  view: ClusterView,
  task: Task,
  changes: readonly Remedy[],
  look: (task: Task) => R,
): R {
  const undo = made(view, changes);
  try {
    return look(changes.reduce((one, { task: change }) => change?.(one) ?? one, task));
  } finally {
    undo();
  }
}

/** Every first change that could help on the node, each followed by what it takes after that. */
function* waysOn(
  view: ClusterView,
  task: Task,
  node: Node,
): Generator<Pause, readonly (readonly Remedy[])[]> {
  const ways: (readonly Remedy[])[] = [];
  for (const first of nextOn(view, task, node, []) ?? []) {
    const changes = [first];
    for (;;) {
      yield pause;
      const next = nextOn(view, task, node, changes);
      if (next === undefined) ways.push(changes);
      const [one] = next ?? [];
      if (one === undefined || changes.length >= changesMax) break;
      changes.push(one);
    }
  }
  return ways;
}

/** What could be changed next on the node; undefined: it would take the task. */
function nextOn(
  view: ClusterView,
  task: Task,
  node: Node,
  changes: readonly Remedy[],
): readonly Remedy[] | undefined {
  return withChanges(view, task, changes, (changed) => {
    const record = view.node(node.id);
    assert(record !== undefined, 'a node that changes are tried on is in the view');
    const refusal = refusalOf(view, changed, record);
    return refusal && remediesFor(refusal, { task: changed, node: record.node });
  });
}

const helpedByRoom: readonly FilterName[] = [
  'resources',
  'ports',
  'replicas-per-node',
  'service-affinity',
];

/** Whether it is about how large the node is: no other like it would do. */
function isSize({ filter }: Refusal): boolean {
  return filter === 'resources';
}

/** The largest of the ready nodes that are only too full. */
function worthDoubling(
  view: ClusterView,
  task: Task,
  refused: readonly RefusedNode[],
): readonly Node[] {
  if (task.nodeId !== '') return [];
  let best: Node | undefined;
  for (const { nodeId, refusal } of refused) {
    const node = view.node(nodeId)?.node;
    const isFull =
      helpedByRoom.includes(refusal.filter) && (refusal.isResolvable || !isSize(refusal));
    if (node?.status?.state !== NodeState.READY || !isFull) continue;
    const size = node.description?.resources?.cpuNano ?? 0;
    if (best === undefined || size > (best.description?.resources?.cpuNano ?? 0)) best = node;
  }
  return best === undefined ? [] : [best];
}

/** How many of the tasks are placed after the changes. */
function* tried(
  view: ClusterView,
  tasks: readonly Task[],
  changes: readonly Remedy[],
  options: PlaceOptions,
): Generator<Pause, number> {
  const undo = made(view, changes);
  try {
    const changed = tasks.map((task) =>
      changes.reduce((one, { task: change }) => change?.(one) ?? one, task),
    );
    const { placed } = yield* placing(view, changed, { ...options, isExplaining: false });
    for (const { task } of placed) view.removeTask(task.id);
    return placed.length;
  } finally {
    undo();
  }
}
