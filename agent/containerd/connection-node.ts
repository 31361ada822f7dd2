/** One channel to containerd's socket: namespace and lease as metadata, a deadline on every call. */
import { callDuplex, callServerStream, callUnary, grpc } from '#proto/rpc';
import type { CallOptions } from '#proto/rpc';
import { ClusterError, GrpcStatus } from '#lib';
import type { Method } from '#proto';

export interface ConnectionOptions {
  /** Path of the unix socket, e.g. /run/containerd/containerd.sock. */
  readonly socketPath: string;
  /** containerd's namespace; everything of ours lives in it. */
  readonly namespace: string;
}

export interface ContainerdCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default `callDeadlineMs`. */
  readonly deadlineMs?: number;
  /** What the call makes is kept from the collector by this lease. */
  readonly lease?: string | undefined;
}

/** Default deadline of a call: tasks.Create with a loaded disk is the slowest. */
export const callDeadlineMs = 60_000;

/** Largest message from containerd: a list of some thousand containers with their specs. */
const receiveBytesMax = 64 << 20;

/** The gRPC status number of an error that came from containerd, -1 for anything else. */
export function statusOf(error: unknown): number {
  const cause = error instanceof ClusterError ? error.cause : error;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'number' ? code : -1;
}

export const isNotFound = (error: unknown): boolean => statusOf(error) === GrpcStatus.NOT_FOUND;
export const isAlreadyThere = (error: unknown): boolean =>
  statusOf(error) === GrpcStatus.ALREADY_EXISTS;

/** Waits for the call; an error that `isFine` counts as done. */
export async function unless(
  isFine: (error: unknown) => boolean,
  call: Promise<unknown>,
): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isFine(error)) throw error;
  }
}

/** Rejections are `ClusterError`s as rpc-node.ts maps them; RUNTIME_UNAVAILABLE when it is away. */
export class ContainerdConnection {
  readonly namespace: string;
  readonly #client: grpc.Client;
  readonly #socketPath: string;

  constructor(options: ConnectionOptions) {
    this.namespace = options.namespace;
    this.#socketPath = options.socketPath;
    this.#client = new grpc.Client(
      `unix://${options.socketPath}`,
      grpc.credentials.createInsecure(),
      {
        'grpc.max_receive_message_length': receiveBytesMax,
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1_000,
      },
    );
  }

  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: ContainerdCallOptions = {},
  ): Promise<Response> {
    try {
      return await callUnary(this.#client, method, request, this.#callOptions(options));
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** An answer that streams. Without `deadlineMs` it has no end. */
  stream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: ContainerdCallOptions = {},
  ): AsyncGenerator<Response> {
    const deadlineMs = options.deadlineMs ?? Number.POSITIVE_INFINITY;
    return callServerStream(
      this.#client,
      method,
      request,
      this.#callOptions({ ...options, deadlineMs }),
    );
  }

  duplex<Request, Response>(
    method: Method<Request, Response>,
    options: ContainerdCallOptions = {},
  ): grpc.ClientDuplexStream<Request, Response> {
    return callDuplex(this.#client, method, this.#callOptions(options));
  }

  close(): void {
    this.#client.close();
  }

  #callOptions(options: ContainerdCallOptions): CallOptions {
    const metadata = new grpc.Metadata();
    metadata.set('containerd-namespace', this.namespace);
    if (options.lease !== undefined) metadata.set('containerd-lease', options.lease);
    const deadlineMs = options.deadlineMs ?? callDeadlineMs;
    return options.signal === undefined
      ? { deadlineMs, metadata }
      : { deadlineMs, metadata, signal: options.signal };
  }

  #explain(error: unknown): unknown {
    const status = statusOf(error);
    if (status !== GrpcStatus.UNAVAILABLE) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new ClusterError(
      'RUNTIME_UNAVAILABLE',
      `containerd does not answer at ${this.#socketPath}: is it running? (${text})`,
      { cause: error instanceof ClusterError ? error.cause : error },
    );
  }
}
