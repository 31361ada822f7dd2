/** One agent on a simulated host, and a manager that a test plays by hand. */
import { ClusterError, seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Assignments, SessionInfo, Task, TaskStatus } from '#proto';
import * as wire from '#proto';
import {
  Agent,
  SimulatedFiles,
  SimulatedNetworks,
  SimulatedRuntime,
  SimulatedStorage,
} from '#agent';
import type {
  GenericResources,
  ManagerLine,
  NetworkConsumer,
  NetworkView,
  SessionHandlers,
  SessionLink,
  ViewChanges,
  WorkLink,
} from '#agent';
import { VirtualClock } from '#test/_support/virtual-clock';

export const nodeId = 'node1';

/** A task of one container as a manager assigns it. */
export function assigned(id: string, init: Partial<Task> = {}, env: readonly string[] = []): Task {
  const main = wire.ContainerSpec.create({ image: 'web:1', env });
  return wire.Task.create({
    id,
    nodeId,
    serviceId: 'service1',
    serviceName: 'web',
    slot: 1,
    spec: wire.TaskSpec.create({ containers: [main] }),
    desiredState: wire.TaskState.RUNNING,
    status: wire.TaskStatus.create({ state: wire.TaskState.ASSIGNED }),
    ...init,
  });
}

interface PlayedSession {
  readonly handlers: SessionHandlers;
  sequence: number;
  /** What is still under way does not arrive. */
  isLost: boolean;
}

/** A manager that accepts whatever it is told and remembers it; tests decide what it sends. */
export class PlayedManager implements ManagerLine {
  readonly #clock: VirtualClock;
  /** Delay of a message, each way. */
  delayMs = 1;
  /** Refuses to be reached. */
  isDown = false;
  /** Answers hellos with the session. */
  isWelcoming = true;
  /** Takes messages but says nothing. */
  isMute = false;
  /** Acknowledges statuses. */
  isAccepting = true;
  heartbeatPeriodMs = 1_000;
  /** What the manager knows, by task: the latest accepted status. */
  readonly statuses = new Map<string, TaskStatus>();
  /** Every state that arrived, in order, by task. */
  readonly states = new Map<string, number[]>();
  /** The full set of the next session. */
  readonly tasks = new Map<string, Task>();
  readonly batches: wire.StatusBatch[] = [];
  /** The sequences of NetworksApplied. */
  readonly networksApplied: number[] = [];
  /** The full set of networks of the next session; none = no message. */
  networks: wire.NetworkChanges | undefined;
  heartbeats = 0;
  goodbyes = 0;
  sessions = 0;
  openError: ClusterError | undefined;
  #last: Assignments | undefined;
  #session: PlayedSession | undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  openSession(handlers: SessionHandlers): SessionLink {
    const session: PlayedSession = { handlers, sequence: 0, isLost: false };
    let isOver = false;
    const close = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      if (this.#session === session) this.#session = undefined;
      handlers.onClose(error);
    };
    if (this.isDown) {
      const error = this.openError ?? new ClusterError('UNAVAILABLE', 'connection refused');
      this.#clock.after(this.delayMs, () => close(error));
    } else {
      this.#session = session;
      this.sessions++;
    }
    return {
      send: (message) => {
        this.#clock.after(this.delayMs, () => {
          if (!session.isLost && !this.isDown) this.#receive(message);
        });
      },
      close: () => {
        isOver = true;
        if (this.#session === session) this.#session = undefined;
      },
    };
  }

  openWork(_signal: AbortSignal): WorkLink {
    throw new ClusterError('UNIMPLEMENTED', 'not played');
  }

  /** Ends the session as a manager that died. */
  hangUp(error: unknown = new ClusterError('UNAVAILABLE', 'connection reset')): void {
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) session.isLost = true;
    session?.handlers.onClose(error);
  }

  /** Sends an increment: tasks made or changed, tasks removed. */
  assign(tasks: readonly Task[], removedTaskIds: readonly string[] = []): void {
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const id of removedTaskIds) this.tasks.delete(id);
    const session = this.#session;
    if (session === undefined) return;
    const sequence = ++session.sequence;
    this.sendAssignments(wire.Assignments.create({ sequence, tasks, removedTaskIds }));
  }

  /** As assign, for one known task with another desired state. */
  desire(taskId: string, desiredState: wire.TaskState): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) throw new Error(`no task ${taskId}`);
    this.assign([{ ...task, desiredState }]);
  }

  /** The next increment has a number too high. */
  skipSequence(): void {
    if (this.#session !== undefined) this.#session.sequence++;
  }

  sendNetworks(networks: wire.NetworkChanges): void {
    this.#send({ body: { kind: 'networks', networks } });
  }

  /** Sends the last assignments once more. */
  repeatLast(): void {
    if (this.#last !== undefined) this.sendAssignments(this.#last);
  }

  sendAssignments(assignments: Assignments): void {
    this.#last = assignments;
    this.#send({ body: { kind: 'assignments', assignments } });
  }

  #send(message: wire.ManagerMessage): void {
    const session = this.#session;
    if (session === undefined || this.isMute) return;
    this.#clock.after(this.delayMs, () => {
      if (this.#session === session) session.handlers.onMessage(message);
    });
  }

  #receive({ body }: wire.AgentMessage): void {
    switch (body?.kind) {
      case 'hello':
        if (this.isWelcoming) this.#welcome();
        return;
      case 'heartbeat':
        this.heartbeats++;
        this.#send({ body: { kind: 'heartbeat', heartbeat: wire.Heartbeat.create() } });
        return;
      case 'statuses':
        this.#accept(body.statuses);
        return;
      case 'networksApplied':
        this.networksApplied.push(body.networksApplied.sequence);
        return;
      case 'goodbye':
        this.goodbyes++;
    }
  }

  #welcome(): void {
    const info: SessionInfo = wire.SessionInfo.create({
      sessionId: `session${this.sessions}`,
      heartbeatPeriodMs: this.heartbeatPeriodMs,
      managerAddresses: ['m1:7377'],
    });
    this.#send({ body: { kind: 'session', session: info } });
    if (this.#session !== undefined) this.#session.sequence = 1;
    if (this.networks !== undefined) this.sendNetworks(this.networks);
    const tasks = [...this.tasks.values()].map((task) => {
      const status = this.statuses.get(task.id) ?? task.status;
      return status === undefined ? task : { ...task, status };
    });
    this.sendAssignments(wire.Assignments.create({ sequence: 1, isFull: true, tasks }));
  }

  #accept(batch: wire.StatusBatch): void {
    this.batches.push(batch);
    if (!this.isAccepting) return;
    for (const { taskId, status } of batch.updates) {
      if (status === undefined) continue;
      this.states.set(taskId, [...(this.states.get(taskId) ?? []), status.state]);
      if (status.state >= (this.statuses.get(taskId)?.state ?? 0))
        this.statuses.set(taskId, status);
    }
    const accepted = wire.StatusesAccepted.create({ sequence: batch.sequence });
    this.#send({ body: { kind: 'statusesAccepted', statusesAccepted: accepted } });
  }
}

