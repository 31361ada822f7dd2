/** Leases: what is fetched or unpacked under one stays until it ends, or expires with its owner. */
import { LeasesService } from '#proto/containerd';
import type { Clock } from '#lib';
import { isAlreadyThere, isNotFound } from '../containerd/connection-node.ts';
import type { ContainerdConnection } from '../containerd/connection-node.ts';

/** A killed agent's half-done work is collected after this long. */
const leaseLifeMs = 24 * 3600_000;

/**
 * Runs `work` under the lease `id`. With `isKeptOnFailure` the lease is left to expire when the work
 * fails, so that a second try under the same id finds the bytes that were fetched.
 */
export async function underLease<T>(
  containerd: ContainerdConnection,
  clock: Clock,
  id: string,
  isKeptOnFailure: boolean,
  work: (lease: string) => Promise<T>,
): Promise<T> {
  const expireAt = new Date(clock.now() + leaseLifeMs).toISOString();
  try {
    await containerd.call(LeasesService.create, {
      id,
      labels: { 'containerd.io/gc.expire': expireAt },
    });
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  }
  const end = async (): Promise<void> => {
    try {
      await containerd.call(LeasesService.delete, { id, sync: false });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  let result: T;
  try {
    result = await work(id);
  } catch (error) {
    if (!isKeptOnFailure) await end().catch(() => undefined);
    throw error;
  }
  await end();
  return result;
}
