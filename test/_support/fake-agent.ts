/** An agent without containers: keeps what the dispatcher tells it, and says what the test says. */
import {
  AgentHello,
  AgentMessage,
  Heartbeat,
  NodeDescription,
  NetworksApplied,
  StatusBatch,
  TaskStatus,
  TaskStatusUpdate,
} from '#proto';
import type {
  Assignments,
  ManagerMessage,
  NetworkChanges,
  SessionInfo,
  Task,
  TaskState,
} from '#proto';
import { MessageOrder } from '#agent/message-order';
import { joined } from '#agent/network-view/network-follower';
import { LiveNetworkView } from '#agent/network-view/view';
import type { Clock, ClusterError, Timer } from '#lib';
import type { SessionInput } from '#manager/dispatcher/agent-session';
import type { Dispatcher } from '#manager/dispatcher/dispatcher';

export class FakeAgent {
  readonly nodeId: string;
  readonly infos: SessionInfo[] = [];
  readonly assignments: Assignments[] = [];
  readonly accepted: number[] = [];
  readonly work: ManagerMessage[] = [];
  /** The kinds of all messages, in order. */
  readonly order: string[] = [];
  /** What it was told of its networks, and what it knows of them after every message so far. */
  readonly networks: NetworkChanges[] = [];
  readonly view = new LiveNetworkView();
  /** Whether it says that networks are applied, as soon as it is told. */
  isApplying = true;
  /** What the agent knows after every message so far. */
  readonly tasks = new Map<string, Task>();
  closedWith: ClusterError | undefined;
  readonly #input: SessionInput;
  readonly #networkOrder = new MessageOrder<NetworkChanges>();
  #parts: Task[] = [];
  #sequence = 0;
  #beat: Timer | undefined;

  constructor(dispatcher: Dispatcher, nodeId: string, address = '10.0.0.9:4711') {
    this.nodeId = nodeId;
    this.#input = dispatcher.openSession(
      { nodeId, address },
      {
        send: (message) => this.#take(message),
        close: (error) => {
          this.closedWith = error;
          this.#beat?.cancel();
        },
      },
    );
  }

  get isOpen(): boolean {
    return this.closedWith === undefined;
  }

  hello(init: Partial<AgentHello> = {}): this {
    const description = NodeDescription.create({ hostname: this.nodeId });
    return this.say({ kind: 'hello', hello: AgentHello.create({ description, ...init }) });
  }

  /** Beats in the period it was told until it is stopped. */
  beat(clock: Clock): this {
    const tick = (): void => {
      this.say({ kind: 'heartbeat', heartbeat: Heartbeat.create() });
      this.beat(clock);
    };
    this.#beat = clock.after(this.infos.at(-1)?.heartbeatPeriodMs ?? 1000, tick);
    return this;
  }

  /** Goes silent; the stream stays. */
  silence(): void {
    this.#beat?.cancel();
  }

  /** The stream breaks. */
  hangUp(): void {
    this.silence();
    this.#input.closed();
  }

  say(body: NonNullable<AgentMessage['body']>): this {
    this.#input.receive(AgentMessage.create({ body }));
    return this;
  }

  report(taskId: string, state: TaskState, init: Partial<TaskStatus> = {}): this {
    const update = TaskStatusUpdate.create({
      taskId,
      status: TaskStatus.create({ state, ...init }),
    });
    return this.reportAll([update]);
  }

  reportAll(updates: readonly TaskStatusUpdate[]): this {
    const statuses = StatusBatch.create({ sequence: ++this.#sequence, updates: [...updates] });
    return this.say({ kind: 'statuses', statuses });
  }

  #take(message: ManagerMessage): void {
    const { body } = message;
    this.order.push(body?.kind ?? '');
    if (body?.kind === 'session') this.infos.push(body.session);
    else if (body?.kind === 'assignments') this.#apply(body.assignments);
    else if (body?.kind === 'networks') this.#follow(body.networks);
    else if (body?.kind === 'statusesAccepted') this.accepted.push(body.statusesAccepted.sequence);
    else this.work.push(message);
  }

  /** Says that all it was told of its networks is applied. */
  networksApplied(): this {
    const sequence = this.networks.at(-1)?.sequence ?? 0;
    const networksApplied = NetworksApplied.create({ sequence });
    return this.say({ kind: 'networksApplied', networksApplied });
  }

  #follow(message: NetworkChanges): void {
    this.networks.push(message);
    const taken = this.#networkOrder.take(message);
    if (taken === 'gap') throw new Error(`a message before ${message.sequence} is missing`);
    if (taken !== 'nothing') this.view.apply(joined(taken));
    // As over a wire: never within the call that tells.
    if (this.isApplying) queueMicrotask(() => this.isOpen && this.networksApplied());
  }

  #apply(message: Assignments): void {
    const expected = (this.assignments.at(-1)?.sequence ?? 0) + 1;
    if (message.sequence !== expected) throw new Error(`gap: ${message.sequence}, not ${expected}`);
    this.assignments.push(message);
    if (message.isFull) {
      this.#parts.push(...message.tasks);
      if (message.isContinued) return;
      this.tasks.clear();
      for (const task of this.#parts.splice(0)) this.tasks.set(task.id, task);
      return;
    }
    for (const task of message.tasks) this.tasks.set(task.id, task);
    for (const id of message.removedTaskIds) this.tasks.delete(id);
  }
}
