/**
 * An agent without containers on a connection of its own: TLS with its certificate, HTTP/2, gRPC's frames, the
 * dispatcher's session. Only the client side differs from a real one: no grpc-js, which would cost this
 * process more than the manager under test.
 */
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import tls from 'node:tls';
import { managerServerName } from '#manager/ca/signer';
import { AgentHello, AgentMessage, Heartbeat, ManagerMessage, NodeDescription } from '#proto';
import { DispatcherService, Resources, StatusBatch, TaskState, TaskStatus } from '#proto';
import { TaskStatusUpdate } from '#proto';
import type { Assignments, Task } from '#proto';

/** Tasks that arrive within this time are told to run in one batch, as an agent's outbox does it. */
const startMs = 50;
/** As the channels of real agents have it. */
const pingPeriodMs = 5_000;
const frameHeadBytes = 5;

export interface LeanIdentity {
  readonly hostname: string;
  readonly keyPem: Uint8Array;
  readonly certificatePem: Uint8Array;
}

/** What all agents of the process have done so far. */
export class FleetCounts {
  sessions = 0;
  closed = 0;
  /** Tasks that agents know of. */
  assigned = 0;
  /** Tasks whose RUNNING a manager has acknowledged as durable. */
  running = 0;
  heartbeats = 0;
  lastError = '';
}

export class LeanAgent {
  readonly #counts: FleetCounts;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #identity: LeanIdentity;
  readonly #known = new Map<string, TaskState>();
  readonly #unaccepted = new Map<number, number>();
  #unread: Buffer = Buffer.alloc(0);
  #unsaid: TaskStatusUpdate[] = [];
  #sequence = 0;
  #periodMs = 0;

  constructor(port: number, rootPem: Uint8Array, identity: LeanIdentity, counts: FleetCounts) {
    this.#counts = counts;
    this.#identity = identity;
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      ca: Buffer.from(rootPem),
      key: Buffer.from(identity.keyPem),
      cert: Buffer.from(identity.certificatePem),
      servername: managerServerName,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
    });
    this.#session = connect(`https://127.0.0.1:${port}`, { createConnection: () => socket });
    this.#session.on('error', (error) => this.#lost(String(error)));
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': DispatcherService.session.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#stream.on('error', (error) => this.#lost(String(error)));
    this.#stream.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#stream.on('trailers', (trailers) => this.#lost(String(trailers['grpc-message'])));
    this.#stream.on('close', () => {
      counts.closed++;
    });
    this.#hello();
  }

  close(): void {
    this.#session.destroy();
  }

  #lost(reason: string): void {
    this.#counts.lastError = `${this.#identity.hostname}: ${reason}`;
  }

  #hello(): void {
    const resources = Resources.create({ cpuNano: 32e9, memoryBytes: 64 * 2 ** 30 });
    const { hostname } = this.#identity;
    const description = NodeDescription.create({ hostname, resources });
    this.#say({ kind: 'hello', hello: AgentHello.create({ description }) });
  }

  #say(body: NonNullable<AgentMessage['body']>): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    const message = AgentMessage.encode(AgentMessage.create({ body }));
    const frame = Buffer.allocUnsafe(frameHeadBytes + message.length);
    frame.writeUInt8(0, 0);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, frameHeadBytes);
    this.#stream.write(frame);
  }

  #read(chunk: Buffer): void {
    let rest = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (rest.length >= frameHeadBytes) {
      const end = frameHeadBytes + rest.readUInt32BE(1);
      if (rest.length < end) break;
      this.#take(ManagerMessage.decode(rest.subarray(frameHeadBytes, end)));
      rest = rest.subarray(end);
    }
    this.#unread = rest;
  }

  #take({ body }: ManagerMessage): void {
    switch (body?.kind) {
      case 'session': {
        const isFirst = this.#periodMs === 0;
        this.#periodMs = body.session.heartbeatPeriodMs;
        if (!isFirst) return;
        this.#counts.sessions++;
        this.#beat();
        this.#ping();
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
      default:
        return;
    }
  }

  #beat(): void {
    setTimeout(() => {
      this.#say({ kind: 'heartbeat', heartbeat: Heartbeat.create() });
      if (!this.#session.destroyed) this.#beat();
    }, this.#periodMs);
  }

  #ping(): void {
    setTimeout(
      () => {
        if (this.#session.destroyed) return;
        this.#session.ping(() => undefined);
        this.#ping();
      },
      pingPeriodMs * (1 - 0.1 * Math.random()),
    );
  }

  #apply({ tasks, removedTaskIds }: Assignments): void {
    for (const task of tasks) this.#follow(task);
    for (const id of removedTaskIds) if (this.#known.delete(id)) this.#counts.assigned--;
  }

  /** Does at once what is wanted of the task. */
  #follow(task: Task): void {
    if (!this.#known.has(task.id)) this.#counts.assigned++;
    const isToRun = task.desiredState <= TaskState.RUNNING;
    const state = isToRun ? TaskState.RUNNING : TaskState.SHUTDOWN;
    if (this.#known.get(task.id) === state) return;
    this.#known.set(task.id, state);
    const status = TaskStatus.create({ state, message: 'simulated', changedAtMs: Date.now() });
    if (this.#unsaid.length === 0) setTimeout(() => this.#report(), startMs);
    this.#unsaid.push(TaskStatusUpdate.create({ taskId: task.id, status }));
  }

  #report(): void {
    const updates = this.#unsaid;
    this.#unsaid = [];
    const running = updates.filter(({ status }) => status?.state === TaskState.RUNNING).length;
    const sequence = ++this.#sequence;
    this.#unaccepted.set(sequence, running);
    this.#say({ kind: 'statuses', statuses: StatusBatch.create({ sequence, updates }) });
  }

  #accepted(upTo: number): void {
    for (const [sequence, running] of this.#unaccepted) {
      if (sequence > upTo) return;
      this.#counts.running += running;
      this.#unaccepted.delete(sequence);
    }
  }
}
