import type { Clock, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { ClusterError, durationBuckets, messageOf, withDeadline } from '#lib';
import type { AgentState, Task, TaskStatus } from '#proto';
import { AgentState as AgentStateMessage, PublishMode, TaskState } from '#proto';
import type { AssignmentChange } from './assignments.ts';
import type { HostFiles } from './host-files.ts';
import { ImageResolver } from './image-resolver.ts';
import { Lane } from './lane.ts';
import { gatewaysOfTask } from './network-view/gateways.ts';
import { targetsOfTask } from './network-view/targets.ts';
import type { NetworkView } from './network-view/view.ts';
import { orphanTask } from './orphans.ts';
import type { NetworkAttachment, TaskNetworks } from './runtime/network-port.ts';
import type { ContainerState, Runtime } from './runtime/port.ts';
import type { Savable, StateSaver } from './state-saver.ts';
import { heldBy, takeResources } from './task/generic-resources.ts';
import type { GenericResources, HeldResources } from './task/generic-resources.ts';
import { TaskController } from './task/task-controller.ts';
import { isFinal } from './task/task-spec.ts';
import type { TaskHost } from './task/task-host.ts';
import type { TaskView } from './task/task-view.ts';

/** Calls that make or remove containers, at once. More do not make a host faster. */
export const containerCallsMax = 8;
/** Signals at once. */
const signalCallsMax = 8;
/** A look at all containers although nothing happened: in case an exit was not told. */
const relistPeriodMs: Ms = 30_000;
const listDeadlineMs: Ms = 30_000;

export interface ReconcilerOptions {
  readonly nodeId: string;
  readonly networkView: NetworkView;
  /** This host leads callers as the managers say; `driveAll` is called when that becomes true. */
  readonly areNetworksSettled: () => boolean;
  readonly runtime: Runtime;
  readonly networks: TaskNetworks;
  readonly genericResources?: GenericResources;
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The state of `status` is not below the one before. */
  readonly onStatus: (taskId: string, status: TaskStatus, isAwaited: boolean) => void;
  readonly onForgotten: (taskId: string) => void;
}

/** What the host has of one task. */
interface Leftover {
  readonly containers: readonly ContainerState[];
  readonly network: NetworkAttachment | undefined;
}

/** Makes the host's containers what the assignments say. Owns the controllers of all tasks. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #tasks = new Map<string, TaskController>();
  readonly #host: TaskHost;
  /** What runs of tasks that this agent does not know (yet): theirs once they are assigned. */
  readonly #unclaimed = new Map<string, Leftover>();
  #saver: StateSaver<AgentState> | undefined;
  #unsubscribe: (() => void) | undefined;
  #timer: Timer | undefined;
  #isListing = false;
  #isStopped = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#host = this.#makeHost();
    const { metrics } = options;
    metrics.observedGauge(
      'tessera_agent_tasks',
      'Tasks this agent knows of.',
      () => this.#tasks.size,
    );
  }

  /** Breaks the circle: the saver collects from here. Before anything else. */
  useSaver(saver: StateSaver<AgentState>): void {
    this.#saver = saver;
  }

  get taskCount(): number {
    return this.#tasks.size;
  }

  task(id: string): Task | undefined {
    return this.#tasks.get(id)?.view.task;
  }

  /** For reports and tests: ascending by id. */
  views(): readonly TaskController['view'][] {
    return [...this.#tasks.values()]
      .map(({ view }) => view)
      .toSorted((a, b) => (a.task.id < b.task.id ? -1 : 1));
  }

  /** The state to save. Tasks that the managers dropped are in it until nothing is left of them. */
  collect(): Savable<AgentState> {
    const controllers = [...this.#tasks.values()];
    const saved = controllers.map((controller) => ({
      controller,
      status: controller.view.status,
    }));
    const tasks = saved.map(({ controller, status }) => ({ ...controller.view.task, status }));
    return {
      state: AgentStateMessage.create({ nodeId: this.#options.nodeId, tasks }),
      saved: () => {
        for (const { controller, status } of saved) controller.saved(status);
      },
    };
  }

  /** What an earlier life saved. Nothing is done before `adopt`. */
  restore(state: AgentState): void {
    if (state.nodeId !== this.#options.nodeId) return;
    for (const task of state.tasks) {
      const controller = new TaskController(task, this.#host);
      controller.restored();
      this.#tasks.set(task.id, controller);
    }
  }

  /**
   * Takes over what runs: containers of known tasks as they are, with the same processes. Those of
   * unknown tasks are left alone until `removeUnknown`. RUNTIME_UNAVAILABLE when the runtime does
   * not answer.
   */
  async adopt(signal: AbortSignal): Promise<void> {
    const { runtime, networks, log } = this.#options;
    this.#unsubscribe ??= runtime.onExit((state) => this.#exited(state));
    await networks.start(signal);
    const found = await this.#look(signal);
    for (const [id, controller] of this.#tasks) {
      const { containers, network } = found.get(id) ?? { containers: [], network: undefined };
      controller.adopt(containers, network);
      found.delete(id);
    }
    for (const [id, leftover] of found) this.#unclaimed.set(id, leftover);
    log.info('adopted containers', { tasks: this.#tasks.size, unclaimed: this.#unclaimed.size });
    this.driveAll();
    this.#scheduleRelist(relistPeriodMs);
  }

  /** Takes over one message of assignments; persisted before anything is done about it. */
  async apply(change: AssignmentChange): Promise<void> {
    if (this.#isStopped) return;
    const added: Task[] = [];
    for (const task of change.upserted) {
      if (this.#tasks.has(task.id)) continue;
      const controller = new TaskController(task, this.#host);
      this.#tasks.set(task.id, controller);
      this.#claim(task.id, controller);
      added.push(task);
    }
    const wanted = new Set(change.upserted.map(({ id }) => id));
    const dropped = change.isFull
      ? [...this.#tasks.keys()].filter((id) => !wanted.has(id))
      : change.removedIds;
    if (added.length > 0) await this.#saver?.saveNow();
    else this.#saver?.saveSoon();
    if (this.#isStopped) return;
    for (const id of dropped) this.#tasks.get(id)?.drop();
    for (const task of change.upserted) this.#tasks.get(task.id)?.assign(task);
  }

  /**
   * Removes what no task of this node accounts for: after the first full set of assignments only.
   */
  async removeUnknown(signal: AbortSignal): Promise<void> {
    const { files, log } = this.#options;
    const [found, filed] = await Promise.all([this.#look(signal), files.listTasks()]);
    if (this.#isStopped) return;
    this.#unclaimed.clear();
    const nothing: Leftover = { containers: [], network: undefined };
    for (const id of new Set([...found.keys(), ...filed])) {
      if (this.#tasks.has(id)) continue;
      const { containers, network } = found.get(id) ?? nothing;
      log.warn('removing what an unknown task left', { taskId: id, containers: containers.length });
      const controller = new TaskController(orphanTask(id, containers), this.#host);
      this.#tasks.set(id, controller);
      controller.adopt(containers, network);
      controller.drop();
    }
  }

  /** Drops every task; resolves when nothing is left of them. */
  async drain(): Promise<void> {
    if (this.#tasks.size === 0) return;
    const empty = Promise.withResolvers<void>();
    this.#onEmpty = empty.resolve;
    for (const controller of this.#tasks.values()) controller.drop();
    await empty.promise;
  }

  /** Something that many tasks may have waited for has come. */
  driveAll(): void {
    for (const controller of this.#tasks.values()) controller.drive();
  }

  /** Looks at all containers of the runtime in about `delayMs`. */
  relistSoon(delayMs: Ms): void {
    this.#scheduleRelist(delayMs);
  }

  /** Containers run on. Resolves when no step is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe?.();
    this.#timer?.cancel();
    await Promise.all([...this.#tasks.values()].map((controller) => controller.close()));
  }

  /** Everything of ours on the host, by task. */
  async #look(signal: AbortSignal): Promise<Map<string, Leftover>> {
    const { runtime, networks } = this.#options;
    const [states, attachments] = await Promise.all([runtime.list(signal), networks.list(signal)]);
    const byTask = Map.groupBy(states, ({ taskId }) => taskId);
    const networkOf = new Map(attachments.map((attachment) => [attachment.taskId, attachment]));
    const ids = new Set([...byTask.keys(), ...networkOf.keys()]);
    return new Map(
      [...ids].map((id): [string, Leftover] => [
        id,
        { containers: byTask.get(id) ?? [], network: networkOf.get(id) },
      ]),
    );
  }

  #claim(taskId: string, controller: TaskController): void {
    const leftover = this.#unclaimed.get(taskId);
    if (leftover === undefined) return;
    this.#unclaimed.delete(taskId);
    controller.adopt(leftover.containers, leftover.network);
  }

  #exited(state: ContainerState): void {
    this.#tasks.get(state.taskId)?.observe(state);
    const leftover = this.#unclaimed.get(state.taskId);
    if (leftover === undefined) return;
    const containers = leftover.containers.map((known) => (known.id === state.id ? state : known));
    this.#unclaimed.set(state.taskId, { ...leftover, containers });
  }

  #scheduleRelist(delayMs: Ms): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => void this.#relist());
  }

  async #relist(): Promise<void> {
    if (this.#isListing || this.#isStopped) return;
    this.#isListing = true;
    const { clock, runtime, log } = this.#options;
    const before = new Map([...this.#tasks.values()].map((task) => [task, task.changes]));
    const abort = new AbortController();
    try {
      const listing = runtime.list(abort.signal);
      const states = await withDeadline(clock, listDeadlineMs, 'listing containers', listing);
      if (!this.#isStopped) this.#takeList(states, before);
    } catch (error) {
      abort.abort(error);
      log.warn('containers could not be listed', { err: messageOf(error) });
    } finally {
      this.#isListing = false;
      this.#scheduleRelist(relistPeriodMs);
    }
  }

  #takeList(states: readonly ContainerState[], before: ReadonlyMap<TaskController, number>): void {
    const byTask = Map.groupBy(states, ({ taskId }) => taskId);
    for (const [id, task] of this.#tasks) {
      const listed = byTask.get(id) ?? [];
      // A step in between: the list may be older than what the step did. Exits are true all the
      // same.
      if (task.isBusy || before.get(task) !== task.changes)
        for (const state of listed) task.observe(state);
      else task.relisted(listed);
    }
  }

  #makeHost(): TaskHost {
    const { runtime, networks, files, clock, random, log, metrics } = this.#options;
    const steps = metrics.counter('tessera_agent_steps_total', 'Steps done for tasks.', [
      'step',
      'outcome',
    ]);
    const took = metrics.histogram(
      'tessera_agent_step_duration_seconds',
      'How long steps took, waiting for their turn included.',
      durationBuckets,
      ['step'],
    );
    return {
      runtime,
      networks,
      files,
      clock,
      random,
      log,
      images: new ImageResolver(runtime.images),
      containerLane: new Lane(containerCallsMax),
      signalLane: new Lane(signalCallsMax),
      save: async () => {
        if ((await this.#saver?.saveNow()) === true) return;
        throw new ClusterError('RUNTIME_ERROR', 'the status could not be saved');
      },
      statusChanged: (taskId, status) => this.#statusChanged(taskId, status),
      gatewaysOf: (task) => gatewaysOfTask(this.#options.networkView, task),
      targetsOf: (task) => targetsOfTask(this.#options.networkView, task),
      areNetworksSettled: () => this.#options.areNetworksSettled(),
      takeResources: (task) => this.#takeResources(task),
      isPortBeingFreed: (taskId) => this.#isPortBeingFreed(taskId),
      forget: (taskId) => this.#forget(taskId),
      relistSoon: (delayMs) => this.#scheduleRelist(delayMs),
      stepDone: (step, outcome, tookMs) => {
        steps.inc({ step, outcome });
        took.observe(tookMs / 1000, { step });
      },
    };
  }

  #statusChanged(taskId: string, status: TaskStatus): void {
    // What leads up to RUNNING is found again by looking at the host.
    if (status.state >= TaskState.RUNNING) this.#saver?.saveSoon();
    const wish = this.#tasks.get(taskId)?.view.task.desiredState ?? TaskState.RUNNING;
    const isAwaited =
      status.state >= TaskState.RUNNING ||
      (status.state === TaskState.READY && wish <= TaskState.READY);
    this.#options.onStatus(taskId, status, isAwaited);
  }

  #forget(taskId: string): void {
    this.#tasks.delete(taskId);
    this.#saver?.saveSoon();
    this.#options.onForgotten(taskId);
    if (this.#tasks.size === 0) this.#onEmpty?.();
  }

  #takeResources({ id, spec }: Task): HeldResources {
    const { genericResources = new Map() } = this.#options;
    const asked = spec?.resources?.reservations?.generic ?? {};
    return takeResources(genericResources, asked, this.#heldByOthers(id));
  }

  /** A task that has ended needs nothing any more, once nothing of it runs. */
  *#heldByOthers(taskId: string): Iterable<HeldResources> {
    for (const [id, { view }] of this.#tasks)
      if (id !== taskId && view.held !== undefined && isUsing(view)) yield view.held;
    for (const { containers } of this.#unclaimed.values()) {
      const held = heldBy(containers.filter(({ phase }) => phase === 'running'));
      if (held !== undefined) yield held;
    }
  }

  #isPortBeingFreed(taskId: string): boolean {
    const wanted = this.#tasks.get(taskId)?.view.task.ports ?? [];
    for (const [id, { view }] of this.#tasks) {
      const isGoing = view.isDropped || isFinal(view.status.state) || isGoingDown(view.task);
      if (id === taskId || !isGoing || view.network === undefined) continue;
      const isHeld = view.task.ports.some((held) =>
        wanted.some(
          (port) =>
            port.mode === PublishMode.HOST &&
            port.protocol === held.protocol &&
            port.publishedPort === held.publishedPort,
        ),
      );
      if (isHeld) return true;
    }
    return false;
  }
}

const isUsing = ({ status, containers }: TaskView): boolean =>
  !isFinal(status.state) || [...containers.values()].some(({ phase }) => phase === 'running');

const isGoingDown = (task: Task): boolean => task.desiredState > TaskState.COMPLETE;
