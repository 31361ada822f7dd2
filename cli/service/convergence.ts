/**
 * How far a service is on its way to what its spec says: a pure model, fed with the messages of
 * Control.Watch, read by whoever draws it.
 */
import { RestartCondition, TaskState, TaskStateNames, UpdateState, WatchEventKind } from '#proto';
import type { Node, Service, Task, WatchResponse } from '#proto';

export interface PlaceView {
  /** "2/3" (second of three) of a replicated service, the node's name of a global one. */
  readonly label: string;
  /** "running", "preparing", ... in lower case; "new" before there is a task. */
  readonly state: string;
  /** Why it is not running: of this task, or of the one before it. */
  readonly error: string;
  readonly isDone: boolean;
  /** It failed, and nothing will be tried again. */
  readonly isLost: boolean;
}

export interface ConvergenceView {
  readonly exists: boolean;
  readonly done: number;
  readonly desired: number;
  readonly places: readonly PlaceView[];
  /** Everything that should run runs, and no update is on its way. */
  readonly isSettled: boolean;
  /** What ended the way for good: an update that paused or was rolled back, tasks that are lost. */
  readonly failure: string | undefined;
  /** What the update supervisor says, if it has said something about this spec. */
  readonly updateMessage: string;
}

/** Of its slot; others are only there to be removed. */
const isMember = (task: Task): boolean => task.desiredState < TaskState.REMOVE;
const isOver = (task: Task): boolean => (task.status?.state ?? 0) >= TaskState.COMPLETE;

export class Convergence {
  readonly #serviceId: string;
  readonly #tasks = new Map<string, Task>();
  readonly #nodes = new Map<string, Node>();
  #service: Service | undefined;
  #isGone = false;
  readonly #isRollback: boolean;

  /** `isRollback`: a rollback is what was asked for. */
  constructor(serviceId: string, options: { readonly isRollback: boolean }) {
    this.#serviceId = serviceId;
    this.#isRollback = options.isRollback;
  }

