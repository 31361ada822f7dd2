import type { Clock, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { backoffMs, ClusterError, messageOf } from '#lib';
import type {
  Assignments,
  ManagerMessage,
  NetworkChanges,
  NodeDescription,
  SessionInfo,
  WorkRequest,
} from '#proto';
import { AgentHello, AgentMessage, Goodbye, Heartbeat } from '#proto';
import type { ManagerLine, SessionLink } from './session-port.ts';

/** Pauses between tries to open a session. */
export const reconnect = { baseMs: 100, maxMs: 2_000, jitter: 0.5 } as const;
/** Leaders named by followers that are followed at once, in a row. */
const redirectsMax = 3;
/** A manager that does not answer the hello within this is given up; doubled with every try ... */
const helloDeadlineMs: Ms = 2_500;
/** ... up to this: a leader that takes in thousands of agents is slow, not dead. */
const helloDeadlineMaxMs: Ms = 10_000;
/** A session that stood this long starts the back-off anew. */
const stableAfterMs: Ms = 5_000;
/** Heartbeats without an answer after which the manager counts as lost. */
const silentPeriodsMax = 2.5;
/** ... but never before this. */
const silenceMinMs: Ms = 1_500;
const heartbeatJitter = 0.1;

export interface SessionOptions {
  readonly line: ManagerLine;
  /** Where other nodes reach this one; empty = the managers take the connection's. */
  readonly address: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly describe: () => NodeDescription;
  readonly onInfo: (info: SessionInfo) => void;
  readonly onAssignments: (assignments: Assignments) => void;
  readonly onNetworks: (changes: NetworkChanges) => void;
  readonly onAccepted: (sequence: number) => void;
  readonly onWork: (request: WorkRequest) => void;
  readonly onCancelWork: (id: string) => void;
  /** A new session begins: nothing of an older one counts. */
  readonly onOpen: () => void;
}

interface Open {
  readonly link: SessionLink;
  readonly openedAtMs: Ms;
  hasInfo: boolean;
  periodMs: Ms;
  /** The manager answers heartbeats: its silence means something. */
  isAnswering: boolean;
  heardAtMs: Ms;
}

/** Keeps one session with the leader open, for ever: hello, heartbeats, back-off. */
export class Session {
  readonly #options: SessionOptions;
  readonly #opened;
  #open: Open | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #redirects = 0;
  #isStopped = true;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#opened = metrics.counter(
      'tessera_agent_sessions_total',
      'Sessions with a manager that were opened.',
    );
    metrics.observedGauge(
      'tessera_agent_session_up',
      'Whether a session with a manager stands.',
      () => (this.isUp ? 1 : 0),
    );
  }

  /** The manager has accepted the hello. */
  get isUp(): boolean {
    return this.#open?.hasInfo === true;
  }

  start(): void {
    this.#isStopped = false;
    this.#connect();
  }

  /** With `isForGood` the managers are told that this node leaves. */
  stop(isForGood = false): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (isForGood) open.link.send({ body: { kind: 'goodbye', goodbye: Goodbye.create() } });
    open.link.close();
  }

  /** Forgets the session without a word to the other side. */
  abandon(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#open = undefined;
  }

  /** False when no session stands; a message may be lost even so. */
  send(message: AgentMessage): boolean {
    if (this.#open?.hasInfo !== true) return false;
    this.#open.link.send(message);
    return true;
  }

  /** Ends this session and opens another. */
  reopen(reason: string): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#lost(open, new ClusterError('CANCELLED', reason));
  }

  #connect(): void {
    if (this.#isStopped) return;
    const { line, clock, describe, address } = this.#options;
    const nowMs = clock.monotonic();
    let open: Open | undefined;
    let early: { readonly error: unknown } | undefined;
    try {
      const link = line.openSession({
        onMessage: (message) => {
          if (open !== undefined && open === this.#open) this.#receive(open, message);
        },
        onClose: (error) => {
          if (open === undefined) early = { error };
          else this.#lost(open, error);
        },
      });
      open = {
        link,
        openedAtMs: nowMs,
        hasInfo: false,
        periodMs: 1_000,
        isAnswering: false,
        heardAtMs: nowMs,
      };
    } catch (error) {
      early = { error };
    }
    if (early !== undefined || open === undefined) {
      this.#retry(early?.error);
      return;
    }
    this.#open = open;
    const hello = AgentHello.create({ description: describe(), address });
    open.link.send(AgentMessage.create({ body: { kind: 'hello', hello } }));
    const opened = open;
    const deadlineMs = Math.min(helloDeadlineMaxMs, helloDeadlineMs * 2 ** this.#attempt);
    this.#wake(deadlineMs, () =>
      this.#lost(opened, new ClusterError('DEADLINE_EXCEEDED', 'the manager did not answer')),
    );
  }

  #receive(open: Open, message: ManagerMessage): void {
    open.heardAtMs = this.#options.clock.monotonic();
    const { body } = message;
    switch (body?.kind) {
      case 'session':
        this.#takeInfo(open, body.session);
        return;
      case 'assignments':
        this.#options.onAssignments(body.assignments);
        return;
      case 'networks':
        this.#options.onNetworks(body.networks);
        return;
      case 'statusesAccepted':
        this.#options.onAccepted(body.statusesAccepted.sequence);
        return;
      case 'work':
        this.#options.onWork(body.work);
        return;
      case 'cancelWork':
        this.#options.onCancelWork(body.cancelWork);
        return;
      case 'heartbeat':
        open.isAnswering = true;
        return;
      case undefined:
        // A newer manager's message that this agent does not know.
        return;
    }
  }

  #takeInfo(open: Open, info: SessionInfo): void {
    open.periodMs = Math.min(60_000, Math.max(100, info.heartbeatPeriodMs));
    const isFirst = !open.hasInfo;
    open.hasInfo = true;
    if (isFirst) {
      this.#redirects = 0;
      this.#opened.inc();
      this.#options.log.info('session opened', { sessionId: info.sessionId });
      this.#options.onOpen();
      this.#scheduleHeartbeat(open);
    }
    this.#options.onInfo(info);
  }

  #scheduleHeartbeat(open: Open): void {
    const { random } = this.#options;
    const delayMs = open.periodMs * (1 - heartbeatJitter * random.next());
    this.#wake(delayMs, () => this.#heartbeat(open));
  }

  #heartbeat(open: Open): void {
    if (this.#open !== open) return;
    const silentMs = this.#options.clock.monotonic() - open.heardAtMs;
    if (open.isAnswering && silentMs > Math.max(silenceMinMs, silentPeriodsMax * open.periodMs)) {
      this.#lost(open, new ClusterError('UNAVAILABLE', 'the manager fell silent'));
      return;
    }
    open.link.send({ body: { kind: 'heartbeat', heartbeat: Heartbeat.create() } });
    this.#scheduleHeartbeat(open);
  }

  #lost(open: Open, error: unknown): void {
    if (this.#open !== open) return;
    this.#open = undefined;
    this.#timer?.cancel();
    open.link.close();
    const stoodMs = this.#options.clock.monotonic() - open.openedAtMs;
    if (open.hasInfo && stoodMs >= stableAfterMs) this.#attempt = 0;
    this.#options.log.info('session lost', { err: messageOf(error), stoodMs: Math.round(stoodMs) });
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#isStopped) return;
    const isRedirect =
      error instanceof ClusterError &&
      error.code === 'NOT_LEADER' &&
      (error.details['leaderAddress'] ?? '') !== '';
    if (isRedirect && this.#redirects < redirectsMax) {
      this.#redirects++;
      this.#wake(0, () => this.#connect());
      return;
    }
    this.#redirects = 0;
    const delayMs = backoffMs(reconnect, this.#attempt++, this.#options.random);
    this.#wake(delayMs, () => this.#connect());
  }

  #wake(delayMs: Ms, fn: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, fn);
  }
}
