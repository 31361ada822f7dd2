/**
 * Serves `Handlers` over grpc-js: who calls, deadlines and hang-ups become a `CallContext`; what is
 * thrown becomes a status; streams go both ways with back-pressure; every call is counted.
 */
import type { Duplex, Readable } from 'node:stream';
import { ClusterError, durationBuckets } from '#lib';
import type { Clock, Logger, Metrics, Random } from '#lib';
import type { Method } from './codec.ts';
import type { CallContext, Caller, Handlers } from './handlers.ts';
import { grpc, methodDefinition, toStatus, writeTo } from './rpc-node.ts';

/** What the transport knows of a call before it is handled. */
export interface IncomingCall {
  readonly path: string;
  readonly metadata: grpc.Metadata;
  /** host:port of the other side, as grpc-js prints it. */
  readonly peer: string;
  readonly authContext: ReturnType<grpc.ServerUnaryCall<unknown, unknown>['getAuthContext']>;
}

export interface Identified {
  readonly caller: Caller;
  readonly address: string;
  readonly isForwarded: boolean;
}

export interface ServeOptions {
  /** Throws a `ClusterError` for a caller that is refused; it is answered and the handler not run. */
  readonly identify: (call: IncomingCall) => Identified;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

type AnyMethod = Method<unknown, unknown>;
type AnyHandler = (request: unknown, context: CallContext) => unknown;
type ServerCall = grpc.ServerUnaryCall<unknown, unknown> & Duplex;
type Respond = grpc.sendUnaryData<unknown>;

/** Adds every method of `service` to `server`; a service can be added once per server. */
export function serve<Service extends Readonly<Record<string, unknown>>>(
  server: grpc.Server,
  service: Service,
  handlers: Handlers<Service>,
  options: ServeOptions,
): void {
  const definitions: Record<string, unknown> = {};
  const implementation: Record<string, grpc.UntypedHandleCall> = {};
  const meter = callMeter(options);
  for (const [name, method] of Object.entries(service as Record<string, AnyMethod>)) {
    definitions[name] = methodDefinition(method);
    const handler = (handlers as Record<string, AnyHandler>)[name] as AnyHandler;
    implementation[name] = implement(method, handler, options, meter);
  }
  server.addService(definitions as unknown as grpc.ServiceDefinition, implementation);
}

interface Meter {
  begin(method: AnyMethod): (code: string) => void;
}

function callMeter(options: ServeOptions): Meter {
  const { clock, metrics } = options;
  const calls = metrics.counter(
    'tessera_rpc_server_calls_total',
    'Calls answered, by method and outcome (OK or the error code).',
    ['method', 'code'],
  );
  const seconds = metrics.histogram(
    'tessera_rpc_server_seconds',
    'Time from the arrival of a call that does not stream to its answer.',
    durationBuckets,
    ['method'],
  );
  return {
    begin(method) {
      const startedMs = clock.monotonic();
      const isStream = method.requestStream || method.responseStream;
      return (code) => {
        calls.inc({ method: method.path, code });
        if (!isStream)
          seconds.observe((clock.monotonic() - startedMs) / 1000, { method: method.path });
      };
    },
  };
}

function implement(
  method: AnyMethod,
  handler: AnyHandler,
  options: ServeOptions,
  meter: Meter,
): grpc.UntypedHandleCall {
  return ((call: ServerCall, respond?: Respond): void => {
    const done = meter.begin(method);
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort(cancelled(method)));
    const answer = method.responseStream
      ? streamAnswer(method, handler, options, call, abort.signal)
      : unaryAnswer(method, handler, options, call, abort.signal, respond as Respond);
    answer.then(
      () => done('OK'),
      (error: unknown) => {
        done(error instanceof ClusterError ? error.code : 'INTERNAL');
        if (abort.signal.aborted) return;
        const status = toStatus(error, options.log, options.random);
        if (method.responseStream) call.emit('error', status);
        else (respond as Respond)(status as grpc.ServerErrorResponse);
      },
    );
  }) as grpc.UntypedHandleCall;
}

function cancelled(method: AnyMethod): ClusterError {
  return new ClusterError('CANCELLED', `${method.path}: the caller hung up or its deadline passed`);
}

function contextOf(
  method: AnyMethod,
  call: ServerCall,
  signal: AbortSignal,
  options: ServeOptions,
): CallContext {
  const identified = options.identify({
    path: method.path,
    metadata: call.metadata,
    peer: call.getPeer(),
    authContext: call.getAuthContext(),
  });
  return { ...identified, signal };
}

async function unaryAnswer(
  method: AnyMethod,
  handler: AnyHandler,
  options: ServeOptions,
  call: ServerCall,
  signal: AbortSignal,
  respond: Respond,
): Promise<void> {
  const context = contextOf(method, call, signal, options);
  const request = method.requestStream ? incoming(method, call) : call.request;
  const response = await (handler(request, context) as Promise<unknown>);
  if (!signal.aborted) respond(null, response);
}

async function streamAnswer(
  method: AnyMethod,
  handler: AnyHandler,
  options: ServeOptions,
  call: ServerCall,
  signal: AbortSignal,
): Promise<void> {
  const context = contextOf(method, call, signal, options);
  const request = method.requestStream ? incoming(method, call) : call.request;
  for await (const message of handler(request, context) as AsyncIterable<unknown>) {
    if (signal.aborted || call.destroyed) throw cancelled(method);
    await writeTo(call as unknown as grpc.ServerDuplexStream<unknown, unknown>, message);
  }
  if (!call.destroyed) call.end();
}

/** The caller's messages; leaving the loop early does not end the call. */
async function* incoming(method: AnyMethod, call: Readable): AsyncGenerator<unknown> {
  try {
    yield* call.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw error instanceof ClusterError ? error : cancelled(method);
  }
}
