/** A store that is ready to use, with nothing behind it; objects in it are deep-frozen. */
import { silentLogger, silentMetrics } from '#lib';
import type { Clock, Logger, Metrics, Ms } from '#lib';
import { systemClock } from '#lib/clock-node';
import { ClusterStore } from '#manager/store/cluster-store';
import { LocalReplicator } from '#manager/store/local-replicator';
import type { CommitRingLimits } from '#manager/store/commit-ring';
import type { Replicator } from '#manager/store/replicator';
import type { AnyObject } from '#manager/store/tables';
import type { ChangeCheck } from '#manager/store/transaction';

export interface TestStoreOptions {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How long each commit takes on `clock`; 0 (default) = at once. */
  readonly commitDelayMs?: Ms;
  readonly check?: ChangeCheck;
  /** Deep-freezes what is stored (default true): a test that mutates it throws. */
  readonly isFrozen?: boolean;
  readonly log?: Logger;
  readonly metrics?: Metrics;
  /** How many commits are kept for watches that resume. */
  readonly keep?: CommitRingLimits;
  /** Sees every object instead of the freezing. */
  readonly seal?: <T extends AnyObject>(object: T) => T;
  /** Puts something between the store and its replicator. */
  readonly wrap?: (replicator: Replicator) => Replicator;
}

export interface TestStore {
  readonly store: ClusterStore;
  readonly replicator: LocalReplicator;
}

/** Freezes an object and all it holds; byte arrays, which cannot be frozen, are left alone. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

export function makeTestStore(options: TestStoreOptions = {}): TestStore {
  const clock = options.clock ?? systemClock();
  const replicator = new LocalReplicator({ clock, delayMs: options.commitDelayMs ?? 0 });
  const store = new ClusterStore({
    replicator: options.wrap?.(replicator) ?? replicator,
    clock,
    log: options.log ?? silentLogger,
    metrics: options.metrics ?? silentMetrics,
    ...(options.isFrozen === false ? {} : { seal: options.seal ?? deepFreeze }),
    ...(options.keep === undefined ? {} : { keep: options.keep }),
    ...(options.check === undefined ? {} : { check: options.check }),
    onWatcherError: (error) => {
      throw error;
    },
  });
  replicator.attach(store);
  return { store, replicator };
}
