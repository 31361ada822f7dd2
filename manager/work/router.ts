import { ClusterError, isErrorCode, newId } from '#lib';
import type { Clock, Logger, Metrics, Random, Timer } from '#lib';
import { ManagerMessage, WorkDown, WorkRequest } from '#proto';
import type { CallContext, WorkUp } from '#proto';
import { Channel, abortWith } from './channel.ts';
import { visible } from './visible.ts';

/** What a node answers, without the frame: lines, progress, lists. */
export type WorkAnswer = Extract<
  NonNullable<WorkUp['body']>,
  { readonly kind: 'log' | 'imageProgress' | 'images' | 'networkReport' }
>;
export type WorkKind = NonNullable<WorkRequest['kind']>;

/** One piece of work on one node. */
export interface WorkExchange {
  readonly nodeId: string;
  /**
   * What the node answers, in order; ends when the node is done. Throws the node's error, or
   * UNAVAILABLE when it does not call back, hangs up or is lost, NOT_LEADER when this manager leads
   * no more. Leaving it cancels the work.
   */
  readonly answers: AsyncIterable<WorkAnswer>;
  /** Waits for the node to call back and for room on the line; rejects once the work is over. */
  send(message: WorkDown): Promise<void>;
  /** Tells the node to stop; `answers` ends, or throws `error`. Idempotent. */
  cancel(error?: ClusterError): void;
}

export interface WorkRouterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How long a node may take to call back, ms. */
const workAcceptDeadlineMs = 5000;
/** Pieces of work open at once; more are refused with LIMIT_EXCEEDED. */
export const workOpenMax = 2000;
/** Answers that wait for the reader before the node is held back. */
const answersQueueMax = 64;
/** Messages on their way to the node before the sender is held back; chunks are up to 1 MiB. */
const downQueueMax = 4;

type SendToNode = (message: ManagerMessage) => void;

interface Entry {
  readonly id: string;
  readonly nodeId: string;
  readonly answers: Channel<WorkAnswer>;
  readonly down: Channel<WorkDown>;
  isAccepted: boolean;
  deadline: Timer;
}

/**
 * Matches what the leader asks of agents (over their sessions) with the streams on which they
 * answer. Only the node that was asked may answer, once.
 */
export class WorkRouter {
  readonly #options: WorkRouterOptions;
  readonly #nodes = new Map<string, SendToNode>();
  readonly #entries = new Map<string, Entry>();
  readonly #refused;

