/** A node that answers work requests: connected to a router without a dispatcher. */
import { LogChunk, ManagerMessage, NodeRole, WorkDone, WorkUp } from '#proto';
import type { WorkDown, WorkRequest } from '#proto';
import { Channel } from '#manager/work/channel';
import type { WorkRouter } from '#manager/work/router';
import { aCall } from './control.ts';

/** The agent's end of one Work stream. */
export class FakeWorkStream {
  readonly request: WorkRequest;
  readonly incoming: AsyncIterable<WorkDown>;
  readonly #up = new Channel<WorkUp>(1000);
  readonly #abort = new AbortController();

  constructor(work: WorkRouter, nodeId: string, request: WorkRequest) {
    this.request = request;
    this.#up.tryPush(WorkUp.create({ body: { kind: 'id', id: request.id } }));
    const caller = { kind: 'node', nodeId, role: NodeRole.WORKER } as const;
    this.incoming = work.handle(this.#up, aCall(caller, this.#abort.signal));
  }

  say(body: NonNullable<WorkUp['body']>): this {
    this.#up.tryPush(WorkUp.create({ body }));
    return this;
  }

  line(taskId: string, text: string, atMs = 0): this {
    const line = new TextEncoder().encode(text);
    return this.say({ kind: 'log', log: LogChunk.create({ taskId, line, atMs }) });
  }

  done(error = '', errorCode = ''): void {
    this.say({ kind: 'done', done: WorkDone.create({ error, errorCode }) });
    this.#up.end();
  }

  /** The connection breaks. */
  breakOff(): void {
    this.#abort.abort();
    this.#up.abort();
  }
}

export class FakeWorker {
  readonly nodeId: string;
  readonly requests: WorkRequest[] = [];
  readonly cancelled: string[] = [];
  readonly streams: FakeWorkStream[] = [];
  readonly send: (message: ManagerMessage) => void;

  /** `answer` is called with the opened stream of each request; none: the node never calls back. */
  constructor(work: WorkRouter, nodeId: string, answer?: (stream: FakeWorkStream) => void) {
    this.nodeId = nodeId;
    this.send = ({ body }) => {
      if (body?.kind === 'cancelWork') this.cancelled.push(body.cancelWork);
      if (body?.kind !== 'work') return;
      this.requests.push(body.work);
      if (answer === undefined) return;
      const stream = new FakeWorkStream(work, nodeId, body.work);
      this.streams.push(stream);
      answer(stream);
    };
    work.nodeConnected(nodeId, this.send);
  }
}
