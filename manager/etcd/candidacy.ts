import { Bell, messageOf } from '#lib';
import type { Clock, Logger, Ms } from '#lib';
import { EtcdError } from './etcd-port.ts';
import type { Etcd } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { LogFollower } from './log-follower.ts';
import { encodeJson } from './values.ts';
import type { MemberRecord } from './values.ts';

const againMs: Ms = 200;

export interface CandidacyOptions {
  readonly etcd: Etcd;
  readonly keys: Keys;
  readonly self: MemberRecord;
  readonly follower: LogFollower;
  readonly lease: LeaseKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Takes the leader's key whenever nobody holds it. Only a manager that is a member, is up to date and has
 * a lease does; etcd lets one of them have it.
 */
export class Candidacy {
  readonly #options: CandidacyOptions;
  readonly #bell = new Bell();
  #notBefore: Ms = 0;

  constructor(options: CandidacyOptions) {
    this.#options = options;
  }

  /** Something may have changed. */
  look(): void {
    this.#bell.ring();
  }

  /** Others go first for so long. */
  standBack(forMs: Ms): void {
    this.#notBefore = this.#options.clock.monotonic() + forMs;
    this.#options.clock.after(forMs + 1, () => this.#bell.ring());
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.#options;
    this.#bell.ring();
    while (!signal.aborted) {
      try {
        await this.#bell.wait(signal);
        await this.#stand();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof EtcdError)) throw error;
        log.warn('leadership was not taken', { reason: messageOf(error) });
        clock.after(againMs, () => this.#bell.ring());
      }
    }
  }

  async #stand(): Promise<void> {
    const { etcd, keys, self, follower, lease, clock, log } = this.#options;
    const { view } = follower;
    const member = view.member(self.raftId);
    const leaseId = lease.id;
    if (leaseId === undefined || member === undefined || !follower.isUpToDate) return;
    if (clock.monotonic() < this.#notBefore) return;
    const { leader } = view;
    const isFree = leader === undefined;
    // Of an earlier process of this manager, which is dead: its directory is locked by this one.
    const isStale = leader?.raftId === self.raftId && leader.lease !== leaseId;
    if (!isFree && !isStale) return;
    const { isDone } = await etcd.transact({
      when: [
        { key: keys.leader, target: 'created', revision: leader?.createRevision ?? 0 },
        { key: keys.member(self.raftId), target: 'created', revision: member.createRevision },
      ],
      changes: isFree
        ? [{ kind: 'put', key: keys.leader, value: encodeJson(self), lease: leaseId }]
        : [{ kind: 'delete', key: keys.leader }],
      otherwise: [],
    });
    if (isDone && isFree) log.info('leader by lease', { raftId: self.raftId });
    // Heard from the watch, too, but this is sooner. It rings the bell again.
    await follower.look();
  }
}
