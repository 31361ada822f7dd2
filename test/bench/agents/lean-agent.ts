/**
 * An agent without containers on a connection of its own: TLS with its certificate and the dispatcher's session.
 * Only what it does itself is less than a real one's.
 */
import tls from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { managerServerName } from '#manager/ca/signer';
import { AgentHello, AgentMessage, Heartbeat, ManagerMessage, NodeDescription } from '#proto';
import { FrameReader, Resources, StatusBatch, TaskState, TaskStatus } from '#proto';
import { HeldImage, HeldImages, TaskStatusUpdate, frameOf, sessionProtocol } from '#proto';
import type { Assignments, Task } from '#proto';

/** Tasks that arrive within this time are told to run in one batch, as an agent's outbox does it. */
const startMs = 50;
/** Before a session that broke is opened again: one to two seconds. */
const reopenMs = 1_000;

/** What every agent has on its disk. */
const heldImages = HeldImages.create({
  images: Array.from({ length: 20 }, (_, at) =>
    HeldImage.create({
      names: [`registry.example/team/application-${at}:1.2.3`],
      sizeBytes: (at + 1) * 50 * 2 ** 20,
    }),
  ),
});

export interface LeanIdentity {
  readonly hostname: string;
  readonly keyPem: Uint8Array;
  readonly certificatePem: Uint8Array;
}

/** What all agents of the process have done so far. */
export class FleetCounts {
  /** That stand now. */
  sessions = 0;
  /** That ended, for whatever reason; each was opened again. */
  broken = 0;
  /** Tasks that agents know of and are to run. */
  assigned = 0;
  /** Tasks whose RUNNING a manager has acknowledged as durable. */
  running = 0;
  heartbeats = 0;
  lastError = '';
}

export class LeanAgent {
  readonly #port: number;
  readonly #context: tls.SecureContext;
  readonly #counts: FleetCounts;
  readonly #identity: LeanIdentity;
  /** What is wanted of each task. */
  readonly #known = new Map<string, TaskState>();
  /** Tasks that are durably RUNNING. */
  readonly #running = new Set<string>();
  readonly #unaccepted = new Map<number, readonly string[]>();
  #socket: TLSSocket | undefined;
  #unsaid: TaskStatusUpdate[] = [];
  #sequence = 0;
  #periodMs = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(port: number, rootPem: Uint8Array, identity: LeanIdentity, counts: FleetCounts) {
    this.#port = port;
    this.#counts = counts;
    this.#identity = identity;
    this.#context = tls.createSecureContext({
      ca: Buffer.from(rootPem),
      key: Buffer.from(identity.keyPem),
      cert: Buffer.from(identity.certificatePem),
      minVersion: 'TLSv1.3',
    });
    this.#open();
  }

  #open(): void {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: this.#port,
      secureContext: this.#context,
      servername: managerServerName,
      ALPNProtocols: [sessionProtocol],
    });
    const reader = new FrameReader();
    socket.setNoDelay(true);
    socket.on('error', (error) => this.#blame(String(error)));
    socket.once('close', () => this.#lost(socket));
    socket.on('data', (piece: Uint8Array) => {
      for (const frame of reader.read(piece)) this.#take(ManagerMessage.decode(frame));
    });
    this.#socket = socket;
    this.#hello();
  }

  #blame(reason: string): void {
    this.#counts.lastError = `${this.#identity.hostname}: ${reason}`;
  }

  /** A new session begins with nothing, as a real agent's does. */
  #lost(socket: TLSSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    if (this.#periodMs > 0) this.#counts.sessions--;
    this.#counts.broken++;
    for (const id of this.#known.keys()) this.#forget(id);
    this.#periodMs = 0;
    this.#sequence = 0;
    this.#unsaid = [];
    this.#unaccepted.clear();
    setTimeout(() => this.#open(), reopenMs * (1 + Math.random()));
  }

  #hello(): void {
    const resources = Resources.create({ cpuNano: 32e9, memoryBytes: 64 * 2 ** 30 });
    const { hostname } = this.#identity;
    const description = NodeDescription.create({ hostname, resources });
    this.#say({ kind: 'hello', hello: AgentHello.create({ description }) });
  }

  #say(body: NonNullable<AgentMessage['body']>): void {
    if (this.#socket?.destroyed !== false) return;
    this.#socket.write(frameOf(AgentMessage.encode(AgentMessage.create({ body }))));
  }

  #take({ body }: ManagerMessage): void {
    switch (body?.kind) {
      case 'session': {
        const isFirst = this.#periodMs === 0;
        this.#periodMs = body.session.heartbeatPeriodMs;
        if (!isFirst) return;
        this.#counts.sessions++;
        this.#say({ kind: 'images', images: heldImages });
        this.#beat();
        return;
      }
      case 'assignments':
        this.#apply(body.assignments);
        return;
      case 'statusesAccepted':
        this.#accepted(body.statusesAccepted.sequence);
        return;
      case 'heartbeat':
        this.#counts.heartbeats++;
        return;
      case 'end':
        this.#blame(body.end.message);
        this.#socket?.destroy();
        return;
      default:
        return;
    }
  }

  #beat(): void {
    this.#timers[0] = setTimeout(() => {
      this.#say({ kind: 'heartbeat', heartbeat: Heartbeat.create() });
      this.#beat();
    }, this.#periodMs);
  }

  #apply({ tasks, removedTaskIds }: Assignments): void {
    for (const task of tasks) this.#follow(task);
    for (const id of removedTaskIds) this.#forget(id);
  }

  #forget(id: string): void {
    if (this.#known.get(id) === TaskState.RUNNING) this.#counts.assigned--;
    if (this.#running.delete(id)) this.#counts.running--;
    this.#known.delete(id);
  }

  /** Does at once what is wanted of the task. */
  #follow(task: Task): void {
    const isToRun = task.desiredState <= TaskState.RUNNING;
    const state = isToRun ? TaskState.RUNNING : TaskState.SHUTDOWN;
    if (this.#known.get(task.id) === state) return;
    this.#forget(task.id);
    this.#known.set(task.id, state);
    if (isToRun) this.#counts.assigned++;
    const isDurable = task.status?.state === state;
    if (isDurable && state === TaskState.RUNNING) this.#ran([task.id]);
    if (isDurable) return;
    const status = TaskStatus.create({ state, message: 'simulated', changedAtMs: Date.now() });
    if (this.#unsaid.length === 0) this.#timers[1] = setTimeout(() => this.#report(), startMs);
    this.#unsaid.push(TaskStatusUpdate.create({ taskId: task.id, status }));
  }

  #report(): void {
    const updates = this.#unsaid;
    this.#unsaid = [];
    const running = updates
      .filter(({ status }) => status?.state === TaskState.RUNNING)
      .map(({ taskId }) => taskId);
    const sequence = ++this.#sequence;
    this.#unaccepted.set(sequence, running);
    this.#say({ kind: 'statuses', statuses: StatusBatch.create({ sequence, updates }) });
  }

  #accepted(upTo: number): void {
    for (const [sequence, running] of this.#unaccepted) {
      if (sequence > upTo) return;
      this.#ran(running);
      this.#unaccepted.delete(sequence);
    }
  }

  #ran(taskIds: readonly string[]): void {
    const before = this.#running.size;
    for (const id of taskIds) if (this.#known.get(id) === TaskState.RUNNING) this.#running.add(id);
    this.#counts.running += this.#running.size - before;
  }
}