  constructor(options: WorkRouterOptions) {
    this.#options = options;
    this.#refused = options.metrics.counter(
      'tessera_work_refused_total',
      'Answers of nodes to work they were not asked for.',
    );
  }

  /** The dispatcher's: the node's session is open and `send` reaches it. */
  nodeConnected(nodeId: string, send: SendToNode): void {
    this.#nodes.set(nodeId, send);
  }

  /** The dispatcher's: that session is over. Work that the node has taken up may still end well. */
  nodeDisconnected(nodeId: string, send: SendToNode): void {
    if (this.#nodes.get(nodeId) === send) this.#nodes.delete(nodeId);
  }

  /** The dispatcher's: the node is DOWN; whatever it was doing ends with UNAVAILABLE. */
  nodeLost(nodeId: string): void {
    for (const entry of this.#entries.values())
      if (entry.nodeId === nodeId) this.#finish(entry, unavailable(`node ${nodeId} is down`));
  }

  /** Everything ends: this manager leads no more. */
  stop(): void {
    this.#nodes.clear();
    for (const entry of this.#entries.values())
      this.#finish(
        entry,
        new ClusterError('NOT_LEADER', 'this manager is not the leader any more: try again'),
      );
  }

  isConnected(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  /** UNAVAILABLE when the node has no session; LIMIT_EXCEEDED when too much is open. */
  request(nodeId: string, kind: WorkKind): WorkExchange {
    const send = this.#nodes.get(nodeId);
    if (send === undefined) throw unavailable(`node ${nodeId} is not connected`);
    if (this.#entries.size >= workOpenMax)
      throw new ClusterError(
        'LIMIT_EXCEEDED',
        `${workOpenMax} calls to nodes are open already: close some, or try again later`,
      );
    const { clock, random } = this.#options;
    const id = newId(random);
    const entry: Entry = {
      id,
      nodeId,
      answers: new Channel(answersQueueMax),
      down: new Channel(downQueueMax),
      isAccepted: false,
      deadline: clock.after(workAcceptDeadlineMs, () =>
        this.#finish(
          entry,
          unavailable(`node ${nodeId} did not answer within ${workAcceptDeadlineMs} ms`),
        ),
      ),
    };
    this.#entries.set(id, entry);
    entry.answers.onClose(() => this.#abandoned(entry));
    send(ManagerMessage.create({ body: { kind: 'work', work: WorkRequest.create({ id, kind }) } }));
    return {
      nodeId,
      answers: entry.answers,
      send: (message) => entry.down.push(message),
      cancel: (error) => entry.answers.abort(error),
    };
  }

  /** Serves one Work call of an agent. */
  handle(request: AsyncIterable<WorkUp>, context: CallContext): AsyncIterable<WorkDown> {
    const out = new Channel<WorkDown>(downQueueMax);
    abortWith(context.signal, out as Channel<never>);
    void this.#serve(request, context, out);
    return out;
  }

  async #serve(
    request: AsyncIterable<WorkUp>,
    context: CallContext,
    out: Channel<WorkDown>,
  ): Promise<void> {
    let entry: Entry | undefined;
    const unnamed = this.#options.clock.after(workAcceptDeadlineMs, () =>
      out.end(
        new ClusterError('DEADLINE_EXCEEDED', 'the node did not say in time which work it answers'),
      ),
    );
    try {
      for await (const message of request) {
        if (entry === undefined) {
          entry = this.#accept(message, context);
          unnamed.cancel();
          void forward(entry.down, out);
          context.signal.addEventListener('abort', () => this.#hungUp(entry), { once: true });
        } else if (await this.#take(entry, message)) break;
      }
      this.#hungUp(entry);
      out.end();
    } catch (error) {
      if (entry !== undefined) this.#finish(entry, unavailable(`node ${entry.nodeId} hung up`));
      out.end(error);
    } finally {
      unnamed.cancel();
    }
  }

  #accept(message: WorkUp, context: CallContext): Entry {
    const id = message.body?.kind === 'id' ? message.body.id : '';
    const entry = this.#entries.get(id);
    const { caller } = context;
    const isAsked = caller.kind === 'node' && caller.nodeId === entry?.nodeId;
    if (entry === undefined || !isAsked || entry.isAccepted) {
      this.#refused.inc();
      this.#options.log.warn('work answer refused', { caller, workId: id.slice(0, 32) });
      throw new ClusterError(
        'PERMISSION_DENIED',
        'this node was not asked for that work, or it is over: wait for the next request',
      );
    }
    entry.isAccepted = true;
    entry.deadline.cancel();
    return entry;
  }

  /** Answers true when the work is over. */
  async #take(entry: Entry, { body }: WorkUp): Promise<boolean> {
    switch (body?.kind) {
      case 'log':
      case 'imageProgress':
      case 'images':
      case 'networkReport':
        // A reader that has left ends the work.
        await entry.answers.push(body).catch(() => undefined);
        return entry.answers.isClosed;
      case 'done': {
        const { errorCode, error } = body.done;
        const code = isErrorCode(errorCode) ? errorCode : 'INTERNAL';
        this.#finish(entry, error === '' ? undefined : new ClusterError(code, visible(error)));
        return true;
      }
      default:
        return false;
    }
  }

  #hungUp(entry: Entry | undefined): void {
    if (entry !== undefined) this.#finish(entry, unavailable(`node ${entry.nodeId} hung up`));
  }

  #abandoned(entry: Entry): void {
    if (!this.#entries.has(entry.id)) return;
    const cancel = ManagerMessage.create({ body: { kind: 'cancelWork', cancelWork: entry.id } });
    this.#nodes.get(entry.nodeId)?.(cancel);
    this.#finish(entry, undefined);
  }

  #finish(entry: Entry, error: ClusterError | undefined): void {
    if (!this.#entries.delete(entry.id)) return;
    entry.deadline.cancel();
    entry.answers.end(error);
    entry.down.end(error);
  }
}

function unavailable(message: string): ClusterError {
  return new ClusterError('UNAVAILABLE', message);
}

async function forward(from: Channel<WorkDown>, to: Channel<WorkDown>): Promise<void> {
  try {
    for await (const message of from) await to.push(message);
    to.end();
  } catch (error) {
    to.end(error);
  }
}
