import type { Clock, Logger, Metrics } from '#lib';
import { ClusterError, messageOf } from '#lib';
import type { WorkRequest } from '#proto';
import { WorkDone } from '#proto';
import type { Runtime } from '../runtime/port.ts';
import type { ManagerLine, WorkLink } from '../session-port.ts';
import type { TaskView } from '../task/task-view.ts';
import type { WorkContext } from './work-context.ts';
import { listImages, loadImage, pullImage, removeImage } from './images.ts';
import { streamLogs } from './logs.ts';
import { diagnoseNetworks } from './networks.ts';
import type { NetworkExaminer } from './networks.ts';

/** Pieces of work at once; more are refused with LIMIT_EXCEEDED. */
export const workMax = 64;

export interface WorkerOptions {
  readonly nodeId: string;
  readonly runtime: Runtime;
  readonly line: ManagerLine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tasks: () => readonly TaskView[];
  /** Left out on a host without networks of its own. */
  readonly networkExaminer?: NetworkExaminer;
}

/** Does what the managers ask for besides tasks: logs, images, networks, each on a stream of its own. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #done;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#done = options.metrics.counter(
      'tessera_agent_work_total',
      'Pieces of work done for the managers, by kind and outcome.',
      ['kind', 'outcome'],
    );
  }

  /** Idempotent by the request's id. */
  begin(request: WorkRequest): void {
    if (this.#running.has(request.id) || request.kind === undefined) return;
    const controller = new AbortController();
    const isRefused = this.#running.size >= workMax;
    if (!isRefused) this.#running.set(request.id, controller);
    void this.#serve(request, controller, isRefused);
  }

  cancel(id: string): void {
    this.#running.get(id)?.abort(new ClusterError('CANCELLED', 'the manager cancelled the work'));
  }

  /** A new session: who asked over the old one is gone. */
  reset(): void {
    for (const id of this.#running.keys()) this.cancel(id);
  }

  stop(): void {
    this.reset();
  }

  async #serve(
    request: WorkRequest,
    controller: AbortController,
    isRefused: boolean,
  ): Promise<void> {
    const { line, log } = this.#options;
    const kind = request.kind?.kind ?? 'none';
    let link: WorkLink | undefined;
    let outcome = 'ok';
    // Ends what may still run of the work; the line itself must live until the answer is out.
    const over = new AbortController();
    const signal = AbortSignal.any([controller.signal, over.signal]);
    try {
      link = line.openWork(controller.signal);
      await link.send({ body: { kind: 'id', id: request.id } });
      // An archive is read by the work itself; all else only ends when the manager hangs up.
      if (kind !== 'loadImage') void this.#watch(request.id, link);
      const done = await this.#answer(request, link, signal, isRefused);
      if (done.errorCode !== '') outcome = 'refused';
      await link.send({ body: { kind: 'done', done } });
    } catch (error) {
      outcome = 'failed';
      log.info('work was given up', { workId: request.id, kind, err: messageOf(error) });
      controller.abort(error);
    } finally {
      this.#running.delete(request.id);
      over.abort(new ClusterError('CANCELLED', 'the work is over'));
      link?.close();
      this.#done.inc({ kind, outcome });
    }
  }

  async #watch(id: string, link: WorkLink): Promise<void> {
    try {
      for await (const message of link.incoming)
        this.#options.log.debug('unexpected message for work', { kind: message.body?.kind });
    } catch (error) {
      this.#options.log.debug('the line of work ended', { workId: id, err: messageOf(error) });
    }
    this.cancel(id);
  }

  /** Errors of the work itself are an answer, not a failure of the line. */
  async #answer(
    request: WorkRequest,
    link: WorkLink,
    signal: AbortSignal,
    isRefused: boolean,
  ): Promise<WorkDone> {
    const { nodeId, runtime, tasks, networkExaminer } = this.#options;
    try {
      if (isRefused)
        throw new ClusterError('LIMIT_EXCEEDED', `this node has ${workMax} requests under way`);
      const own = { nodeId, runtime, tasks: tasks(), networkExaminer, link, signal };
      await perform(request, own);
      return WorkDone.create();
    } catch (error) {
      const errorCode = error instanceof ClusterError ? error.code : 'INTERNAL';
      if (errorCode === 'INTERNAL')
        this.#options.log.error('work failed', { workId: request.id, err: error });
      return WorkDone.create({ errorCode, error: messageOf(error) });
    }
  }
}

function perform(request: WorkRequest, context: WorkContext): Promise<void> {
  const { kind } = request;
  switch (kind?.kind) {
    case 'logs':
      return streamLogs(kind.logs, context);
    case 'loadImage':
      return loadImage(kind.loadImage, context);
    case 'pullImage':
      return pullImage(kind.pullImage, context);
    case 'listImages':
      return listImages(context);
    case 'removeImage':
      return removeImage(kind.removeImage, context);
    case 'diagnoseNetworks':
      return diagnoseNetworks(kind.diagnoseNetworks, context);
    case undefined:
      throw new ClusterError('UNIMPLEMENTED', 'this node is too old for this request');
  }
}
