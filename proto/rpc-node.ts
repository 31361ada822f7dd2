/**
 * The one place where our methods and errors meet grpc-js. Errors cross the wire as a status, the
 * stable code in `tessera-error-code` and the details in `tessera-error-details-bin`.
 */
import grpc from '@grpc/grpc-js';
import { ClusterError, GrpcStatus, isErrorCode } from '#lib';
import type { ErrorCode, Logger, Random } from '#lib';
import { newId } from '#lib';
import type { Method, MessageCodec } from './codec.ts';
import { ownEncoding } from './shared-encoding.ts';

const codeKey = 'tessera-error-code';
const detailsKey = 'tessera-error-details-bin';
/** Errors travel in headers, which are small: longer texts are cut, more details left out. */
const errorTextLengthMax = 2048;
const errorDetailsLengthMax = 4096;

/** Largest message on any of our channels, bytes. Larger things are streamed in chunks. */
export const messageBytesMax = 4 << 20;

/** Channel options that every client and server of ours uses. */
export const channelOptions: grpc.ChannelOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc-node.flow_control_window': 4 << 20,
  // Statistics of each call that nobody can ask for here.
  'grpc.enable_channelz': 0,
};

type AnyMethod = Method<never, never>;
export type MethodTable = Readonly<Record<string, AnyMethod>>;

const serializer =
  <T>(codec: MessageCodec<T>) =>
  (message: T): Buffer => {
    const bytes = ownEncoding(message) ?? codec.encode(message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };

/** What grpc-js wants to know of one method. */
export function methodDefinition<Request, Response>(
  method: Method<Request, Response>,
): grpc.MethodDefinition<Request, Response> {
  return {
    path: method.path,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: serializer(method.request),
    requestDeserialize: (bytes: Buffer) => method.request.decode(bytes),
    responseSerialize: serializer(method.response),
    responseDeserialize: (bytes: Buffer) => method.response.decode(bytes),
  };
}

export function serviceDefinition(methods: MethodTable): grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, methodDefinition(method)]),
  ) as unknown as grpc.ServiceDefinition;
}

/**
 * What a server answers for whatever was thrown. An error that is not a `ClusterError` becomes
 * INTERNAL with an id; its text stays in the log under that id.
 */
export function toStatus(error: unknown, log: Logger, random: Random): Partial<grpc.StatusObject> {
  const known =
    error instanceof ClusterError
      ? error
      : new ClusterError('INTERNAL', `internal error ${newId(random).slice(0, 8)}: see the log`);
  if (known !== error) log.error('internal error', { answered: known.message, err: error });
  const metadata = new grpc.Metadata();
  metadata.set(codeKey, known.code);
  const details = JSON.stringify(known.details);
  if (details.length <= errorDetailsLengthMax) metadata.set(detailsKey, Buffer.from(details));
  const text = known.message.slice(0, errorTextLengthMax);
  return { code: known.grpcStatus, details: text, metadata };
}

