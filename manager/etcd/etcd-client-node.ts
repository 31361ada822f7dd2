/**
 * `Etcd` over the npm client `etcd3`, by its RPC level only. Its own retries would repeat a transaction
 * whose answer was lost, its watches and leases keep time by the wall clock: both are left aside.
 */
import { InterceptingCall } from '@grpc/grpc-js';
import type { Interceptor } from '@grpc/grpc-js';
import { Etcd3 } from 'etcd3';
import type { IOptions, IKeyValue, IRequestOp, ICompare, IWatchResponse } from 'etcd3';
import { assert, durationBuckets } from '#lib';
import type { Clock, Counter, Histogram, Metrics, Ms } from '#lib';
import { EtcdError } from './etcd-port.ts';
import type {
  Comparison,
  Etcd,
  KeyRange,
  KeyValue,
  Lease,
  Operation,
  RangeAnswer,
  RangeOptions,
  Transaction,
  TransactionAnswer,
  WatchHandlers,
} from './etcd-port.ts';
import { toEtcdError } from './refusals.ts';

/** A page of the largest entries fits; a larger answer fails, and is asked for in smaller pages. */
const answerBytesMax = 64 << 20;

/** One attempt; a member of etcd that is well answers in milliseconds. */
const callDeadlineMs: Ms = 1_000;

/** Where etcd is, and who asks. */
export interface EtcdAccess {
  /** host:port of etcd's members; tried one after the other. */
  readonly endpoints: readonly string[];
  readonly tls: EtcdTls | undefined;
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

export interface EtcdSettings extends EtcdAccess {
  /** Below it stand all keys. */
  readonly prefix: string;
}

export interface EtcdClientOptions extends EtcdAccess {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** PEM. With `rootPem` alone only etcd shows who it is. */
export interface EtcdTls {
  readonly rootPem: Uint8Array;
  readonly keyPem?: Uint8Array;
  readonly certificatePem?: Uint8Array;
}

type Connection = Pick<Etcd3, 'kv' | 'leaseClient' | 'watchClient' | 'close'>;
type WatchStream = Awaited<ReturnType<Connection['watchClient']['watch']>>;

/** Lets every call through once, as it is. */
const once = {
  // Rejects, and never throws: the client counts on it where it tells of a stream that broke.
  execute: async (work: (context: unknown) => unknown) =>
    work({ attempt: 0, signal: new AbortController().signal }),
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
};

/** A member of etcd that is cut off from the others ends its streams then, rather than fall silent. */
const requireLeader: Interceptor = (options, next) => {
  const isStream = options.method_definition.path.includes('Watch');
  if (!isStream) return new InterceptingCall(next(options));
  return new InterceptingCall(next(options), {
    start: (metadata, listener, proceed) => {
      const own = metadata.clone();
      own.set('hasleader', 'true');
      proceed(own, listener);
    },
  });
};

export class EtcdClient implements Etcd {
  readonly #options: EtcdClientOptions;
  readonly #connections: readonly Connection[];
  readonly #seconds: Histogram;
  readonly #failures: Counter;
  #current = 0;

  constructor(options: EtcdClientOptions) {
    assert(options.endpoints.length > 0, 'etcd without an endpoint');
    this.#options = options;
    this.#connections = options.endpoints.map((endpoint) => connect(endpoint, options));
    this.#seconds = options.metrics.histogram(
      'tessera_etcd_request_seconds',
      'Requests to etcd that were answered, by kind.',
      durationBuckets,
      ['call'],
    );
    this.#failures = options.metrics.counter(
      'tessera_etcd_request_failures_total',
      'Requests to etcd that failed, by kind and reason; unclear = no answer.',
      ['call', 'reason'],
    );
  }

