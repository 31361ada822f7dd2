import type { Ms } from '#lib';

/** A key and what etcd says of it. Revisions are etcd's: they only grow. */
export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** The lease the key goes with; '0' = none. */
  readonly lease: string;
}

/** Keys from `start` up to, without, `end`. */
export interface KeyRange {
  readonly start: string;
  readonly end: string;
}

export interface RangeOptions {
  /** At most so many, ascending by key. Default all. */
  readonly limit?: number;
  /** As it was at this revision; default now, which is a linearizable read. */
  readonly revision?: number;
}

export interface RangeAnswer {
  /** Of the read: everything up to it is in the answer. */
  readonly revision: number;
  readonly items: readonly KeyValue[];
  readonly hasMore: boolean;
}

/** True when the key's revision is `revision`; 0 = the key does not exist. */
export interface Comparison {
  readonly key: string;
  readonly target: 'created' | 'modified';
  readonly revision: number;
}

export type Operation =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: Uint8Array;
      readonly lease?: string;
    }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete-range'; readonly range: KeyRange };

export interface Transaction {
  /** All must hold. */
  readonly when: readonly Comparison[];
  readonly changes: readonly Operation[];
  /** Keys that are read instead, at the same revision, when one does not hold. */
  readonly otherwise: readonly string[];
}

export interface TransactionAnswer {
  readonly isDone: boolean;
  readonly revision: number;
  /** Those of `otherwise` that exist; empty when it was done. */
  readonly found: ReadonlyMap<string, KeyValue>;
}

export interface WatchEvent {
  readonly kind: 'put' | 'delete';
  /** Of a deletion only `key` and `modRevision` mean something. */
  readonly item: KeyValue;
}

export interface WatchHandlers {
  /** etcd has taken the watch in. */
  readonly opened: () => void;
  /** In the order of revisions, none left out. Must not throw. */
  readonly events: (events: readonly WatchEvent[], revision: number) => void;
  /** Once; nothing follows. Not called after `cancel`. */
  readonly ended: (error: EtcdError) => void;
}

export interface Lease {
  readonly id: string;
  readonly ttlMs: Ms;
}

/**
 * etcd as this folder needs it. Each call is one attempt at one endpoint, with a deadline; all of
 * them reject with `EtcdError` only. After an unclear failure the next call goes to the next endpoint.
 */
export interface Etcd {
  range(range: KeyRange | string, options?: RangeOptions): Promise<RangeAnswer>;
  transact(transaction: Transaction): Promise<TransactionAnswer>;
  /** etcd may give a longer life than was asked for. */
  grantLease(ttlMs: Ms): Promise<Lease>;
  /** How long the lease lives from now at least; undefined when there is no such lease any more. */
  keepAlive(leaseId: string): Promise<Ms | undefined>;
  /** Its keys are deleted with it. */
  revokeLease(leaseId: string): Promise<void>;
  /** Everything from `fromRevision` on. */
  watch(range: KeyRange, fromRevision: number, handlers: WatchHandlers): { cancel(): void };
  close(): void;
}

/** Why etcd refused; each of them is certain to have changed nothing. */
export type Refusal =
  /** The request is larger than etcd takes. */
  | 'too-large'
  /** The quota of its database is used up (the alarm NOSPACE). */
  | 'no-space'
  | 'too-many-requests'
  /** Of user, password, role or certificate. */
  | 'denied'
  /** The history asked for is gone. */
  | 'compacted';

/** An attempt that failed. Without a `refusal` it is unclear whether it took effect. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly refusal: Refusal | undefined;

  constructor(message: string, refusal?: Refusal, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
  }
}