function detailsOf(metadata: grpc.Metadata | undefined): Record<string, string> {
  const bytes = metadata?.get(detailsKey)[0];
  if (!Buffer.isBuffer(bytes)) return {};
  try {
    return JSON.parse(bytes.toString('utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  [GrpcStatus.CANCELLED]: 'CANCELLED',
  [GrpcStatus.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [GrpcStatus.UNAVAILABLE]: 'UNAVAILABLE',
  [GrpcStatus.UNIMPLEMENTED]: 'UNIMPLEMENTED',
  [GrpcStatus.RESOURCE_EXHAUSTED]: 'LIMIT_EXCEEDED',
  [GrpcStatus.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [GrpcStatus.NOT_FOUND]: 'NOT_FOUND',
  [GrpcStatus.ALREADY_EXISTS]: 'ALREADY_EXISTS',
  [GrpcStatus.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [GrpcStatus.UNAUTHENTICATED]: 'UNAUTHENTICATED',
};

/** The `ClusterError` behind what grpc-js reports. */
export function fromStatus(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const status = error as Partial<grpc.ServiceError>;
  if (typeof status.code !== 'number')
    return new ClusterError('INTERNAL', String(error), { cause: error });
  const named = status.metadata?.get(codeKey)[0];
  const code =
    typeof named === 'string' && isErrorCode(named)
      ? named
      : (codeOfStatus[status.code] ?? 'INTERNAL');
  return new ClusterError(code, status.details ?? status.message ?? 'unknown error', {
    details: detailsOf(status.metadata),
    cause: error,
  });
}

export interface CallOptions {
  /** Every call has one; milliseconds from now. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly metadata?: grpc.Metadata;
}

function grpcOptions(options: Pick<CallOptions, 'deadlineMs'>): grpc.CallOptions {
  return Number.isFinite(options.deadlineMs) ? { deadline: Date.now() + options.deadlineMs } : {};
}

function cancelOnAbort(
  call: { cancel(): void; on(e: string, f: () => void): unknown },
  signal?: AbortSignal,
): void {
  if (signal === undefined) return;
  const onAbort = (): void => call.cancel();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const done = (): void => signal.removeEventListener('abort', onAbort);
  call.on('status', done);
}

/** One request, one answer. Rejects with a `ClusterError`. */
export function callUnary<Request, Response>(
  client: grpc.Client,
  method: Method<Request, Response>,
  request: Request,
  options: CallOptions,
): Promise<Response> {
  const definition = methodDefinition(method);
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
      options.metadata ?? new grpc.Metadata(),
      grpcOptions(options),
      (error, response) => {
        if (error !== null) reject(fromStatus(error));
        else resolve(response as Response);
      },
    );
    cancelOnAbort(call, options.signal);
  });
}

/** One request, many answers. An `infinite` deadline is for streams that follow. */
export async function* callServerStream<Request, Response>(
  client: grpc.Client,
  method: Method<Request, Response>,
  request: Request,
  options: CallOptions,
): AsyncGenerator<Response> {
  const definition = methodDefinition(method);
  const call = client.makeServerStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
    request,
    options.metadata ?? new grpc.Metadata(),
    grpcOptions(options),
  );
  cancelOnAbort(call, options.signal);
  try {
    for await (const message of call) yield message as Response;
  } catch (error) {
    throw fromStatus(error);
  } finally {
    call.cancel();
  }
}

/** Both sides stream. The caller listens for 'data', 'error', 'end' and calls `write` and `end`. */
export function callDuplex<Request, Response>(
  client: grpc.Client,
  method: Method<Request, Response>,
  options: Partial<CallOptions> = {},
): grpc.ClientDuplexStream<Request, Response> {
  const definition = methodDefinition(method);
  const call = client.makeBidiStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
    options.metadata ?? new grpc.Metadata(),
    grpcOptions({ deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY }),
  );
  cancelOnAbort(call, options.signal);
  return call;
}

/** Writes with back-pressure: resolves when the stream can take more. */
export function writeTo<T>(
  stream:
    | grpc.ClientDuplexStream<T, unknown>
    | grpc.ClientWritableStream<T>
    | grpc.ServerWritableStream<unknown, T>
    | grpc.ServerDuplexStream<unknown, T>,
  message: T,
): Promise<void> {
  if (stream.write(message)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      stream.off('drain', onDrain);
      stream.off('error', onError);
      stream.off('close', onClose);
      end();
    };
    const onDrain = (): void => settle(resolve);
    const onError = (error: unknown): void => settle(() => reject(fromStatus(error)));
    const onClose = (): void =>
      settle(() => reject(new ClusterError('CANCELLED', 'the stream was closed')));
    stream.on('drain', onDrain);
    stream.on('error', onError);
    stream.on('close', onClose);
  });
}

export { grpc };
