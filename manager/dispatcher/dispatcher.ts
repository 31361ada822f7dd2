import { Alarm, ClusterError, TurnQueue, hasCode, newId } from '#lib';
import type { Clock, Logger, Metrics, Ms, Random } from '#lib';
import { NodeState } from '#proto';
import type { AgentHello, AgentMessage, Node, NodeDescription } from '#proto';
import type { ImageIndex } from '#scheduler';
import type { Commit, Store, StoreEvent, Subscription } from '../store/types.ts';
import type { WorkRouter } from '../work/index.ts';
import { AgentSession } from './agent-session.ts';
import type { SessionInput, SessionLink, SessionPeer } from './agent-session.ts';
import { dispatcherFigures } from './figures.ts';
import type { DispatcherFigures } from './figures.ts';
import { SharedInfo } from './shared-info.ts';
import { Liveness } from './liveness.ts';
import { NetworkFeed } from './network-feed.ts';
import { RegistrationLimit, addressOf, describe, lostLeadership } from './registration.ts';
import { nodesThere, notRegistered, register, removedNode } from './registration.ts';
import { requireMember, setState } from './registration.ts';
import { StatusCollector } from './status-collector.ts';
import { batchFault } from './task-report.ts';
import { coalesceMs, inTurns, toldPerTurn } from './turns.ts';

export interface DispatcherOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** This manager's node: its address is told first. */
  readonly nodeId: string;
  readonly work: WorkRouter;
  readonly images: ImageIndex;
}

/** A new leader gives every node at least so long to find it. */
const newLeaderGraceMinMs: Ms = 5000;
/** A connection that does not say hello within this time is closed. */
const helloDeadlineMs: Ms = 5000;
/** Grace of an agent that waits for its turn to be registered, and cannot beat yet. */
const registrationMs: Ms = 15_000;

