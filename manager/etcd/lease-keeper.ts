import { backoffMs, messageOf, sleep } from '#lib';
import type { Clock, Logger, Metrics, Ms, Random, Timer } from '#lib';
import type { Etcd, Lease } from './etcd-port.ts';

/**
 * How long a manager that is gone holds its place. Until then nobody else leads: this is the larger part
 * of a failover. It must outlast an election among etcd's own members, which takes 1 to 2 s.
 */
export const leaseTtlMs: Ms = 5_000;
/** Refreshed so often. */
const refreshMs: Ms = 1_000;
/**
 * The lease counts as ended here so much before etcd may end it: for clocks that do not run alike, and for
 * what is under way.
 */
const marginMs: Ms = 500;
const retry = { baseMs: 100, maxMs: 500, jitter: 0.5 } as const;

export interface LeaseKeeperOptions {
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Writes the key that goes with a new lease; may be repeated. */
  readonly register: (leaseId: string) => Promise<void>;
  /** The lease was granted, lost, or is no longer certain. */
  readonly onChange: () => void;
}

/** Holds one lease of etcd, a new one when it is lost. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #lease: Lease | undefined;
  #isRegistered = false;
  /** Monotonic. */
  #certainUntil: Ms = 0;
  #expiry: Timer | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    options.metrics.observedGauge(
      'tessera_etcd_lease_seconds',
      "How long this manager's lease is certain to live; 0 = it has none.",
      () => Math.max(0, this.#certainUntil - options.clock.monotonic()) / 1000,
    );
  }

  /** The lease, while it is certain that etcd has not ended it; looked at anew at each call. */
  get id(): string | undefined {
    return this.#options.clock.monotonic() < this.#certainUntil ? this.#lease?.id : undefined;
  }

  /** Until the signal. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      let waitMs: Ms = refreshMs;
      try {
        await this.#refresh();
        failures = 0;
      } catch (error) {
        waitMs = backoffMs(retry, failures++, random);
        log.warn('the lease in etcd was not refreshed', { reason: messageOf(error) });
      }
      await sleep(clock, waitMs, signal).catch(() => undefined);
    }
    this.#expiry?.cancel();
  }

  /** Ends the lease, so that others need not wait for it; best effort. */
  async release(): Promise<void> {
    const lease = this.#lease;
    this.#lose();
    if (lease === undefined) return;
    await this.#options.etcd.revokeLease(lease.id).catch((error: unknown) => {
      this.#options.log.debug('the lease in etcd ends by itself', { reason: messageOf(error) });
    });
  }

  async #refresh(): Promise<void> {
    const { etcd, clock, log, register } = this.#options;
    // What etcd answers counts from when it was asked: it cannot have begun before that.
    const askedAt = clock.monotonic();
    if (this.#lease === undefined) {
      const lease = await etcd.grantLease(leaseTtlMs);
      this.#lease = lease;
      this.#isRegistered = false;
      this.#extend(askedAt + lease.ttlMs);
    } else {
      const ttlMs = await etcd.keepAlive(this.#lease.id);
      if (ttlMs === undefined) {
        log.warn('the lease in etcd has ended', { leaseId: this.#lease.id });
        this.#lose();
        return this.#refresh();
      }
      this.#extend(askedAt + ttlMs);
    }
    if (this.#isRegistered) return;
    await register(this.#lease.id);
    this.#isRegistered = true;
    this.#options.onChange();
  }

  #extend(endsAt: Ms): void {
    const { clock, onChange } = this.#options;
    const wasCertain = this.id !== undefined;
    this.#certainUntil = Math.max(this.#certainUntil, endsAt - marginMs);
    this.#expiry?.cancel();
    const leftMs = Math.max(0, this.#certainUntil - clock.monotonic());
    this.#expiry = clock.after(leftMs + 1, onChange);
    if (!wasCertain) onChange();
  }

  #lose(): void {
    this.#lease = undefined;
    this.#certainUntil = 0;
    this.#expiry?.cancel();
    this.#options.onChange();
  }
}
