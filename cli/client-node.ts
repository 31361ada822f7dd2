/** The real `Connection`: grpc-js over the local unix socket, or over TCP with TLS. */
import { readFileSync } from 'node:fs';
import { ClusterError } from '#lib';
import type { Method } from '#proto';
import {
  callDuplex,
  callServerStream,
  callUnary,
  channelOptions,
  fromStatus,
  grpc,
  writeTo,
} from '#proto/rpc';
import type { CallLimits, Connection, Target } from './connection.ts';

const defaultDeadlineMs = 30_000;
/** Every certificate of a manager carries this name, whatever its address. */
const managerName = 'tessera-manager';

const isUnix = (host: string): boolean => host.startsWith('unix://');
const shownHost = (target: Target): string =>
  isUnix(target.host) ? target.host.slice('unix://'.length) : target.host;

function credentials(target: Target): grpc.ChannelCredentials {
  if (isUnix(target.host)) return grpc.credentials.createInsecure();
  if (target.tls === undefined)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `host ${target.host} needs a certificate: give --tls-ca, --tls-cert and --tls-key, ` +
        `or a context that has them`,
    );
  const read = (path: string): Buffer => readPem(path);
  return grpc.credentials.createSsl(
    read(target.tls.ca),
    read(target.tls.key),
    read(target.tls.certificate),
  );
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
      { cause: error },
    );
  }
}

/** What a person can act on when the transport, and not the daemon, said UNAVAILABLE. */
function explain(target: Target, thrown: unknown): ClusterError {
  const error = fromStatus(thrown);
  const cause = error.cause as Partial<grpc.ServiceError> | undefined;
  const isOurs = (cause?.metadata?.get('tessera-error-code').length ?? 0) > 0;
  if (error.code !== 'UNAVAILABLE' || isOurs) return error;
  const where = `cannot reach tesserad at ${shownHost(target)}`;
  const from = target.context === undefined ? '' : ` (context ${target.context})`;
  const text = error.message;
  if (
    /self-signed|unable to (?:verify|get)|certificate|altname/i.test(text) &&
    !isUnix(target.host)
  )
    return new ClusterError(
      'UNAUTHENTICATED',
      `${where}${from}: its certificate is not of the cluster of --tls-ca: ` +
        `is the address right?`,
      { cause: error },
    );
  const advice = text.includes('EACCES')
    ? 'permission denied: run tsctl as root'
    : isUnix(target.host)
      ? "is it running? start it with 'tesserad', or choose another with --host or --context"
      : `is it running, and is the address right? (${lastError(text)})`;
  return new ClusterError('UNAVAILABLE', `${where}${from}: ${advice}`, { cause: error });
}

/** grpc-js wraps what the socket said; that is the part that helps. */
function lastError(text: string): string {
  return /Last error: (?:Error: )?(.*?)\.? Resolution note:/.exec(text)?.[1] ?? text;
}

/** Nothing is sent until the first call. INVALID_ARGUMENT for a bad host or unreadable files. */
export function connectTo(target: Target): Connection {
  const address = isUnix(target.host) ? `unix:${shownHost(target)}` : target.host;
  const options = isUnix(target.host)
    ? { ...channelOptions, 'grpc.default_authority': 'localhost' }
    : { ...channelOptions, 'grpc.ssl_target_name_override': managerName };
  const client = new grpc.Client(address, credentials(target), options);
  return {
    target,
    call: async (method, request, limits: CallLimits = {}) => {
      try {
        return await callUnary(client, method, method.request.create(request), {
          deadlineMs: limits.deadlineMs ?? defaultDeadlineMs,
          ...(limits.signal === undefined ? {} : { signal: limits.signal }),
        });
      } catch (error) {
        throw explain(target, error);
      }
    },
    stream: (method, request, signal) =>
      explained(
        target,
        callServerStream(client, method, method.request.create(request), {
          deadlineMs: Number.POSITIVE_INFINITY,
          ...(signal === undefined ? {} : { signal }),
        }),
      ),
    exchange: (method, requests, signal) =>
      explained(target, exchange(client, method, requests, signal)),
    close: () => client.close(),
  };
}

async function* explained<T>(target: Target, source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    throw explain(target, error);
  }
}

async function* exchange<Request, Response>(
  client: grpc.Client,
  method: Method<Request, Response>,
  requests: AsyncIterable<Request>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Response> {
  const call = callDuplex(client, method, signal === undefined ? {} : { signal });
  const sending = sendAll(call, requests).catch((error: unknown) => {
    call.cancel();
    return error;
  });
  try {
    for await (const response of call) yield response as Response;
  } catch (error) {
    call.cancel();
    const sendError = await Promise.race([sending, Promise.resolve()]);
    throw sendError instanceof ClusterError && sendError.code !== 'CANCELLED' ? sendError : error;
  } finally {
    call.cancel();
  }
}

async function sendAll<Request, Response>(
  call: grpc.ClientDuplexStream<Request, Response>,
  requests: AsyncIterable<Request>,
): Promise<undefined> {
  for await (const request of requests) await writeTo(call, request);
  call.end();
  return undefined;
}
