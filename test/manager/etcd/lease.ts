/** How long a lease is certain, on a clock of our own; etcd itself is played by a few lines. */
import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Ms } from '#lib';
import { EtcdError } from '#manager/etcd/etcd-port';
import type { Etcd } from '#manager/etcd/etcd-port';
import { LeaseKeeper, leaseTtlMs } from '#manager/etcd/lease-keeper';
import { VirtualClock } from '../../_support/virtual-clock.ts';

/** Grants and refreshes as etcd does: a lease lives from the moment its request is carried out. */
class Leases implements Pick<Etcd, 'grantLease' | 'keepAlive' | 'revokeLease'> {
  readonly #clock: VirtualClock;
  /** On the way there and on the way back. */
  delayMs: Ms = 0;
  isCut = false;
  endsAt: Ms = 0;
  #count = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async grantLease(ttlMs: Ms): Promise<{ readonly id: string; readonly ttlMs: Ms }> {
    await this.#carry();
    this.endsAt = this.#clock.monotonic() + ttlMs;
    await this.#clock.wait(this.delayMs);
    return { id: String(++this.#count), ttlMs };
  }

  async keepAlive(): Promise<Ms | undefined> {
    await this.#carry();
    const isGone = this.#clock.monotonic() >= this.endsAt;
    if (!isGone) this.endsAt = this.#clock.monotonic() + leaseTtlMs;
    await this.#clock.wait(this.delayMs);
    return isGone ? undefined : leaseTtlMs;
  }

  async revokeLease(): Promise<void> {
    this.endsAt = 0;
  }

  async #carry(): Promise<void> {
    await this.#clock.wait(this.delayMs);
    if (this.isCut) throw new EtcdError('cut');
  }
}

function world(): {
  readonly clock: VirtualClock;
  readonly leases: Leases;
  readonly keeper: LeaseKeeper;
  readonly registered: string[];
  readonly stop: () => Promise<void>;
} {
  const clock = new VirtualClock();
  const leases = new Leases(clock);
  const registered: string[] = [];
  const stopping = new AbortController();
  const keeper = new LeaseKeeper({
    etcd: leases as unknown as Etcd,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
    register: async (id) => void registered.push(id),
    onChange: () => undefined,
  });
  const running = keeper.run(stopping.signal);
  const stop = (): Promise<void> => {
    stopping.abort();
    return clock.resolve(running, 10_000);
  };
  return { clock, leases, keeper, registered, stop };
}

test('a lease is never held for certain when etcd may have ended it, however slow the way', async (t) => {
  const { clock, leases, keeper, stop } = world();
  const random = seededRandom(7);
  let certain = 0;
  for (let step = 0; step < 20_000; step++) {
    if (step % 400 === 0) {
      leases.delayMs = random.below(900);
      leases.isCut = random.below(3) === 0;
    }
    await clock.advance(20);
    if (keeper.id === undefined) continue;
    certain++;
    t.true(leases.endsAt - clock.monotonic() >= 400, `step ${step}`);
  }
  t.true(certain > 5_000, 'it is held most of the time');
  await stop();
});

test('a lease that has ended is followed by a new one, which is registered', async (t) => {
  const { clock, leases, keeper, registered, stop } = world();
  await clock.until(() => keeper.id === '1', 1_000, 'the first lease');
  leases.isCut = true;
  await clock.until(() => keeper.id === undefined, leaseTtlMs, 'it is no longer certain');
  await clock.advance(2 * leaseTtlMs);
  leases.isCut = false;
  await clock.until(() => keeper.id === '2', 5_000, 'the second');
  await clock.advance(1_000);
  t.deepEqual(registered, ['1', '2']);
  await clock.resolve(keeper.release(), 1_000);
  t.is(keeper.id, undefined);
  t.is(leases.endsAt, 0);
  await stop();
});