/** Keeps what it was told of the networks; applies it at once, or when the test lets it. */
export class GatedConsumer implements NetworkConsumer {
  readonly name = 'gated';
  readonly changes: ViewChanges[] = [];
  /** What waits while it is held. */
  readonly waiting: PromiseWithResolvers<void>[] = [];
  isHeld = false;
  view: NetworkView | undefined;

  apply(view: NetworkView, changes: ViewChanges): Promise<void> {
    this.view = view;
    this.changes.push(changes);
    if (!this.isHeld) return Promise.resolve();
    const gate = Promise.withResolvers<void>();
    this.waiting.push(gate);
    return gate.promise;
  }

  /** Endpoints of the view: the tasks' ids. */
  get taskIds(): readonly string[] {
    return [...(this.view?.endpoints.values() ?? [])].map(({ taskId }) => taskId);
  }
}

/** Comes after another; what each of its calls is to wait for, and whether that has settled. */
export class LaterConsumer implements NetworkConsumer {
  readonly name = 'later';
  readonly calls: { readonly mustWait: boolean; isSettled: boolean }[] = [];

  async apply(
    _view: NetworkView,
    _changes: ViewChanges,
    _source?: string,
    before?: Promise<unknown>,
  ): Promise<void> {
    const call = { mustWait: before !== undefined, isSettled: false };
    this.calls.push(call);
    await before;
    call.isSettled = true;
  }
}

/** A simulated host: everything of it but the agent outlives the agent. */
export class AgentWorld {
  readonly clock = new VirtualClock();
  readonly random;
  readonly runtime: SimulatedRuntime;
  readonly networks: SimulatedNetworks;
  readonly files = new SimulatedFiles();
  readonly storage = new SimulatedStorage();
  readonly manager: PlayedManager;
  readonly infos: SessionInfo[] = [];
  readonly consumer = new GatedConsumer();
  readonly later = new LaterConsumer();
  readonly genericResources: GenericResources;
  agent: Agent;
  #agents = 0;

  constructor(seed = 1, genericResources: GenericResources = new Map()) {
    this.genericResources = genericResources;
    this.random = seededRandom(seed);
    const { clock } = this;
    this.runtime = new SimulatedRuntime({ clock, random: this.random.fork('runtime') });
    this.networks = new SimulatedNetworks(clock);
    this.manager = new PlayedManager(clock);
    this.agent = this.#makeAgent();
  }

  /** Boots the agent and waits for its first session. */
  async begin(): Promise<void> {
    this.agent.start();
    await this.until('a session', () => this.agent.isConnected);
  }

  /** The agent's process dies where it is; another one starts. Containers do not notice. */
  async crash(): Promise<void> {
    this.agent.abandon();
    this.runtime.hangUp();
    this.manager.hangUp();
    this.restart();
    await this.until('a session', () => this.agent.isConnected);
  }

  /** Another process of the agent begins; the one before must be dead. */
  restart(): void {
    this.agent = this.#makeAgent();
    this.agent.start();
  }

  until(what: string, condition: () => boolean, withinMs = 60_000): Promise<void> {
    return this.clock.until(condition, withinMs, what);
  }

  /** Until the manager knows this state of the task. */
  reaches(taskId: string, state: wire.TaskState, withinMs?: number): Promise<void> {
    const name = wire.TaskStateNames[state] ?? String(state);
    const look = (): boolean => this.manager.statuses.get(taskId)?.state === state;
    return this.until(`task ${taskId} ${name}`, look, withinMs);
  }

  /** The state of the task's container on the host. */
  container(taskId: string, name = 'main') {
    return this.runtime.peek().find(({ id }) => id === `${taskId}.${name}`);
  }

  #makeAgent(): Agent {
    const { clock, runtime, networks, files, storage, manager } = this;
    return new Agent({
      nodeId,
      address: '',
      runtime,
      networks,
      networkConsumers: [this.consumer, this.later],
      genericResources: this.genericResources,
      files,
      storage,
      clock,
      line: manager,
      random: this.random.fork(`agent${++this.#agents}`),
      log: silentLogger,
      metrics: silentMetrics,
      describe: () => Promise.resolve(wire.NodeDescription.create({ hostname: 'host1' })),
      onSession: (info) => this.infos.push(info),
    });
  }
}
