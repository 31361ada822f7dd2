/** The way to a daemon, as a port: commands are written against this, tests answer in its place. */
import type { Method } from '#proto';

/** Where a daemon listens. */
export interface Target {
  /** `unix:///path` or `HOST:PORT`. */
  readonly host: string;
  /** Needed for `HOST:PORT`: paths of PEM files. */
  readonly tls?: TlsFiles;
  /** The context this came from, for messages; undefined when a flag or the default said it. */
  readonly context?: string;
}

export interface TlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface CallLimits {
  /** Default 30 s. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** Every call rejects with a `ClusterError`; UNAVAILABLE when no daemon answers. */
export interface Connection {
  readonly target: Target;
  call<Request, Response>(
    method: Method<Request, Response, false, false>,
    request?: Partial<Request>,
    limits?: CallLimits,
  ): Promise<Response>;
  /** One request, answers until the server ends it or the signal is aborted. No deadline. */
  stream<Request, Response>(
    method: Method<Request, Response, false, true>,
    request?: Partial<Request>,
    signal?: AbortSignal,
  ): AsyncIterable<Response>;
  /** Sends every item with back-pressure while the answers are read. No deadline. */
  exchange<Request, Response>(
    method: Method<Request, Response, true, true>,
    requests: AsyncIterable<Request>,
    signal?: AbortSignal,
  ): AsyncIterable<Response>;
  close(): void;
}
