/** `Etcd` over its members. */
import type { IKeyValue, IRequestOp, ICompare, IWatchResponse } from 'etcd3';
import { assert, durationBuckets } from '#lib';
import type { Clock, Counter, Histogram, Metrics, Ms } from '#lib';
import { EtcdEndpoint } from './etcd-endpoint-node.ts';
import type { EtcdAccess } from './etcd-endpoint-node.ts';
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

/** One attempt; a member of etcd that is well answers in milliseconds. */
const callDeadlineMs: Ms = 1_000;

export interface EtcdSettings extends EtcdAccess {
  /** Below it stand all keys. */
  readonly prefix: string;
}

export interface EtcdClientOptions extends EtcdAccess {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

type WatchStream = Awaited<ReturnType<EtcdEndpoint['watch']['watch']>>;

export class EtcdClient implements Etcd {
  readonly #options: EtcdClientOptions;
  readonly #endpoints: readonly EtcdEndpoint[];
  readonly #seconds: Histogram;
  readonly #failures: Counter;
  #current = 0;

  constructor(options: EtcdClientOptions) {
    assert(options.endpoints.length > 0, 'etcd without an endpoint');
    this.#options = options;
    const timing = { ...options, deadlineMs: callDeadlineMs };
    this.#endpoints = options.endpoints.map((one) => new EtcdEndpoint(one, options, timing));
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
    return this.#attempt('grant', async ({ lease }, call) => {
      const granted = await lease.leaseGrant({ TTL: Math.ceil(ttlMs / 1000) }, call);
      return { id: granted.ID, ttlMs: toNumber(granted.TTL) * 1000 };
    });
  }

  keepAlive(leaseId: string): Promise<Ms | undefined> {
    return this.#attempt('keep-alive', async ({ lease }, call) => {
      const stream = await lease.leaseKeepAlive(call);
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
    await this.#attempt('revoke', ({ lease }, call) => lease.leaseRevoke({ ID: leaseId }, call));
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
      stream = await this.#endpoint(at).watch.watch();
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
    for (const endpoint of this.#endpoints) endpoint.close();
  }

  #endpoint(at: number): EtcdEndpoint {
    const endpoint = this.#endpoints[at];
    assert(endpoint !== undefined, `no endpoint ${at}`);
    return endpoint;
  }

  async #attempt<T>(
    call: string,
    work: (endpoint: EtcdEndpoint, options: { readonly deadline: number }) => Promise<T>,
  ): Promise<T> {
    const at = this.#current;
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    try {
      const endpoint = this.#endpoint(at);
      const answer = await work(endpoint, endpoint.deadline());
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
      this.#current = (at + 1) % this.#endpoints.length;
    return known;
  }
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