  /** One whole snapshot, which replaces what was known, or one whole commit. */
  apply(response: WatchResponse): void {
    if (response.isSnapshot) {
      this.#tasks.clear();
      this.#nodes.clear();
      this.#isGone = true;
    }
    for (const event of response.events) {
      const isRemoved = event.kind === WatchEventKind.REMOVE;
      if (event.object?.kind === 'service' && event.object.service.id === this.#serviceId) {
        this.#service = event.object.service;
        this.#isGone = isRemoved;
      } else if (event.object?.kind === 'node')
        this.#nodes.set(event.object.node.id, event.object.node);
      else if (event.object?.kind === 'task') {
        const { task } = event.object;
        if (task.serviceId !== this.#serviceId) continue;
        if (isRemoved) this.#tasks.delete(task.id);
        else this.#tasks.set(task.id, task);
      }
    }
  }

  /** Names for the places of a global service. */
  setNodes(nodes: readonly Node[]): void {
    for (const node of nodes) this.#nodes.set(node.id, node);
  }

  view(): ConvergenceView {
    const service = this.#service;
    if (service === undefined || this.#isGone)
      return { ...nothing, exists: service === undefined && !this.#isGone };
    const update = service.updateStatus;
    // A status about another version of the spec says nothing about this one.
    const isAbout = update !== undefined && update.specVersion === service.specVersion;
    const state = isAbout ? update.state : UpdateState.NONE;
    // Tasks that are wanted once the update is over stay, those of a spec before too.
    const isCurrent = (task: Task): boolean =>
      task.specVersion === service.specVersion ||
      (state === UpdateState.COMPLETED && task.desiredState <= TaskState.RUNNING);
    const places = this.#places(service, isCurrent);
    const done = places.filter((place) => place.isDone).length;
    const isMoving = state === UpdateState.UPDATING || state === UpdateState.ROLLBACK_STARTED;
    const updateMessage = isAbout ? update.message : '';
    return {
      exists: true,
      done,
      desired: places.length,
      places,
      isSettled: done === places.length && !isMoving && this.#isAlone(service, isCurrent),
      failure: failureOf(state, updateMessage, places, this.#isRollback),
      updateMessage,
    };
  }

  /** No task of another spec, or of a slot too many, is still wanted or still running. */
  #isAlone(service: Service, isCurrent: (task: Task) => boolean): boolean {
    for (const task of this.#tasks.values()) {
      if (isOver(task)) continue;
      if (task.desiredState >= TaskState.SHUTDOWN) continue;
      if (!isCurrent(task)) return false;
    }
    const replicas = replicasOf(service);
    return replicas === undefined || this.#filledSlots().length <= replicas;
  }

  #places(service: Service, isCurrent: (task: Task) => boolean): PlaceView[] {
    const byPlace = new Map<string, Task[]>();
    const view = (label: string, tasks: readonly Task[]): PlaceView =>
      placeView(service, label, tasks.filter(isCurrent));
    for (const task of this.#tasks.values()) {
      if (!isMember(task)) continue;
      const key = task.slot > 0 ? String(task.slot) : task.nodeId;
      const list = byPlace.get(key);
      if (list === undefined) byPlace.set(key, [task]);
      else list.push(task);
    }
    const replicas = replicasOf(service);
    if (replicas !== undefined)
      return slotsOf(this.#filledSlots(), replicas).map((slot, index) =>
        view(`${index + 1}/${replicas}`, byPlace.get(String(slot)) ?? []),
      );
    return [...byPlace]
      .filter(([, tasks]) => tasks.some((task) => task.desiredState <= TaskState.RUNNING))
      .map(([nodeId, tasks]) => view(this.#nodeName(nodeId), tasks))
      .sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
  }

  /** Ascending; a scale-down keeps those that suit the nodes best, not the lowest. */
  #filledSlots(): readonly number[] {
    const slots = new Set<number>();
    for (const task of this.#tasks.values()) if (isMember(task)) slots.add(task.slot);
    return [...slots].sort((a, b) => a - b);
  }

  #nodeName(id: string): string {
    return this.#nodes.get(id)?.description?.hostname || id.slice(0, 12);
  }
}

const nothing: ConvergenceView = {
  exists: false,
  done: 0,
  desired: 0,
  places: [],
  isSettled: false,
  failure: undefined,
  updateMessage: '',
};

function replicasOf(service: Service): number | undefined {
  return service.spec?.mode?.kind === 'global'
    ? undefined
    : (service.spec?.mode?.replicated.replicas ?? 1);
}

/** The slots that are shown, ascending: of the filled ones the lowest, then the lowest free ones. */
function slotsOf(filled: readonly number[], replicas: number): readonly number[] {
  const slots = new Set(filled.slice(0, replicas));
  for (let slot = 1; slots.size < replicas; slot++) slots.add(slot);
  return [...slots].sort((a, b) => a - b);
}

/** `tasks`: those that count, of one place. */
function placeView(service: Service, label: string, tasks: readonly Task[]): PlaceView {
  const current = tasks.toSorted(
    (a, b) => (b.meta?.createdAtMs ?? 0) - (a.meta?.createdAtMs ?? 0) || (a.id < b.id ? 1 : -1),
  );
  const newest = current.find((task) => task.desiredState <= TaskState.RUNNING) ?? current[0];
  if (newest === undefined) return { label, state: 'new', error: '', isDone: false, isLost: false };
  const state = newest.status?.state ?? TaskState.NEW;
  const condition = service.spec?.task?.restart?.condition ?? RestartCondition.ANY;
  const isDone =
    (state === TaskState.RUNNING && newest.desiredState <= TaskState.RUNNING) ||
    (state === TaskState.COMPLETE && condition !== RestartCondition.ANY);
  const isLost =
    (state === TaskState.FAILED || state === TaskState.REJECTED) &&
    condition === RestartCondition.NONE;
  const before = current[current.indexOf(newest) + 1];
  const error = newest.status?.error || (before === undefined ? '' : (before.status?.error ?? ''));
  return {
    label,
    state: (TaskStateNames[state] ?? '').toLowerCase(),
    error: isDone ? '' : error,
    isDone,
    isLost,
  };
}

function failureOf(
  state: UpdateState,
  message: string,
  places: readonly PlaceView[],
  isRollback: boolean,
): string | undefined {
  if (state === UpdateState.PAUSED) return `update paused: ${message}`;
  if (state === UpdateState.ROLLBACK_PAUSED) return `rollback paused: ${message}`;
  if (state === UpdateState.ROLLBACK_COMPLETED && !isRollback) return `rolled back: ${message}`;
  const lost = places.filter((place) => place.isLost);
  const isOpen = places.some((place) => !place.isLost && !place.isDone);
  if (lost.length === 0 || isOpen) return undefined;
  const [first] = lost;
  return (
    `${lost.length} of ${places.length} tasks failed and are not restarted: ` +
    `${first?.label}: ${first?.error || first?.state}`
  );
}
