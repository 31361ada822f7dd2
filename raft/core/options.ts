import type { Random } from '../ports.ts';
import type { ProgressLimits } from './progress.ts';
import type { MemberId } from '../types.ts';
import { RaftError } from '../errors.ts';

/** How one core behaves; every count of ticks is an integer >= 1. */
export interface CoreOptions extends ProgressLimits {
  readonly id: MemberId;
  readonly random: Random;
  /**
   * A follower campaigns after electionTicks + 1 .. 2 * electionTicks ticks without a leader, drawn
   * anew each time (thesis §3.4). At least 3 * heartbeatTicks.
   */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /**
   * Reads by lease (thesis §6.4.1): for so many milliseconds of this member's clock after a round of
   * heartbeats was sent that a majority then answered, the leader answers reads by itself. 0: never,
   * each read asks a majority. Shorter than `electionTicks` ticks of any member's clock, and either 0
   * or not on all members: a voter that has none is not bound after a restart.
   */
  readonly leaseMs: number;
  /** Entries in one append message, in bytes; a single larger entry still travels alone. */
  readonly appendBytesMax: number;
  /** Entries not yet committed, in bytes: above it the leader takes no more proposals. */
  readonly uncommittedBytesMax: number;
  /** Entries in one batch to apply. */
  readonly applyBatchMax: number;
  /** A learner this many entries behind may still be promoted (thesis §4.2.1). */
  readonly promoteLagMax: number;
}

/** Sensible values for a tick of 50 ms. */
export const coreDefaults = {
  electionTicks: 10,
  heartbeatTicks: 2,
  leaseMs: 0,
  appendBytesMax: 1 << 20,
  inflightMessagesMax: 64,
  inflightBytesMax: 16 << 20,
  uncommittedBytesMax: 64 << 20,
  applyBatchMax: 256,
  promoteLagMax: 1000,
} as const;

/** Throws `BAD_INPUT` that names the first option out of range. */
export function checkCoreOptions(options: CoreOptions): void {
  const { random: _, ...numbers } = options;
  for (const [name, value] of Object.entries(numbers)) {
    if (name === 'leaseMs' && value === 0) continue;
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RaftError('BAD_INPUT', `${name} must be an integer >= 1, not ${value}`);
    }
  }
  if (options.electionTicks < 3 * options.heartbeatTicks) {
    throw new RaftError('BAD_INPUT', 'electionTicks must be at least 3 * heartbeatTicks');
  }
}
