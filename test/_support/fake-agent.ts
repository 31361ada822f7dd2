/** An agent without containers: keeps what the dispatcher tells it, and says what the test says. */
import {
  AgentHello,
  AgentMessage,
  Heartbeat,
  NodeDescription,
  StatusBatch,
  TaskStatus,
  TaskStatusUpdate,
} from '#proto';
import type { Assignments, ManagerMessage, SessionInfo, Task, TaskState } from '#proto';
import type { Clock, ClusterError, Timer } from '#lib';
import type { Dispatcher, SessionInput } from '#manager/dispatcher/dispatcher';

export class FakeAgent {
  readonly nodeId: string;
  readonly infos: SessionInfo[] = [];
  readonly assignments: Assignments[] = [];
  readonly accepted: number[] = [];
  readonly work: ManagerMessage[] = [];
  /** What the agent knows after every message so far. */
  readonly tasks = new Map<string, Task>();
  closedWith: ClusterError | undefined;
  readonly #input: SessionInput;
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
    if (body?.kind === 'session') this.infos.push(body.session);
    else if (body?.kind === 'assignments') this.#apply(body.assignments);
    else if (body?.kind === 'statusesAccepted') this.accepted.push(body.statusesAccepted.sequence);
    else this.work.push(message);
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
