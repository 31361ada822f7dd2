import { hasCode, messageOf, withDeadline } from '#lib';
import { LogChunk, LogOptions, TaskState, WorkLogs } from '#proto';
import type { Timer } from '#lib';
import type { ServiceLogsRequest, Task } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { Channel, abortWith, visible } from '../work/index.ts';
import type { WorkAnswer, WorkExchange } from '../work/index.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { findScope } from './refs.ts';

/** Lines that wait for the reader before the nodes are held back. */
const logQueueMax = 256;
/** A node that sends nothing for so long is given up when its logs are not followed, ms. */
const logStallDeadlineMs = 30_000;
/** Wait before a node whose stream broke is asked again while following, ms. */
const followRetryMs = 1000;

/** What is read: every task of a service, or one task. */
interface Scope {
  readonly serviceId: string;
  readonly taskId: string;
}

function scopeOf(tx: ReadTransaction, ref: string): Scope {
  const { service, task } = findScope(tx, ref);
  return task === undefined
    ? { serviceId: service?.id ?? '', taskId: '' }
    : { serviceId: task.serviceId, taskId: task.id };
}

function isReadable(task: Task, scope: Scope): boolean {
  const state = task.status?.state ?? TaskState.NEW;
  return (
    task.serviceId === scope.serviceId &&
    (scope.taskId === '' || task.id === scope.taskId) &&
    task.nodeId !== '' &&
    state >= TaskState.ASSIGNED &&
    state !== TaskState.ORPHANED
  );
}

/** One call of ServiceLogs: asks each node once per set of tasks and merges what comes. */
class LogReader {
  readonly out = new Channel<LogChunk>(logQueueMax);
  readonly #options: ControlOptions;
  readonly #scope: Scope;
  readonly #log: LogOptions;
  readonly #asked = new Set<string>();
  readonly #open = new Set<WorkExchange>();
  readonly #retries = new Set<Timer>();
  #running = 0;
  #isComplete = false;

  constructor(options: ControlOptions, scope: Scope, log: LogOptions) {
    this.#options = options;
    this.#scope = scope;
    this.#log = log;
    this.out.onClose(() => {
      for (const exchange of this.#open) exchange.cancel();
      for (const timer of this.#retries) timer.cancel();
    });
  }

  /** Asks for the tasks that were not asked for yet. */
  ask(tasks: Iterable<Task>): void {
    const byNode = new Map<string, string[]>();
    for (const task of tasks) {
      if (!isReadable(task, this.#scope) || this.#asked.has(task.id)) continue;
      this.#asked.add(task.id);
      byNode.set(task.nodeId, [...(byNode.get(task.nodeId) ?? []), task.id]);
    }
    for (const [nodeId, taskIds] of byNode) this.#start(nodeId, taskIds, this.#log);
  }

  /** No task will be added any more. */
  complete(): void {
    this.#isComplete = true;
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.#isComplete && this.#running === 0 && this.#retries.size === 0) this.out.end();
  }

  #start(nodeId: string, taskIds: readonly string[], log: LogOptions): void {
    this.#running++;
    void this.#read(nodeId, taskIds, log).then(
      () => this.#stopped(),
      () => this.#stopped(),
    );
  }

  #stopped(): void {
    this.#running--;
    this.#endWhenIdle();
  }

  async #read(nodeId: string, taskIds: readonly string[], log: LogOptions): Promise<void> {
    let lastMs = 0;
    try {
      for await (const chunk of this.#lines(nodeId, taskIds, log)) {
        lastMs = Math.max(lastMs, chunk.atMs);
        await this.out.push(chunk);
      }
    } catch (error) {
      if (this.out.isClosed) return;
      if (hasCode(error, 'NOT_LEADER')) {
        // Agents talk to the leader only: whoever follows must ask anew.
        this.out.end(error);
        return;
      }
      const node = this.#nodeName(nodeId);
      await this.out.push(
        LogChunk.create({ nodeId, error: `the logs on ${node} are cut off: ${messageOf(error)}` }),
      );
      if (!log.follow) return;
      // What was shown already is not asked for again.
      const { tail: _, ...rest } = log;
      this.#retry(nodeId, taskIds, lastMs === 0 ? log : { ...rest, sinceMs: lastMs + 1 });
    }
  }

