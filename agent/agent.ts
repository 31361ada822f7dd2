import type { Clock, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { Alarm, backoffMs, deferred, messageOf, sleep, withDeadline } from '#lib';
import type {
  AgentState,
  Assignments,
  NetworkChanges,
  NodeDescription,
  SessionInfo,
  Task,
  TaskStatus,
} from '#proto';
import { AgentMessage, NetworksApplied, NodeDescription as NodeDescriptionMessage } from '#proto';
import { AssignmentOrder } from './assignments.ts';
import { HeldImagesTeller } from './held-images.ts';
import type { HostFiles } from './host-files.ts';
import type { NetworkConsumer } from './network-view/consumer.ts';
import { NetworkFollower } from './network-view/network-follower.ts';
import { Reconciler } from './reconciler.ts';
import type { TaskNetworks } from './runtime/network-port.ts';
import type { Runtime } from './runtime/port.ts';
import type { ManagerLine } from './session-port.ts';
import { Session } from './session.ts';
import { StateSaver } from './state-saver.ts';
import { StatusOutbox } from './status-outbox.ts';
import type { AgentStorage } from './storage-port.ts';
import type { GenericResources } from './task/generic-resources.ts';
import type { TaskView } from './task/task-view.ts';
import type { NetworkExaminer } from './work/networks.ts';
import { Worker } from './work/worker.ts';

export interface AgentOptions {
  readonly nodeId: string;
  /** host:port or host where other nodes reach this one; empty = as the managers see it. */
  readonly address: string;
  readonly runtime: Runtime;
  readonly networks: TaskNetworks;
  /** Told of the networks in this order. */
  readonly networkConsumers: readonly NetworkConsumer[];
  /** False on a host without IPv6: its networks have IPv4 alone. Default true. */
  readonly hasIpv6?: boolean;
  /** Looks at the networks when the managers ask; left out on a host without networks of its own. */
  readonly networkExaminer?: NetworkExaminer;
  /** What else the host has that tasks may reserve; default nothing. */
  readonly genericResources?: GenericResources;
  readonly files: HostFiles;
  readonly line: ManagerLine;
  readonly storage: AgentStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What this host is; asked at the start and again every 20 s. */
  readonly describe: () => Promise<NodeDescription>;
  /** The managers' news of this node: its object, the managers' addresses, the trusted root. */
  readonly onSession: (info: SessionInfo) => void;
}

/** Statuses that people wait for leave this long after the first, together. */
const flushSoonMs: Ms = 3;
/** Passing states (preparing, starting) wait this long: most are overtaken and never sent. */
const flushLazilyMs: Ms = 250;
/** A batch that is not accepted by then is sent again. */
const acceptDeadlineMs: Ms = 5_000;
const describePeriodMs: Ms = 20_000;
const describeDeadlineMs: Ms = 10_000;
/** Messages of assignments that wait for the one before; more and the session is opened anew. */
const changesWaitingMax = 1_000;
const bootRetry = { baseMs: 200, maxMs: 5_000, jitter: 0.3 } as const;
/** Changes of assignments that can wait are saved together, this long after the first. */
const saveSoonMs: Ms = 500;
const stopDeadlineMs: Ms = 5_000;

/**
 * The agent of one host: keeps the host's containers as the managers' assignments say, and tells
 * the managers how they are. Managers that are away stop nothing.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #reconciler: Reconciler;
  readonly #saver: StateSaver<AgentState>;
  readonly #followed: NetworkFollower;
  readonly #session: Session;
  readonly #worker: Worker;
  readonly #images: HeldImagesTeller;
  readonly #order = new AssignmentOrder();
  readonly #outbox = new StatusOutbox();
  readonly #abort = new AbortController();
  readonly #ready = deferred<void>();
  #description = NodeDescriptionMessage.create();
  readonly #flush: Alarm;
  #acceptTimer: Timer | undefined;
  #describeTimer: Timer | undefined;
  /** The messages taken but not yet applied, one after the other. */
  #changes: Promise<void> = Promise.resolve();
  #changesWaiting = 0;
  /** The full set of this session is applied: statuses may go out. */
  #isSettled = false;
  #isDraining = false;
  /** Counts sessions: what was taken in an older one settles nothing. */
  #generation = 0;
  #booting: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { clock, random, log, metrics, storage } = options;
    this.#flush = new Alarm(clock, () => this.#sendStatuses());
    this.#followed = new NetworkFollower({
      ...options,
      consumers: options.networkConsumers,
      onApplied: (sequence) => this.#networksApplied(sequence),
      onSettled: () => this.#reconciler.driveAll(),
    });
    this.#reconciler = new Reconciler({
      ...options,
      networkView: this.#followed.view,
      areNetworksSettled: () => this.#followed.isSettled,
      random: random.fork('reconciler'),
      onStatus: (taskId, status, isAwaited) => this.#report(taskId, status, isAwaited),
      onForgotten: (taskId) => this.#outbox.drop(taskId),
    });
    this.#saver = new StateSaver({
      clock,
      log,
      metrics,
      what: 'assignments',
      soonMs: saveSoonMs,
      write: (state) => storage.save(state),
      collect: () => this.#reconciler.collect(),
    });
    this.#reconciler.useSaver(this.#saver);
    for (const consumer of options.networkConsumers)
      consumer.useTasks?.((id) => this.#reconciler.task(id));
    this.#worker = new Worker({ ...options, tasks: () => this.#reconciler.views() });
    this.#images = new HeldImagesTeller({
      clock,
      log,
      list: (signal) => options.runtime.images.list(signal),
      send: (message) => this.#session.send(message),
    });
    this.#session = new Session({
      line: options.line,
      address: options.address,
      clock,
      random: random.fork('session'),
      log,
      metrics,
      describe: () => this.#description,
      onInfo: (info) => options.onSession(info),
      onOpen: () => this.#sessionOpened(),
      onAssignments: (assignments) => this.#take(assignments),
      onNetworks: (changes) => this.#takeNetworks(changes),
      onAccepted: (sequence) => this.#accepted(sequence),
      onWork: (request) => this.#worker.begin(request),
      onCancelWork: (id) => this.#worker.cancel(id),
    });
    metrics.observedGauge(
      'tessera_agent_statuses_waiting',
      'Tasks whose latest status no manager has accepted yet.',
      () => this.#outbox.size,
    );
  }

  /** Adopts what runs, then opens the session; retries both until `stop`. Returns at once. */
  start(): void {
    this.#booting = this.#boot().catch((error: unknown) => {
      if (!this.#abort.signal.aborted)
        this.#options.log.error('the agent could not start', { err: error });
    });
  }

  /**
   * Resolves when the containers of an earlier life are adopted and the session is being opened.
   */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** A session with a manager stands. */
  get isConnected(): boolean {
    return this.#session.isUp;
  }

  /** All tasks, ascending by id; a look at the moment. */
  tasks(): readonly TaskView[] {
    return this.#reconciler.views();
  }

  /** Ends the session; containers run on. At most 5 s. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('the agent is stopping'));
    this.#session.stop();
    this.#worker.stop();
    this.#images.stop();
    this.#flush.cancel();
    this.#acceptTimer?.cancel();
    this.#describeTimer?.cancel();
    const rest = async (): Promise<void> => {
      await this.#reconciler.stop();
      await this.#booting;
      await this.#saver.close();
      await this.#followed.close();
    };
    const { clock, log } = this.#options;
    await withDeadline(clock, stopDeadlineMs, 'stopping the agent', rest()).catch(
      (error: unknown) => log.warn('agent stopped with work under way', { err: messageOf(error) }),
    );
  }

  /**
   * As when the process is killed: nothing is ended, told or saved any more. For simulations.
   */
  abandon(): void {
    this.#abort.abort(new Error('the agent was killed'));
    this.#session.abandon();
    this.#worker.stop();
    this.#images.stop();
    this.#saver.abandon();
    this.#followed.abandon();
    this.#flush.cancel();
    this.#acceptTimer?.cancel();
    this.#describeTimer?.cancel();
    void this.#reconciler.stop();
  }

  /**
   * For a node that leaves: says goodbye, stops all tasks with their grace, removes what they
   * left and forgets them. DEADLINE_EXCEEDED when some are not gone after `deadlineMs`.
   * Afterwards only `stop` may be called.
   */
  async drainAll(deadlineMs: Ms): Promise<void> {
    const { clock, storage } = this.#options;
    this.#isDraining = true;
    this.#images.stop();
    this.#session.stop(true);
    await withDeadline(clock, deadlineMs, 'stopping all tasks', this.#reconciler.drain());
    await withDeadline(clock, deadlineMs, 'taking the networks down', this.#followed.clear());
    await this.#saver.close();
    await this.#followed.close();
    await storage.clear();
  }

  async #boot(): Promise<void> {
    const { storage, log } = this.#options;
    const state = await storage.load();
    if (state !== undefined) this.#reconciler.restore(state);
    const networks = await storage.loadNetworks();
    if (networks !== undefined) this.#followed.restore(networks);
    await this.#retrying('adopting containers', (signal) => this.#reconciler.adopt(signal));
    await this.#retrying('describing the host', () => this.#describe());
    this.#abort.signal.throwIfAborted();
    log.info('agent started', { tasks: this.#reconciler.taskCount });
    this.#describeAgain();
    this.#session.start();
    this.#ready.resolve();
  }

  async #retrying(what: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, random, log } = this.#options;
    const { signal } = this.#abort;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        await work(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        log.warn(`${what} failed, will be tried again`, { err: messageOf(error) });
        await sleep(clock, backoffMs(bootRetry, attempt, random), signal);
      }
    }
  }

  async #describe(): Promise<void> {
    const { clock, describe } = this.#options;
    this.#description = await withDeadline(clock, describeDeadlineMs, 'describing', describe());
  }

  #describeAgain(): void {
    const { clock, log } = this.#options;
    this.#describeTimer = clock.after(describePeriodMs, () => {
      const before = JSON.stringify(this.#description);
      this.#describe().then(
        () => {
          const description = this.#description;
          if (JSON.stringify(description) !== before)
            this.#session.send(AgentMessage.create({ body: { kind: 'description', description } }));
        },
        (error: unknown) => log.warn('the host could not be described', { err: messageOf(error) }),
      );
      if (!this.#abort.signal.aborted) this.#describeAgain();
    });
  }

  #sessionOpened(): void {
    this.#generation++;
    this.#order.reset();
    this.#followed.reset();
    this.#outbox.resetSession();
    this.#isSettled = false;
    this.#worker.reset();
    this.#images.sessionOpened();
  }

  #take(assignments: Assignments): void {
    if (this.#isDraining) return;
    const change = this.#order.take(assignments);
    if (change === 'nothing') return;
    if (change === 'gap') {
      this.#session.reopen('an assignment message is missing');
      return;
    }
    if (this.#changesWaiting >= changesWaitingMax) {
      this.#session.reopen('too many assignments wait');
      return;
    }
    this.#changesWaiting++;
    const { log } = this.#options;
    const generation = this.#generation;
    this.#changes = this.#changes
      .then(() => this.#reconciler.apply(change))
      .then(async () => {
        if (!change.isFull || generation !== this.#generation) return;
        await this.#settle(change.upserted);
      })
      .catch((error: unknown) => log.error('assignments could not be applied', { err: error }))
      .finally(() => {
        this.#changesWaiting--;
      });
  }

  #takeNetworks(changes: NetworkChanges): void {
    if (this.#isDraining || this.#followed.take(changes)) return;
    this.#session.reopen('a message about networks is missing');
  }

  #networksApplied(sequence: number): void {
    const networksApplied = NetworksApplied.create({ sequence });
    this.#session.send(AgentMessage.create({ body: { kind: 'networksApplied', networksApplied } }));
  }

  /** After a full set: what the managers do not know yet goes out; what nobody knows goes. */
  async #settle(tasks: readonly Task[]): Promise<void> {
    const known = new Map(tasks.map((task) => [task.id, task.status?.state ?? 0]));
    for (const { task, status } of this.#reconciler.views()) {
      const state = known.get(task.id);
      if (state !== undefined && status.state > state) this.#outbox.put(task.id, status, 0);
    }
    this.#isSettled = true;
    this.#flushIn(0);
    if (this.#abort.signal.aborted) return;
    await this.#reconciler.removeUnknown(this.#abort.signal).catch((error: unknown) =>
      this.#options.log.warn('unknown containers stay until the next session', {
        err: messageOf(error),
      }),
    );
  }

  #report(taskId: string, status: TaskStatus, isAwaited: boolean): void {
    const delayMs = isAwaited ? flushSoonMs : flushLazilyMs;
    this.#outbox.put(taskId, status, this.#options.clock.monotonic() + delayMs);
    this.#flushIn(delayMs);
  }

  #flushIn(delayMs: Ms): void {
    if (!this.#abort.signal.aborted) this.#flush.within(delayMs);
  }

  #sendStatuses(): void {
    // A new session sends all that waits once its full set is applied.
    if (!this.#isSettled || !this.#session.isUp) return;
    const nowMs = this.#options.clock.monotonic();
    for (;;) {
      const statuses = this.#outbox.next(nowMs);
      if (statuses === undefined) break;
      this.#session.send(AgentMessage.create({ body: { kind: 'statuses', statuses } }));
    }
    const dueAtMs = this.#outbox.nextDueAtMs;
    if (dueAtMs !== undefined) this.#flushIn(Math.max(0, dueAtMs - nowMs));
    if (this.#outbox.isAwaiting) this.#awaitAccepted();
  }

  #accepted(sequence: number): void {
    this.#outbox.accepted(sequence);
    this.#acceptTimer?.cancel();
    this.#acceptTimer = undefined;
    if (this.#outbox.isAwaiting) this.#awaitAccepted();
  }

  #awaitAccepted(): void {
    this.#acceptTimer ??= this.#options.clock.after(acceptDeadlineMs, () => {
      this.#acceptTimer = undefined;
      this.#outbox.retry();
      this.#flushIn(0);
    });
  }
}
