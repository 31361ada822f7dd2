/**
 * Rolling updates and rollbacks, computed from the store alone: which slots are outdated, which are under
 * way, which failed. The status of an update names the spec version it is about; a newer version
 * starts a new update, whatever became of the old one.
 */
import { assertNever, shortId } from '#lib';
import type { Ms } from '#lib';
import { FailureAction, TaskState, UpdateState } from '#proto';
import { UpdateStatus } from '#proto';
import type { Service, Task, UpdateConfig } from '#proto';
import { emptyPlan, never, stepOf } from './plan.ts';
import type { Change, Plan, Step, World } from './plan.ts';
import { desire } from './plan-slot.ts';
import { replaceSlot } from './replace-slot.ts';
import { updateConfigOf } from './service-config.ts';
import { membersOf } from './slot.ts';
import type { Slot } from './slot.ts';
import { isWanted } from './task-state.ts';
import { classify } from './update-slot.ts';
import type { SlotProgress } from './update-slot.ts';
import type { TaskComparer } from './task-comparer.ts';

/** The state of the update of the service's present spec. */
function updateStateOf(service: Service): UpdateState {
  const status = service.updateStatus;
  if (status === undefined) return UpdateState.NONE;
  // The control API asks for a rollback with a status that names no version yet.
  const isAskedFor = status.state === UpdateState.ROLLBACK_STARTED && status.specVersion === 0;
  return isAskedFor || status.specVersion === service.specVersion ? status.state : UpdateState.NONE;
}

/** Whether the update still moves: its tasks' states matter as they happen. */
export function isUpdating(service: Service): boolean {
  const state = updateStateOf(service);
  return state === UpdateState.UPDATING || state === UpdateState.ROLLBACK_STARTED;
}

export interface UpdateInput {
  readonly service: Service;
  /** Slots that are to stay. */
  readonly slots: readonly Slot[];
  /** Those of them in which something else is done just now: they count as under way. */
  readonly busy: ReadonlySet<Slot>;
  readonly comparer: TaskComparer;
  /** Whether a slot may get a new task now; a paused node's may not. */
  readonly mayCreate: (slot: Slot) => boolean;
}

/** Progress of all slots together. */
interface Progress {
  readonly outdated: SlotProgress[];
  readonly failed: SlotProgress[];
  readonly stuck: SlotProgress[];
  underWayCount: number;
  /** Outdated or made by this update. */
  totalCount: number;
  wakeAtMs: Ms;
  /** When the last task that this update made has been watched long enough. */
  watchedAtMs: Ms;
}

export function planUpdate(world: World, input: UpdateInput): Plan {
  const { service } = input;
  const state = updateStateOf(service);
  const isRollback = state === UpdateState.ROLLBACK_STARTED;
  const config = updateConfigOf(service, isRollback);
  if (state !== UpdateState.NONE && !isUpdating(service)) return emptyPlan;
  if (state === UpdateState.NONE && !isAnyOutdated(input)) {
    // Tasks of the version before stay: told, for whoever waits for the update cannot know it.
    if (!isAnyOfBefore(input)) return emptyPlan;
    const step = withStatus(service, {
      state: UpdateState.COMPLETED,
      startedAtMs: world.nowMs,
      completedAtMs: world.nowMs,
      message: 'update completed: no task had to be replaced',
    });
    return { ...emptyPlan, steps: [step] };
  }
  const progress = measure(world, input, config);
  const steps: Step[] = [];
  if (state === UpdateState.NONE || service.updateStatus?.specVersion !== service.specVersion)
    steps.push(started(world, service, isRollback));
  const failure = progress.failed[0];
  const ratio = progress.failed.length / Math.max(1, progress.totalCount);
  if (failure !== undefined && ratio > config.maxFailureRatio) {
    const end = failed(world, service, config, isRollback, failure);
    if (end !== undefined) return { steps: [end], wakeAtMs: never, slotWakes: [] };
  }
  for (const { slot, giveUp } of progress.stuck)
    if (giveUp.length > 0)
      steps.push(
        stepOf(
          service,
          giveUp.map((task) => quit(slot, task)),
        ),
      );
  const begun = begin(world, input, config, progress);
  steps.push(...begun);
  const isDone = begun.length + progress.underWayCount + progress.outdated.length === 0;
  if (!isDone) return { steps, wakeAtMs: progress.wakeAtMs, slotWakes: [] };
  if (world.nowMs < progress.watchedAtMs)
    return { steps, wakeAtMs: progress.watchedAtMs, slotWakes: [] };
  steps.push(completed(world, service, isRollback));
  return { steps, wakeAtMs: never, slotWakes: [] };
}

/** Whether there is anything to update at all: a quick look that most plans end with, and that leaves no garbage. */
function isAnyOutdated({ slots, comparer }: UpdateInput): boolean {
  for (const slot of slots) {
    if (!isOneOutdated(slot.tasks, comparer)) continue;
    const members = membersOf(slot);
    const wanted = members.filter(isWanted);
    const newest = members[members.length - 1];
    const standing = wanted.length > 0 || newest === undefined ? wanted : [newest];
    if (isOneOutdated(standing, comparer)) return true;
  }
  return false;
}