/**
 * The leader's side of all agents: who is there (node.description, node.status), what each has to
 * run (assignments), and what became of it (task.status from ACCEPTED on). Runs between `start`
 * and `stop`, on the leader only. Cost per commit is that of the nodes it touches.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #log: Logger;
  readonly #figures: DispatcherFigures;
  readonly #sessions = new Map<string, AgentSession>();
  readonly #shared: SharedInfo;
  readonly #networks: NetworkFeed;
  /** Sessions with tasks that their agents must hear of. */
  readonly #dirty = new Set<AgentSession>();
  readonly #flush: Alarm;
  /** Those whose turn it is: what is new by then goes with it. */
  readonly #telling: TurnQueue<AgentSession, undefined>;
  #liveness: Liveness;
  #limit: RegistrationLimit;
  #statuses: StatusCollector | undefined;
  #subscription: Subscription | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#log = options.log.child({ module: 'dispatcher' });
    this.#liveness = new Liveness(options.clock, (nodeId) => this.#expired(nodeId));
    this.#limit = new RegistrationLimit(options.clock);
    this.#shared = new SharedInfo(options.nodeId);
    this.#figures = dispatcherFigures(options.metrics);
    this.#flush = new Alarm(options.clock, () => this.#tellChanges());
    this.#telling = new TurnQueue(options.clock, toldPerTurn, (session) =>
      options.store.view((tx) => session.flush(tx)),
    );
    this.#networks = new NetworkFeed({
      ...options,
      wake: (delayMs) => this.#flush.within(delayMs),
      release: (taskId) => this.#released(taskId),
    });
  }

  get isRunning(): boolean {
    return this.#statuses !== undefined;
  }

  /** This manager leads now: waits for all agents to register anew. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const { store } = this.#options;
    this.#statuses = new StatusCollector({ ...this.#options, log: this.#log });
    this.#subscription = store.watch((commit) => this.#onCommit(commit), { name: 'dispatcher' });
    this.#networks.start(store);
    const silent = store.view((tx) => {
      this.#shared.read(tx, 0);
      return nodesThere(tx);
    });
    this.#networks.expect(silent);
    // Every node that was there under the leader before has some time to register.
    const graceMs = Math.max(2 * this.#shared.graceMs, newLeaderGraceMinMs);
    for (const nodeId of silent) this.#liveness.watch(nodeId, graceMs);
    // A node that registers in between is READY, and stays so.
    await store
      .batch(silent, (tx, nodeId) => {
        if (this.#sessions.has(nodeId)) return;
        if (tx.get('node', nodeId)?.status?.state !== NodeState.READY) return;
        const message = 'not heard of since the leader was elected';
        setState(tx, nodeId, NodeState.UNKNOWN, message, this.#options.clock.now());
      })
      .catch((error: unknown) => this.#log.warn('nodes not marked unknown', { err: error }));
  }

  /** This manager leads no more: every agent is sent away. */
  stop(): Promise<void> {
    this.#statuses?.stop();
    this.#statuses = undefined;
    this.#subscription?.cancel();
    this.#flush.cancel();
    this.#networks.stop();
    this.#liveness.clear();
    this.#dirty.clear();
    this.#telling.clear();
    this.#options.work.stop();
    for (const session of this.#sessions.values()) session.close(lostLeadership());
    this.#sessions.clear();
    this.#figures.sessions.set(0);
    return Promise.resolve();
  }

  /** NOT_LEADER when this manager does not lead. */
  openSession(peer: SessionPeer, link: SessionLink): SessionInput {
    if (!this.isRunning) throw lostLeadership();
    const session = new AgentSession(newId(this.#options.random), peer, link, this.#networks);
    const timer = this.#options.clock.after(helloDeadlineMs, () => {
      if (session.isNew)
        session.close(new ClusterError('DEADLINE_EXCEEDED', 'the agent did not say hello in time'));
    });
    return {
      receive: (message) => this.#receive(session, message),
      closed: () => {
        timer.cancel();
        this.#closed(session);
      },
    };
  }

  #receive(session: AgentSession, { body }: AgentMessage): void {
    if (session.isClosed || !this.isRunning) return;
    if (this.#sessions.get(session.nodeId) === session) this.#liveness.seen(session.nodeId);
    if (body?.kind === 'hello') {
      if (session.isNew) this.#hello(session, body.hello);
      return;
    }
    if (session.isNew) {
      this.#refuse(session, 'no_hello', 'INVALID_ARGUMENT', 'the first message must be a hello');
      return;
    }
    switch (body?.kind) {
      case 'heartbeat':
        this.#figures.heartbeats.inc();
        session.answerHeartbeat();
        break;
      case 'statuses': {
        const fault = batchFault(body.statuses);
        if (fault === undefined) this.#statuses?.add(session, body.statuses);
        else this.#refuse(session, 'too_large', 'INVALID_ARGUMENT', fault);
        break;
      }
      case 'description':
        void this.#describe(session, body.description);
        break;
      case 'networksApplied':
        this.#networks.applied(session, body.networksApplied.sequence);
        break;
      case 'images':
        this.#options.images.set(session.nodeId, body.images.images);
        break;
      case 'goodbye':
        this.#goodbye(session);
        break;
      default:
        break;
    }
  }

  #refuse(
    session: AgentSession,
    reason: string,
    code: 'INVALID_ARGUMENT' | 'PERMISSION_DENIED' | 'UNAVAILABLE',
    text: string,
  ): void {
    this.#figures.refused.inc({ reason });
    this.#log.warn('agent refused', { nodeId: session.nodeId, reason });
    session.close(new ClusterError(code, text));
    this.#drop(session);
  }

  #hello(session: AgentSession, hello: AgentHello): void {
    const { nodeId } = session;
    session.registering();
    try {
      this.#options.store.view((tx) => requireMember(tx, nodeId));
      this.#limit.require(nodeId);
    } catch (error) {
      const reason = hasCode(error, 'PERMISSION_DENIED') ? 'unknown_node' : 'too_often';
      this.#failed(session, error, reason);
      return;
    }
    const earlier = this.#sessions.get(nodeId);
    this.#sessions.set(nodeId, session);
    this.#figures.sessions.set(this.#sessions.size);
    if (earlier !== undefined) {
      earlier.close(new ClusterError('CANCELLED', 'the node has opened a newer session'));
      this.#detach(earlier);
    }
    this.#liveness.watch(nodeId, Math.max(this.#shared.graceMs, registrationMs));
    void this.#register(session, hello);
  }

  async #register(session: AgentSession, hello: AgentHello): Promise<void> {
    const { store, clock, random } = this.#options;
    const { nodeId } = session;
    const address = addressOf(hello, session.address);
    try {
      await store.update((tx) => register(tx, nodeId, hello, address, clock.now()));
      await this.#networks.ready;
      if (!this.isRunning || this.#sessions.get(nodeId) !== session) return;
      if (this.#shared.stretch(this.#sessions.size)) this.#tellAll();
      store.view((tx) => {
        const node = requireMember(tx, nodeId);
        session.activate(tx, node, this.#shared, this.#shared.jitteredPeriodMs(random));
      });
      this.#liveness.setGrace(nodeId, this.#shared.graceMs);
      this.#options.work.nodeConnected(nodeId, session.sender);
      this.#log.info('agent registered', { nodeId, sessionId: session.id, address });
    } catch (error) {
      this.#failed(session, error, 'not_registered');
    }
  }

  #failed(session: AgentSession, error: unknown, reason: string): void {
    this.#figures.refused.inc({ reason });
    this.#log.warn('agent not registered', { nodeId: session.nodeId, reason, err: error });
    session.close(error instanceof ClusterError ? error : notRegistered());
    this.#drop(session);
  }

  async #describe(session: AgentSession, description: NodeDescription): Promise<void> {
    try {
      // Each is a write: they count as registrations do.
      this.#limit.require(session.nodeId);
      await this.#options.store.update((tx) => describe(tx, session.nodeId, description));
    } catch (error) {
      this.#log.warn('description not written', { nodeId: session.nodeId, err: error });
    }
  }

  #goodbye(session: AgentSession): void {
    const { nodeId } = session;
    this.#log.info('agent said goodbye', { nodeId });
    session.close(new ClusterError('CANCELLED', 'the node has left'));
    this.#drop(session);
    this.#liveness.forget(nodeId);
    this.#markDown(nodeId, 'left the cluster');
  }

  /** The stream is over; the node may still come back within its grace. */
  #closed(session: AgentSession): void {
    session.ended();
    this.#drop(session);
  }

  #drop(session: AgentSession): void {
    this.#detach(session);
    if (this.#sessions.get(session.nodeId) !== session) return;
    this.#sessions.delete(session.nodeId);
    this.#figures.sessions.set(this.#sessions.size);
  }

  #detach(session: AgentSession): void {
    this.#dirty.delete(session);
    this.#telling.delete(session);
    this.#networks.close(session);
    this.#statuses?.forget(session);
    this.#options.work.nodeDisconnected(session.nodeId, session.sender);
  }

  #expired(nodeId: string): void {
    const session = this.#sessions.get(nodeId);
    this.#log.warn('node is silent', { nodeId, hasStream: session !== undefined });
    if (session !== undefined) {
      session.close(new ClusterError('DEADLINE_EXCEEDED', 'no heartbeat within the grace'));
      this.#drop(session);
    }
    this.#markDown(nodeId, 'heartbeat failure');
  }

  #markDown(nodeId: string, message: string): void {
    const { store, clock, work } = this.#options;
    work.nodeLost(nodeId);
    this.#networks.giveUp(nodeId);
    const write = store.update((tx) => {
      // It has come back while this waited for its turn.
      if (this.#sessions.has(nodeId)) return;
      if (setState(tx, nodeId, NodeState.DOWN, message, clock.now()))
        this.#log.info('node is down', { nodeId, reason: message });
    });
    write.catch((error: unknown) => {
      this.#log.warn('node not marked down yet', { nodeId, err: error });
      if (this.isRunning && !this.#sessions.has(nodeId))
        this.#liveness.watch(nodeId, this.#shared.periodMs);
    });
  }

  #onCommit({ events }: Commit): void {
    this.#options.store.view((tx) => this.#networks.take(tx, events));
    for (const event of events) this.#onEvent(event);
  }

  #onEvent(event: StoreEvent): void {
    switch (event.table) {
      case 'task':
        this.#mark(event.object.nodeId, event.object.id);
        if (event.old !== undefined && event.old.nodeId !== event.object.nodeId)
          this.#mark(event.old.nodeId, event.object.id);
        break;
      case 'node':
        this.#onNode(event.kind, event.object, event.old);
        break;
      case 'cluster':
        this.#onCluster();
        break;
      default:
        break;
    }
  }

  #mark(nodeId: string, taskId: string): void {
    const session = nodeId === '' ? undefined : this.#sessions.get(nodeId);
    if (session?.isActive !== true) return;
    session.dirtyTaskIds.add(taskId);
    this.#dirty.add(session);
    this.#flush.within(coalesceMs);
  }

  /** The agent of the task may be told now that it is to stop. */
  #released(taskId: string): void {
    const task = this.#options.store.view((tx) => tx.get('task', taskId));
    if (task !== undefined) this.#mark(task.nodeId, taskId);
  }

  #tellChanges(): void {
    this.#networks.flush();
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const session of dirty) this.#telling.add(session, undefined);
  }

  #onNode(kind: StoreEvent['kind'], node: Node, old: Node | undefined): void {
    const session = this.#sessions.get(node.id);
    if (kind === 'remove') {
      this.#liveness.forget(node.id);
      this.#limit.forget(node.id);
      if (session !== undefined) {
        session.close(removedNode(node.id));
        this.#drop(session);
      }
      this.#networks.giveUp(node.id);
      this.#options.work.nodeLost(node.id);
    } else if (session?.isActive === true && session.isNews(node))
      session.tell(node, this.#shared, session.periodMs);
    if (node.managerStatus?.address !== old?.managerStatus?.address || kind === 'remove')
      this.#onCluster();
  }

  /** Something that all agents are told may have changed. */
  #onCluster(): void {
    const isChanged = this.#options.store.view((tx) => this.#shared.read(tx, this.#sessions.size));
    if (isChanged) this.#tellAll();
  }

  #tellAll(): void {
    const { store, random, clock } = this.#options;
    inTurns(clock, [...this.#sessions.values()], (session) => {
      const node = store.view((tx) => tx.get('node', session.nodeId));
      if (!session.isActive || node === undefined) return;
      session.tell(node, this.#shared, this.#shared.jitteredPeriodMs(random));
      this.#liveness.setGrace(session.nodeId, this.#shared.graceMs);
    });
  }
}