  /** Only while a task there is meant to run; waits until the node is connected again. */
  #retry(nodeId: string, taskIds: readonly string[], log: LogOptions): void {
    const timer = this.#options.clock.after(followRetryMs, () => {
      this.#retries.delete(timer);
      if (this.#isMeantToRun(taskIds)) {
        if (this.#options.work.isConnected(nodeId)) this.#start(nodeId, taskIds, log);
        else this.#retry(nodeId, taskIds, log);
      }
      this.#endWhenIdle();
    });
    this.#retries.add(timer);
  }

  #isMeantToRun(taskIds: readonly string[]): boolean {
    return this.#options.store.view((tx) =>
      taskIds.some((id) => {
        const task = tx.get('task', id);
        if (task === undefined || task.desiredState > TaskState.RUNNING) return false;
        return (task.status?.state ?? TaskState.NEW) <= TaskState.RUNNING;
      }),
    );
  }

  #nodeName(nodeId: string): string {
    const node = this.#options.store.view((tx) => tx.get('node', nodeId));
    return `node ${node?.description?.hostname || nodeId}`;
  }

  async *#lines(
    nodeId: string,
    taskIds: readonly string[],
    log: LogOptions,
  ): AsyncGenerator<LogChunk> {
    const exchange = this.#options.work.request(nodeId, {
      kind: 'logs',
      logs: WorkLogs.create({ taskIds, options: log }),
    });
    this.#open.add(exchange);
    const answers = exchange.answers[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#next(answers);
        if (done === true) return;
        // A node speaks for the tasks it was asked about and in its own name only.
        if (value.kind !== 'log' || !taskIds.includes(value.log.taskId)) continue;
        const containerName = visible(value.log.containerName);
        yield { ...value.log, nodeId, containerName, error: visible(value.log.error) };
      }
    } finally {
      this.#open.delete(exchange);
      exchange.cancel();
    }
  }

  #next(answers: AsyncIterator<WorkAnswer>): Promise<IteratorResult<WorkAnswer>> {
    const next = answers.next();
    if (this.#log.follow) return next;
    return withDeadline(this.#options.clock, logStallDeadlineMs, 'the next line', next);
  }
}

/** Logs of a service or of one task, merged from the nodes as the lines come. */
export function logHandlers(options: ControlOptions): Pick<ControlHandlers, 'serviceLogs'> {
  const { store } = options;
  return {
    async *serviceLogs(request: ServiceLogsRequest, context) {
      await store.readBarrier(context.signal);
      const log = request.options ?? LogOptions.create();
      const { scope, tasks } = store.view((tx) => {
        const found = scopeOf(tx, request.ref);
        return { scope: found, tasks: [...tx.tasksOfService(found.serviceId)] };
      });
      const reader = new LogReader(options, scope, log);
      abortWith(context.signal, reader.out as Channel<never>);
      const subscription = store.watch(
        (commit) => {
          if (!log.follow) return;
          const fresh: Task[] = [];
          for (const event of commit.events) {
            if (event.table === 'task' && event.kind !== 'remove') fresh.push(event.object);
            if (event.table === 'service' && event.kind === 'remove') reader.complete();
          }
          if (fresh.length > 0) reader.ask(fresh);
        },
        { only: { kind: 'service', serviceId: scope.serviceId }, name: 'logs' },
      );
      try {
        reader.ask(tasks);
        if (!log.follow || scope.taskId !== '') reader.complete();
        yield* reader.out;
      } finally {
        subscription.cancel();
        reader.out.abort();
      }
    },
  };
}