  range(range: KeyRange | string, options: RangeOptions = {}): Promise<RangeAnswer> {
    return this.#attempt('range', async ({ kv }, call) => {
      const { header, kvs, more } = await kv.range(
        {
          ...toRange(range),
          ...(options.limit === undefined ? {} : { limit: options.limit }),
          ...(options.revision === undefined ? {} : { revision: options.revision }),
        },
        call,
      );
      return { revision: toNumber(header.revision), items: kvs.map(toKeyValue), hasMore: more };
    });
  }

  transact({ when, changes, otherwise }: Transaction): Promise<TransactionAnswer> {
    return this.#attempt('transact', async ({ kv }, call) => {
      const request = {
        compare: when.map(toCompare),
        success: changes.map(toRequest),
        failure: otherwise.map((key) => ({ request_range: toRange(key) })),
      };
      const { header, succeeded, responses } = await kv.txn(request, call);
      const found = succeeded ? [] : responses.flatMap((one) => one.response_range.kvs);
      const items = found.map(toKeyValue).map((item) => [item.key, item] as const);
      return { isDone: succeeded, revision: toNumber(header.revision), found: new Map(items) };
    });
  }

  grantLease(ttlMs: Ms): Promise<Lease> {
    return this.#attempt('grant', async ({ leaseClient }, call) => {
      const granted = await leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1000) }, call);
      return { id: granted.ID, ttlMs: toNumber(granted.TTL) * 1000 };
    });
  }

  keepAlive(leaseId: string): Promise<Ms | undefined> {
    return this.#attempt('keep-alive', async ({ leaseClient }, call) => {
      const stream = await leaseClient.leaseKeepAlive(call);
      try {
        const ttl = await new Promise<number>((resolve, reject) => {
          stream.on('data', (answer) => resolve(toNumber(answer.TTL)));
          stream.on('error', reject);
          stream.on('end', () => reject(new Error('the stream ended')));
          stream.write({ ID: leaseId });
        });
        return ttl > 0 ? ttl * 1000 : undefined;
      } finally {
        stream.end();
      }
    });
  }

  async revokeLease(leaseId: string): Promise<void> {
    await this.#attempt('revoke', ({ leaseClient }, call) =>
      leaseClient.leaseRevoke({ ID: leaseId }, call),
    );
  }

  watch(range: KeyRange, fromRevision: number, handlers: WatchHandlers): { cancel(): void } {
    const at = this.#current;
    let stream: WatchStream | undefined;
    let isOver = false;
    const end = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      stream?.cancel();
      this.#failed('watch', at, error);
      handlers.ended(toEtcdError(error));
    };
    const create = { ...toRange(range), start_revision: fromRevision, fragment: true };
    const open = async (): Promise<void> => {
      stream = await this.#connection(at).watchClient.watch();
      if (isOver) stream.cancel();
      // After `cancel` it ends with an error, too: somebody has to listen.
      stream.on('error', end);
      stream.on('end', () => end(new Error('the watch ended')));
      stream.on('data', (answer) => {
        if (isOver) return;
        const refusal = refusalOf(answer);
        if (refusal !== undefined) end(refusal);
        else if (answer.created) handlers.opened();
        else handlers.events(answer.events.map(toEvent), toNumber(answer.header.revision));
      });
      if (!isOver) stream.write({ create_request: create });
    };
    open().catch(end);
    return {
      cancel: () => {
        isOver = true;
        stream?.cancel();
      },
    };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #connection(at: number): Connection {
    const connection = this.#connections[at];
    assert(connection !== undefined, `no endpoint ${at}`);
    return connection;
  }

  async #attempt<T>(
    call: string,
    work: (connection: Connection, options: { readonly deadline: number }) => Promise<T>,
  ): Promise<T> {
    const at = this.#current;
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    try {
      const deadline = clock.now() + callDeadlineMs;
      const answer = await work(this.#connection(at), { deadline });
      this.#seconds.observe((clock.monotonic() - startedAt) / 1000, { call });
      return answer;
    } catch (error) {
      throw this.#failed(call, at, error);
    }
  }

  /** The next call goes elsewhere, unless etcd has answered, or another call has moved on already. */
  #failed(call: string, at: number, error: unknown): EtcdError {
    const known = toEtcdError(error);
    this.#failures.inc({ call, reason: known.refusal ?? 'unclear' });
    if (known.refusal === undefined && this.#current === at)
      this.#current = (at + 1) % this.#connections.length;
    return known;
  }
}

function connect(endpoint: string, options: EtcdClientOptions): Connection {
  const { tls, login, clock } = options;
  const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const credentials = tls && {
    rootCertificate: buffer(tls.rootPem),
    ...(tls.keyPem === undefined ? {} : { privateKey: buffer(tls.keyPem) }),
    ...(tls.certificatePem === undefined ? {} : { certChain: buffer(tls.certificatePem) }),
  };
  const own: IOptions = {
    hosts: `${tls === undefined ? 'http' : 'https'}://${endpoint}`,
    faultHandling: { host: () => once as never, global: once as never },
    grpcOptions: {
      'grpc.max_receive_message_length': answerBytesMax,
      'grpc.max_send_message_length': answerBytesMax,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.use_local_subchannel_pool': 1,
      interceptors: [requireLeader],
    } as NonNullable<IOptions['grpcOptions']>,
    ...(credentials === undefined ? {} : { credentials }),
    ...(login === undefined
      ? {}
      : { auth: { ...login, callOptions: () => ({ deadline: clock.now() + callDeadlineMs }) } }),
  };
  return new Etcd3(own);
}

function toRange(range: KeyRange | string): { key: Buffer; range_end?: Buffer } {
  if (typeof range === 'string') return { key: Buffer.from(range) };
  return { key: Buffer.from(range.start), range_end: Buffer.from(range.end) };
}

function toCompare({ key, target, revision }: Comparison): ICompare {
  const own = { key: Buffer.from(key), result: 'Equal' } as const;
  return target === 'created'
    ? { ...own, target: 'Create', create_revision: revision }
    : { ...own, target: 'Mod', mod_revision: revision };
}

function toRequest(operation: Operation): IRequestOp {
  switch (operation.kind) {
    case 'put': {
      const { key, value, lease } = operation;
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
      const put = { key: Buffer.from(key), value: bytes };
      return { request_put: lease === undefined ? put : { ...put, lease } };
    }
    case 'delete':
      return { request_delete_range: toRange(operation.key) };
    default:
      return { request_delete_range: toRange(operation.range) };
  }
}

function toNumber(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `a number of etcd out of range: ${text}`);
  return value;
}

function toKeyValue(wire: IKeyValue): KeyValue {
  return {
    key: wire.key.toString(),
    value: wire.value,
    createRevision: toNumber(wire.create_revision),
    modRevision: toNumber(wire.mod_revision),
    lease: wire.lease,
  };
}

function toEvent(event: IWatchResponse['events'][number]): {
  readonly kind: 'put' | 'delete';
  readonly item: KeyValue;
} {
  return { kind: event.type === 'Put' ? 'put' : 'delete', item: toKeyValue(event.kv) };
}

function refusalOf(answer: IWatchResponse): Error | undefined {
  if (answer.compact_revision !== '0')
    return new Error('etcdserver: mvcc: required revision has been compacted');
  return answer.canceled ? new Error(answer.cancel_reason || 'the watch was ended') : undefined;
}
