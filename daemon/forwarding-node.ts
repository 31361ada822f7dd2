/**
 * A manager that does not lead passes calls on to the one that does, in the caller's name. Another
 * manager's word for who called is taken only because its certificate says that it is a manager.
 */
import { ClusterError, hasCode, sleep } from '#lib';
import type { Clock, Counter, Metrics } from '#lib';
import { NodeRole } from '#proto';
import type { CallContext, Caller, Handlers, Method } from '#proto';
import { callDuplex, callServerStream, callUnary, fromStatus, grpc, writeTo } from '#proto/rpc';
import type { CallOptions } from '#proto/rpc';
import type { ChannelFor } from './ports.ts';

const callerKey = 'tessera-caller-bin';

/** How long a call waits for a leader when there is none: an election and a bit. */
const leaderWaitMs = 3_000;
const leaderPollMs = 25;
/** Deadline of a forwarded call that came without one of its own. */
const forwardDeadlineMs = 60_000;
const connectDeadlineMs = 2_000;
/** Tries of a call that certainly did nothing before. */
const attemptsMax = 3;
/** A leader that was replaced while it had our call may still answer within this time. */
const lastWordMs = 300;

export interface ForwardingOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly channelFor: ChannelFor;
  readonly isLeader: () => boolean;
  readonly leader: () => { readonly nodeId: string; readonly address: string } | undefined;
}

type AnyMethod = Method<unknown, unknown>;
type AnyHandler = (request: unknown, context: CallContext) => unknown;

/** What follows the call to the leader. */
export function callerMetadata(context: CallContext): grpc.Metadata {
  const metadata = new grpc.Metadata();
  const { caller, address } = context;
  metadata.set(callerKey, Buffer.from(JSON.stringify({ caller, address })));
  return metadata;
}

/** The caller that a manager called for; undefined when the call was not passed on. */
export function forwardedCaller(
  metadata: grpc.Metadata,
): { readonly caller: Caller; readonly address: string } | undefined {
  const [value] = metadata.get(callerKey);
  if (!Buffer.isBuffer(value)) return undefined;
  try {
    const parsed = JSON.parse(value.toString('utf8')) as { caller: Caller; address: string };
    return { caller: parseCaller(parsed.caller), address: String(parsed.address) };
  } catch (error) {
    throw new ClusterError('INVALID_ARGUMENT', `${callerKey}: not a caller`, { cause: error });
  }
}

function parseCaller(value: Caller): Caller {
  if (value.kind === 'local' || value.kind === 'anonymous') return { kind: value.kind };
  const role = value.role === NodeRole.MANAGER ? NodeRole.MANAGER : NodeRole.WORKER;
  return { kind: 'node', nodeId: String(value.nodeId), role };
}

/**
 * The same handlers, but answered by the leader, here or elsewhere. A call is tried again only
 * when it certainly did nothing: NOT_LEADER, not connected, or a read.
 */
export function forwarding<Service extends Readonly<Record<string, unknown>>>(
  service: Service,
  local: Handlers<Service>,
  options: ForwardingOptions,
): Handlers<Service> {
  const forwarder = new Forwarder(options);
  const out: Record<string, AnyHandler> = {};
  for (const [name, method] of Object.entries(service as Record<string, AnyMethod>)) {
    const handler = (local as Record<string, AnyHandler>)[name] as AnyHandler;
    const isRead = /^(get|list)/.test(name);
    out[name] = method.responseStream
      ? (request, context) => forwarder.stream(method, handler, request, context)
      : (request, context) => forwarder.unary(method, handler, request, context, isRead);
  }
  return out as unknown as Handlers<Service>;
}

interface Leash {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

class Forwarder {
  readonly #options: ForwardingOptions;
  readonly #forwarded: Counter;

  constructor(options: ForwardingOptions) {
    this.#options = options;
    this.#forwarded = options.metrics.counter(
      'tessera_rpc_forwarded_total',
      'Calls passed on to the leader, by method.',
      ['method'],
    );
  }