function isOneOutdated(tasks: readonly Task[], comparer: TaskComparer): boolean {
  for (const task of tasks) if (comparer.isOutdated(task)) return true;
  return false;
}

function isAnyOfBefore({ service, slots }: UpdateInput): boolean {
  for (const { tasks } of slots)
    for (const task of tasks)
      if (isWanted(task) && task.specVersion !== service.specVersion) return true;
  return false;
}

function measure(world: World, input: UpdateInput, config: UpdateConfig): Progress {
  const progress: Progress = {
    outdated: [],
    failed: [],
    stuck: [],
    underWayCount: 0,
    totalCount: 0,
    wakeAtMs: never,
    watchedAtMs: 0,
  };
  for (const slot of input.slots) {
    const one = classify(world.nowMs, input.service, slot, input.comparer, config);
    const isBusy = input.busy.has(slot);
    if (isBusy) progress.underWayCount++;
    if (one.kind === 'untouched') continue;
    progress.totalCount++;
    if (one.failure !== undefined) progress.failed.push(one);
    if (one.giveUp.length > 0) progress.stuck.push(one);
    progress.wakeAtMs = Math.min(progress.wakeAtMs, one.wakeAtMs);
    progress.watchedAtMs = Math.max(progress.watchedAtMs, one.watchedAtMs);
    if (isBusy) continue;
    if (one.kind === 'outdated') progress.outdated.push(one);
    else if (one.kind === 'under-way') progress.underWayCount++;
  }
  return progress;
}

/** Starts as many outdated slots as the parallelism leaves room for. */
function begin(
  world: World,
  input: UpdateInput,
  config: UpdateConfig,
  progress: Progress,
): readonly Step[] {
  const width = config.parallelism === 0 ? Infinity : config.parallelism;
  const ready = progress.outdated.filter(
    (one) => one.retryAtMs <= world.nowMs && one.giveUp.length === 0 && input.mayCreate(one.slot),
  );
  ready.sort((a, b) => Number(a.isServing) - Number(b.isServing) || a.slot.number - b.slot.number);
  const room = Math.max(0, width - progress.underWayCount);
  return ready.slice(0, room).map(({ slot, attempt }) =>
    replaceSlot(world, input.service, slot, {
      order: config.order,
      message: 'replaced by an update',
      restartCount: attempt,
    }),
  );
}

function quit(slot: Slot, task: Task): Change {
  return desire(task, TaskState.SHUTDOWN, `did not start in time in slot ${slot.key}`);
}

function withStatus(service: Service, status: Partial<UpdateStatus>): Step {
  const present = service.updateStatus ?? UpdateStatus.create();
  const updateStatus = { ...present, specVersion: service.specVersion, ...status };
  return stepOf(service, [{ kind: 'service', set: { updateStatus } }]);
}

function started(world: World, service: Service, isRollback: boolean): Step {
  return withStatus(service, {
    state: isRollback ? UpdateState.ROLLBACK_STARTED : UpdateState.UPDATING,
    startedAtMs: world.nowMs,
    completedAtMs: 0,
    message: isRollback ? 'rollback in progress' : 'update in progress',
  });
}

function completed(world: World, service: Service, isRollback: boolean): Step {
  return withStatus(service, {
    state: isRollback ? UpdateState.ROLLBACK_COMPLETED : UpdateState.COMPLETED,
    completedAtMs: world.nowMs,
    message: isRollback ? 'rollback completed' : 'update completed',
  });
}

/** What follows from too many failures; undefined where the update goes on all the same. */
function failed(
  world: World,
  service: Service,
  config: UpdateConfig,
  isRollback: boolean,
  failure: SlotProgress,
): Step | undefined {
  const task = failure.failure;
  const why = task === undefined ? '' : `task ${shortId(task.id)}: ${reasonOf(task)}`;
  const paused = (state: UpdateState, what: string): Step =>
    withStatus(service, { state, completedAtMs: 0, message: `${what} after a failure: ${why}` });
  if (config.failureAction === FailureAction.CONTINUE) return undefined;
  // A rollback is never rolled back.
  if (isRollback) return paused(UpdateState.ROLLBACK_PAUSED, 'rollback paused');
  if (config.failureAction === FailureAction.PAUSE)
    return paused(UpdateState.PAUSED, 'update paused');
  if (config.failureAction !== FailureAction.ROLLBACK) return assertNever(config.failureAction);
  const spec = service.previousSpec;
  if (spec === undefined)
    return paused(UpdateState.PAUSED, 'update paused, there is no spec to go back to,');
  const specVersion = Math.max(service.specVersion, service.meta?.version ?? 0) + 1;
  const updateStatus = UpdateStatus.create({
    state: UpdateState.ROLLBACK_STARTED,
    startedAtMs: world.nowMs,
    message: `rolling back after a failure: ${why}`,
    specVersion,
  });
  const set = { spec, previousSpec: undefined, specVersion, updateStatus };
  return stepOf(service, [{ kind: 'service', set }]);
}

function reasonOf(task: Task): string {
  const status = task.status;
  return status?.error || status?.message || 'it ended';
}
