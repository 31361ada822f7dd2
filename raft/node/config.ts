import type { Clock, Disk, Observer, Random, StateMachine, Transport } from '../ports.ts';
import type { LogCipher } from '../log/cipher.ts';
import type { MemberId, Membership } from '../types.ts';
import type { RaftNodeOptions } from './options.ts';
import { normalMembership } from '../core/membership.ts';
import { RaftError } from '../errors.ts';

/** What a member is made of. */
export interface RaftNodeConfig {
  readonly id: MemberId;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  /** This member's own directory. */
  readonly disk: Disk;
  readonly stateMachine: StateMachine;
  readonly observer?: Observer;
  readonly options?: RaftNodeOptions;
  /** Encrypts the log and its snapshots; without it they are in clear. */
  readonly cipher?: LogCipher;
  /**
   * The members of a new cluster: the same on each of them. Ignored when the disk holds a log; what a
   * crash left of a first start is none. A member that joins a running cluster has none: the leader
   * tells it.
   */
  readonly bootstrap?: Membership;
}

/** The bootstrap in order, or undefined; throws `BAD_INPUT`. */
export function checkedBootstrap(config: RaftNodeConfig): Membership | undefined {
  if (config.bootstrap === undefined) return undefined;
  try {
    return normalMembership(config.bootstrap);
  } catch (error) {
    throw new RaftError('BAD_INPUT', `bootstrap: ${(error as Error).message}`);
  }
}