  async unary(
    method: AnyMethod,
    handler: AnyHandler,
    request: unknown,
    context: CallContext,
    isRead: boolean,
  ): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#unaryOnce(method, handler, request, context, isRead);
      } catch (error) {
        if (context.isForwarded === true || !isUndone(error) || attempt >= attemptsMax) throw error;
      }
    }
  }

  async *stream(
    method: AnyMethod,
    handler: AnyHandler,
    request: unknown,
    context: CallContext,
  ): AsyncGenerator<unknown> {
    const leader = await this.#leaderElsewhere(context);
    if (leader === undefined) {
      yield* handler(request, context) as AsyncIterable<unknown>;
      return;
    }
    const client = await this.#connect(leader, context);
    this.#forwarded.inc({ method: method.path });
    const metadata = callerMetadata(context);
    const { signal, release } = this.#leash(leader, context, lastWordMs);
    const options = { deadlineMs: Number.POSITIVE_INFINITY, signal, metadata };
    try {
      yield* method.requestStream
        ? forwardDuplex(client, method, request as AsyncIterable<unknown>, options)
        : callServerStream(client, method, request, options);
    } catch (error) {
      if (!signal.aborted || context.signal.aborted) throw error;
      throw lostOnTheWay(method, !method.requestStream, error);
    } finally {
      release();
    }
  }

  async #unaryOnce(
    method: AnyMethod,
    handler: AnyHandler,
    request: unknown,
    context: CallContext,
    isRead: boolean,
  ): Promise<unknown> {
    const leader = await this.#leaderElsewhere(context);
    if (leader === undefined) return handler(request, context);
    const client = await this.#connect(leader, context);
    this.#forwarded.inc({ method: method.path });
    const metadata = callerMetadata(context);
    const { signal, release } = this.#leash(leader, context, lastWordMs);
    try {
      const options = { deadlineMs: forwardDeadlineMs, signal, metadata };
      return await callUnary(client, method, request, options);
    } catch (error) {
      throw isLost(error) ? lostOnTheWay(method, isRead, error) : error;
    } finally {
      release();
    }
  }

  /**
   * A signal that is aborted when the caller hangs up, and `graceMs` after another manager has become the
   * leader: a host without power never answers, and its connection looks well. Release it at the end.
   */
  #leash(leader: { readonly address: string }, context: CallContext, graceMs: number): Leash {
    const { clock } = this.#options;
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(context.signal.reason);
    if (context.signal.aborted) onAbort();
    context.signal.addEventListener('abort', onAbort, { once: true });
    let movedAtMs: number | undefined;
    const look = (): void => {
      if (this.#hasMoved(leader)) movedAtMs ??= clock.monotonic();
      else movedAtMs = undefined;
      if (movedAtMs !== undefined && clock.monotonic() - movedAtMs >= graceMs)
        abort.abort(notReached(leader.address));
      else timer = clock.after(leaderPollMs, look);
    };
    let timer = clock.after(leaderPollMs, look);
    return {
      signal: abort.signal,
      release: () => {
        timer.cancel();
        context.signal.removeEventListener('abort', onAbort);
      },
    };
  }

  #hasMoved(leader: { readonly address: string }): boolean {
    if (this.#options.isLeader()) return true;
    const present = this.#options.leader();
    return present !== undefined && present.address !== leader.address;
  }

  /** The leader to call, undefined when it is this manager. Waits a little for an election. */
  async #leaderElsewhere(context: CallContext): Promise<{ address: string } | undefined> {
    if (context.isForwarded === true) return undefined;
    const { clock, isLeader, leader } = this.#options;
    const giveUpAtMs = clock.monotonic() + leaderWaitMs;
    for (;;) {
      if (isLeader()) return undefined;
      const known = leader();
      if (known !== undefined) return known;
      if (clock.monotonic() >= giveUpAtMs) throw noLeader();
      await sleep(clock, leaderPollMs, context.signal);
    }
  }

  /** Certain: when this rejects, nothing was sent. */
  async #connect(leader: { address: string }, context: CallContext): Promise<grpc.Client> {
    const client = this.#options.channelFor(leader.address);
    const { signal, release } = this.#leash(leader, context, 0);
    try {
      await ready(client, leader.address, signal);
    } finally {
      release();
    }
    return client;
  }
}

function ready(client: grpc.Client, address: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    client.waitForReady(Date.now() + connectDeadlineMs, (error) => {
      signal.removeEventListener('abort', onAbort);
      if (error === undefined || error === null) resolve();
      else reject(notReached(address));
    });
  });
}

async function* forwardDuplex(
  client: grpc.Client,
  method: AnyMethod,
  request: AsyncIterable<unknown>,
  options: CallOptions,
): AsyncGenerator<unknown> {
  const call = callDuplex(client, method, options);
  const pump = (async () => {
    for await (const message of request) await writeTo(call, message);
    call.end();
  })();
  pump.catch(() => call.cancel());
  try {
    for await (const message of call) yield message;
  } catch (error) {
    throw fromStatus(error);
  } finally {
    call.cancel();
  }
}

/** Marks an error whose call certainly did nothing, so that it may be tried again. */
const undone = { outcome: 'nothing was done' } as const;

function isUndone(error: unknown): boolean {
  if (hasCode(error, 'NOT_LEADER')) return true;
  return error instanceof ClusterError && error.details['outcome'] === undone.outcome;
}

function isLost(error: unknown): boolean {
  return hasCode(error, 'UNAVAILABLE') || hasCode(error, 'CANCELLED');
}

function lostOnTheWay(method: AnyMethod, isRead: boolean, cause: unknown): ClusterError {
  const name = method.path.split('/').at(-1) ?? method.path;
  if (isRead)
    return new ClusterError('UNAVAILABLE', `the leader went away during ${name}: try again`, {
      details: undone,
      cause,
    });
  return new ClusterError(
    'OUTCOME_UNKNOWN',
    `the leader went away during ${name}, which it may or may not have done: look at the present state before trying again`,
    { cause },
  );
}

function notReached(address: string): ClusterError {
  return new ClusterError(
    'UNAVAILABLE',
    `the leader at ${address} cannot be reached from this manager: try again in a moment`,
    { details: undone },
  );
}

/** Swarm's users know this text; scripts look for its first sentence. */
export function noLeader(): ClusterError {
  return new ClusterError(
    'NO_LEADER',
    'The cluster does not have a leader: too few managers may be online. Make sure more than half of the managers are online.',
  );
}
