import { backoffMs, Bell, messageOf, sleep } from '#lib';
import type { Clock, Logger, Random } from '#lib';
import type { Cluster } from '#proto';
import type { Store } from '../store/types.ts';

const retry = { baseMs: 200, maxMs: 10_000, jitter: 0.3 } as const;

/** The keys of this node; real: `Keyring`. */
export interface KeptKeys {
  readonly lockVersion: number;
  readonly isRotating: boolean;
  relock(unlockKey: Uint8Array | undefined, version: number): Promise<void>;
  dropOld(): Promise<void>;
}

export interface KeyKeeperOptions {
  readonly clusterId: string;
  readonly store: Store;
  readonly keys: KeptKeys;
  /** Stores the node's private key again, under the present data key. */
  readonly resealFiles: () => Promise<void>;
  /** Brings the log under the present data key; waits for entries that are not committed. */
  readonly rekeyLog: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * On every manager, leader or not: brings its keys to the cluster's lock, and finishes changes of
 * the data key, after a restart too. Level-triggered: a manager that was away when the lock changed
 * does it when it is back. Runs until the signal; never rejects.
 */
export async function keepKeys(options: KeyKeeperOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, random, log } = options;
  const bell = new Bell();
  bell.ring();
  const watch = store.watch(
    ({ events }) => {
      if (events.some(({ table }) => table === 'cluster')) bell.ring();
    },
    { name: 'keys', only: { kind: 'table', table: 'cluster' } },
  );
  try {
    for (let failures = 0; !signal.aborted; ) {
      await bell.wait(signal);
      try {
        await follow(options);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('keys not changed yet', { reason: messageOf(error) });
        await sleep(clock, backoffMs(retry, failures++, random), signal);
        bell.ring();
      }
    }
  } catch {
    // Aborted while it waited.
  } finally {
    watch.cancel();
  }
}

async function follow(options: KeyKeeperOptions): Promise<void> {
  const { store, clusterId, keys, log } = options;
  const cluster: Cluster | undefined = store.view((tx) => tx.get('cluster', clusterId));
  const { unlockKey = new Uint8Array(0), version = 0 } = cluster?.lock ?? {};
  // A store that is still catching up may show a lock from before the one that is held.
  if (version > keys.lockVersion) {
    const isLocked = unlockKey.length > 0;
    await keys.relock(isLocked ? unlockKey : undefined, version);
    log.info('lock of this manager changed', { isLocked, version });
  }
  if (!keys.isRotating) return;
  await options.resealFiles();
  await options.rekeyLog();
  await keys.dropOld();
  log.info('data key of this manager changed');
}
